"""The one call behind every door: library, command line, service and batch decide through Moderator."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from moderation.errors import UsageError
from moderation.judge import judge
from moderation.lines import Lines
from moderation.model.model import Model
from moderation.model.store import load_model
from moderation.policy import Policy, load_policy
from moderation.result import Result, decide
from moderation.text.batch import batches, pack

Evidence: TypeAlias = Callable[[Lines, int], NDArray[np.float32]]
"""What is known about documents from outside them: given the lines of a run of documents, and the place of its first,
log odds against content for each line, float32 (n,); 0 says nothing."""


class Moderator:
    """A model and a policy. Immutable, and safe to share between threads."""

    def __init__(self, model: Model, policy: Policy) -> None:
        self.model = model
        self.policy = policy

    @classmethod
    def load(
        cls,
        model: str | Path | None = None,
        policy: str | Path | Policy = "default",
        *,
        repair: bool | None = None,
    ) -> "Moderator":
        """Load a model (a name that ships with the package, or a folder) and a policy (a name, a TOML file).

        repair: whether kept text is mended, whatever the policy says; None leaves it to the policy. Raises ModelError
        or PolicyError with a sentence that says what to do.
        """
        rules = policy if isinstance(policy, Policy) else load_policy(policy)
        return cls(load_model(model), rules if repair is None else replace(rules, repair=repair))

    def with_policy(self, policy: str | Path | Policy) -> "Moderator":
        """The same model under another policy."""
        return Moderator(self.model, policy if isinstance(policy, Policy) else load_policy(policy))

    def clean(self, text: str) -> Result:
        """Judge and clean one document. Raises TextError for a lone surrogate."""
        return self.clean_many([text])[0]

    def clean_many(self, texts: Iterable[str], evidence: Evidence | None = None) -> list[Result]:
        """Judge and clean documents, in order: the fast way. No document has a say in another's verdicts.

        evidence: what is known from elsewhere, such as the rest of a crawl; verdicts that it turned say so (`reason`).
        Raises TextError, naming document and place, for a lone surrogate; UsageError for what is no text.
        """
        if isinstance(texts, str):
            raise UsageError("clean_many takes several texts; use clean for one")
        documents = list(texts)
        for n, text in enumerate(documents):
            if not isinstance(text, str):
                raise UsageError(f"a text is a str; found {type(text).__name__} at place {n}")
        results: list[Result] = []
        for part in batches(documents):
            known = None if evidence is None else about(evidence, len(results))
            judgement = judge(pack(part), self.model, known)
            results.extend(decide(judgement, self.policy, self.model.id, self.model.tables))
        return results


def about(evidence: Evidence, first: int) -> Callable[[Lines], NDArray[np.float32]]:
    """The evidence about a run of documents."""
    return lambda lines: evidence(lines, first)
