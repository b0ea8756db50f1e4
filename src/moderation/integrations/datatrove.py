"""A step for datatrove pipelines: cleans documents, or only writes down what it would do; drops whole ones by rule."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

from moderation.errors import TextError, UsageError
from moderation.integrations.call import Call
from moderation.policy import Policy
from moderation.result import Result

try:
    from datatrove.data import Document
    from datatrove.pipeline.filters.base_filter import BaseFilter
    from datatrove.pipeline.writers.disk_base import DiskWriter
except ModuleNotFoundError as missing:
    raise UsageError(
        f'this step needs datatrove ({missing.name} is missing); install it with: pip install "moderation[datatrove]"'
    ) from None

BATCH: Final = 256
"""Documents judged at a time."""
NOT_TEXT: Final = "is_no_valid_text"


class Moderation(BaseFilter):  # type: ignore[misc]
    """mode: `clean` replaces each document's text; `annotate` leaves it. Both put the record of what was decided, as in
    a verdicts file, under `key` of the metadata, `clean` only with record=True.

    drop_doc: rules as of --drop-doc; a document that one holds for goes, unchanged, to the exclusion_writer, with the
    rule as its filter_reason. So does a document that is no valid Unicode. model, policy, repair: as of Moderator.load.
    """

    name = "🧹 Moderation"

    def __init__(
        self,
        mode: Literal["clean", "annotate"] = "clean",
        *,
        model: str | Path | None = None,
        policy: str | Path | Policy = "default",
        repair: bool | None = None,
        drop_doc: Sequence[str] = (),
        record: bool = False,
        key: str = "moderation",
        exclusion_writer: DiskWriter | None = None,
        batch_size: int = BATCH,
    ) -> None:
        if mode not in ("clean", "annotate"):
            raise UsageError(f"mode is 'clean' or 'annotate', found {mode!r}")
        super().__init__(exclusion_writer, batch_size)
        self.mode = mode
        self.record = record or mode == "annotate"
        self.key = key
        self.call = Call(model, policy, repair, tuple(drop_doc))

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """As BaseFilter has it; batches are quicker."""
        return self.filter_batch([doc])[0]

    def filter_batch(self, batch: list[Document]) -> list[bool | tuple[bool, str]]:
        """As BaseFilter has it. Documents that stay are changed in place."""
        return [self.decide(doc, result) for doc, result in zip(batch, self.results(batch), strict=True)]

    def results(self, batch: list[Document]) -> list[Result | None]:
        """None for a document that can't be judged."""
        try:
            return list(self.call.clean([doc.text for doc in batch]))
        except TextError:
            return [None] if len(batch) == 1 else [result for doc in batch for result in self.results([doc])]

    def decide(self, doc: Document, result: Result | None) -> bool | tuple[bool, str]:
        """Whether the document stays; if so, it is cleaned and annotated."""
        if result is None:
            return False, NOT_TEXT
        if self.record:
            doc.metadata[self.key] = result.record(**head(doc))
        reason = self.call.reason(result)
        if reason is not None:
            return False, reason
        self.count(result)
        if self.mode == "clean":
            doc.text = result.text
        return True

    def count(self, result: Result) -> None:
        """Into datatrove's statistics: lines by label that went or would go."""
        for label, flag in result.flags.items():
            if flag.lines:
                self.stat_update(f"lines_{label}", value=flag.lines, unit="doc")


def head(doc: Document) -> dict[str, Any]:
    """What a record begins with."""
    url = doc.metadata.get("url")
    return {"id": doc.id} | ({} if url is None else {"url": url})
