"""The one call behind every door: library, command line, service and batch decide through Moderator."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import accumulate, chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from moderation.errors import UsageError
from moderation.judge import Evidence as Known
from moderation.judge import judge
from moderation.lines import Lines
from moderation.model.model import Model
from moderation.model.store import load_model
from moderation.parallel import in_order, uncollected
from moderation.policy import Policy, load_policy
from moderation.result import Result, decide
from moderation.text.batch import batches, pack

if TYPE_CHECKING:
    import pyarrow as pa

    from moderation.arrow import CleanColumn

Evidence: TypeAlias = Callable[[Lines, int], NDArray[np.float32]]
"""What is known about documents from outside them: given the lines of a run of documents, and the place of its first,
log odds against content for each line, float32 (n,); 0 says nothing."""


class Moderator:
    """A model and a policy. Immutable, and safe to share between threads."""

    def __init__(self, model: Model, policy: Policy) -> None:
        self._model = model
        self._policy = policy

    @property
    def model(self) -> Model:
        """The model that judges."""
        return self._model

    @property
    def policy(self) -> Policy:
        """The policy that decides; with_policy gives a moderator with another one."""
        return self._policy

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

    def clean_many(self, texts: Iterable[str], evidence: Evidence | None = None, *, threads: int = 1) -> list[Result]:
        """Judge and clean documents, in order: the fast way. No document has a say in another's verdicts.

        evidence: what is known from elsewhere, such as the rest of a crawl; verdicts that it turned say so (`reason`).
        threads: batches that are worked on at the same time; the results do not depend on it. Raises TextError,
        naming document and place, for a lone surrogate; UsageError for what is no text.
        """
        if isinstance(texts, str):
            raise UsageError("clean_many takes several texts; use clean for one")
        documents = list(texts)
        for n, text in enumerate(documents):
            if not isinstance(text, str):
                raise UsageError(f"a text is a str; found {type(text).__name__} at place {n}")
        runs = list(batches(documents))
        firsts = accumulate((len(run) for run in runs), initial=0)
        work = [(run, about(evidence, first) if evidence else None) for run, first in zip(runs, firsts, strict=False)]
        with uncollected():
            return list(chain.from_iterable(in_order(self._clean_batch, work, threads)))

    def _clean_batch(self, work: tuple[Sequence[str], Known | None]) -> list[Result]:
        """The results of a few documents, with what is known about them."""
        texts, known = work
        return decide(judge(pack(texts), self.model, known), self.policy, self.model.id, self.model.tables)

    def clean_arrow(self, column: "pa.Array | pa.ChunkedArray", *, threads: int = 1) -> "CleanColumn":
        """Judge and clean a column of texts, as clean_many does, without a Python string for each.

        The column that comes back is the result's `clean`; the result itself is a sequence of Results. Raises
        UsageError for what is no column of strings and where pyarrow is missing, TextError for what is not UTF-8.
        """
        from moderation.arrow import clean_column  # noqa: PLC0415 - its kernels are loaded where they are wanted

        return clean_column(column, self.model, self.policy, threads)


def about(evidence: Evidence, first: int) -> Known:
    """The evidence about a run of documents."""
    return lambda lines: evidence(lines, first)
