"""What every integration shares: a moderator that travels to other processes by its settings, and drop rules."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from moderation.crawl.drop import Rule, measures, parse_rule
from moderation.errors import ModelError
from moderation.moderate import Moderator
from moderation.policy import Policy
from moderation.result import Result

KNOWN: Final = 4
"""Moderators that a process keeps; pipelines copy their steps for every task."""


@dataclass(slots=True)
class Call:
    """How to judge. Pickled, it holds settings and the model's id, never arrays; the other process loads the model.

    Raises ModelError, PolicyError or UsageError when it is made, and ModelError in a process that finds another model.
    """

    model: str | Path | None = None
    policy: str | Path | Policy = "default"
    repair: bool | None = None
    drop_doc: tuple[str, ...] = ()
    model_id: str = field(init=False, default="")
    rules: tuple[Rule, ...] = field(init=False, default=(), repr=False)

    def __post_init__(self) -> None:
        self.rules = tuple(map(parse_rule, self.drop_doc))
        moderator = Moderator.load(self.model, self.policy, repair=self.repair)
        # in other processes, a TOML file may not be there, or be another
        self.policy, self.model_id = moderator.policy, moderator.model.id

    def clean(self, texts: Sequence[str]) -> list[Result]:
        """As Moderator.clean_many."""
        moderator = load(self.model, self.policy, self.repair)
        if moderator.model.id != self.model_id:
            raise ModelError(
                f"the model {self.model or 'default'} is {moderator.model.id} here and {self.model_id} where the "
                "pipeline was made; install the same version on every node"
            )
        return moderator.clean_many(texts)

    def reason(self, result: Result) -> str | None:
        """The first drop rule that holds."""
        if not self.rules:
            return None
        found = measures(result)
        return next((rule.text for rule in self.rules if rule.holds(found)), None)


@lru_cache(KNOWN)
def load(model: str | Path | None, policy: str | Path | Policy, repair: bool | None) -> Moderator:
    """As Moderator.load, once a process."""
    return Moderator.load(model, policy, repair=repair)
