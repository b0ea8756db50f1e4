"""A function for `datasets.Dataset.map(..., batched=True)`. It needs nothing of that library itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from moderation.errors import UsageError
from moderation.integrations.call import Call
from moderation.policy import Policy
from moderation.result import Result


class Cleaner:
    """Replaces the text column of a batch; a row without a text (None) stays as it is.

    verdicts: name of a column to add, which holds the record of a verdicts file as JSON text, None for rows without
    one. drop_doc: rules as of --drop-doc; with them, the column `drop` (another name by drop_column) holds the rule
    that a document is to be dropped for, or None; such a document keeps its text, and goes with
    `dataset.filter(lambda rule: rule is None, input_columns="drop")`. model, policy, repair: as of Moderator.load.
    """

    def __init__(
        self,
        *,
        text: str = "text",
        model: str | Path | None = None,
        policy: str | Path | Policy = "default",
        repair: bool | None = None,
        verdicts: str | None = None,
        drop_doc: Sequence[str] = (),
        drop_column: str = "drop",
    ) -> None:
        self.text = text
        self.verdicts = verdicts
        self.drop_column = drop_column
        self.call = Call(model, policy, repair, tuple(drop_doc))

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """The columns that change. Raises UsageError where the text column is missing or holds something else."""
        texts = self.texts(batch)
        found = iter(self.call.clean([text for text in texts if text is not None]))
        results = [None if text is None else next(found) for text in texts]
        reasons = [None if result is None else self.call.reason(result) for result in results]
        out: dict[str, list[Any]] = {
            self.text: [
                text if result is None or reason is not None else result.text
                for text, result, reason in zip(texts, results, reasons, strict=True)
            ]
        }
        if self.verdicts is not None:
            out[self.verdicts] = [verdict_json(batch, n, result) for n, result in enumerate(results)]
        if self.call.rules:
            out[self.drop_column] = reasons
        return out

    def texts(self, batch: Mapping[str, Sequence[Any]]) -> list[str | None]:
        """The column, checked."""
        if self.text not in batch:
            raise UsageError(f"there is no column {self.text!r}, only {', '.join(batch)}; name one with text=")
        texts = batch[self.text]
        if isinstance(texts, str):
            raise UsageError("the cleaner takes batches: dataset.map(cleaner, batched=True)")
        return list(texts)


def verdict_json(batch: Mapping[str, Sequence[Any]], n: int, result: Result | None) -> str | None:
    """The record of one row; it begins with the row's id and url where there are such columns."""
    if result is None:
        return None
    head = {name: batch[name][n] for name in ("id", "url") if name in batch and batch[name][n] is not None}
    return result.to_json(**head).decode("utf-8")
