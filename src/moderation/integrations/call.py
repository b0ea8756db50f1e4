"""What every integration shares: a moderator that travels to other processes by its settings, and drop rules."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moderation.crawl.drop import Rule, measures, parse_rule
from moderation.errors import ModelError
from moderation.moderate import Moderator
from moderation.policy import Policy
from moderation.result import Result


@dataclass(slots=True)
class Call:
    """How to judge. Pickled, it holds settings and the model's id, never arrays; the other process loads the model.

    Raises ModelError, PolicyError or UsageError when it is made, and ModelError in a process that finds another model.
    """

    model: str | Path | None = None
    policy: str | Path | Policy = "default"
    repair: bool | None = None
    drop_doc: Sequence[str] = ()
    model_id: str = field(init=False, default="")
    loaded: Moderator | None = field(init=False, default=None, repr=False, compare=False)
    rules: tuple[Rule, ...] = field(init=False, default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        self.policy = self.moderator.policy  # a TOML file may not be there, or be another, in other processes
        self.model_id = self.moderator.model.id
        self.rules = tuple(map(parse_rule, self.drop_doc))

    @property
    def moderator(self) -> Moderator:
        """Loaded when it is first asked for."""
        if self.loaded is None:
            self.loaded = Moderator.load(self.model, self.policy, repair=self.repair)
            if self.model_id and self.loaded.model.id != self.model_id:
                raise ModelError(
                    f"the model {self.model or 'default'} is {self.loaded.model.id} here and {self.model_id} where the "
                    "pipeline was made; install the same version on every node"
                )
        return self.loaded

    def __getstate__(self) -> dict[str, Any]:
        kept = ("model", "policy", "repair", "drop_doc", "model_id", "rules")
        return {name: getattr(self, name) for name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self.loaded = None

    def clean(self, texts: Sequence[str]) -> list[Result]:
        """As Moderator.clean_many."""
        return self.moderator.clean_many(texts)

    def reason(self, result: Result) -> str | None:
        """The first drop rule that holds."""
        if not self.rules:
            return None
        found = measures(result)
        return next((rule.text for rule in self.rules if rule.holds(found)), None)
