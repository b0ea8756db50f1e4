"""The ledger: one row a removed line or span, and all that putting it back needs.

A document has rows if something about it was changed: first one of kind `document`, with the digest that ties the rows
to the clean text, or with the reason why the whole document was dropped; then one for each removed piece and each
repair, in the order of the original text.
"""

from collections.abc import Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Protocol

import orjson

from moderation.crawl.settings import LedgerForm
from moderation.errors import UsageError

if TYPE_CHECKING:
    from moderation.crawl.ledger_blocks import Block


class Row(NamedTuple):
    """One row.

    file: the output file under data/; row: the document's number in it, from 0; of a dropped document, how many kept
    ones stand before it. source, place: where it was read, see formats/base.py. id, url: as text. kind: document, line,
    span (inside a kept line), gap (breaks and blank lines beside dropped lines), repair. line: its number in the
    original, from 0. start, end: code points of the original. label, score: of the line or span. junk: the probability
    that the line is of a label which the policy does not keep. action: keep, flag, drop, repair. reason: in words.
    text: exactly what was removed or replaced. at: its place in the clean text. after: what stands there now (repairs).
    digest: of the document, see restoration.py. scores: with --ledger-scores, the probabilities of all labels.
    """

    file: str
    row: int
    source: str
    place: int
    id: str | None
    url: str | None
    kind: str
    line: int | None = None
    start: int | None = None
    end: int | None = None
    label: str | None = None
    score: float | None = None
    junk: float | None = None
    action: str | None = None
    reason: str | None = None
    text: str | None = None
    at: int | None = None
    after: str | None = None
    digest: str | None = None
    scores: list[float] | None = None


class Sink(Protocol):
    """Writes rows of the ledger into one file."""

    def write(self, rows: Iterable[Row]) -> None:
        """The rows of one chunk, taken a few thousand at a time."""

    def write_block(self, block: "Block") -> None:
        """The same rows, all at once; a file takes either these or the others."""

    def close(self) -> None:
        """Write what is left; the file stays open."""


class JsonlLedger:
    """One object a row, without the fields that are empty."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def write(self, rows: Iterable[Row]) -> None:
        """As in Sink."""
        names = Row._fields
        objects = ({n: value for n, value in zip(names, row, strict=True) if value is not None} for row in rows)
        self.file.writelines(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE) for each in objects)

    def write_block(self, block: "Block") -> None:
        """As in Sink."""
        from moderation.crawl.ledger_json import json_lines  # noqa: PLC0415 - readers of ledgers need no kernels

        self.file.writelines(json_lines(block))

    def close(self) -> None:
        """Nothing is left."""


def ledger_sink(form: LedgerForm, file: IO[bytes]) -> Sink:
    """A sink of this form. Raises UsageError where pyarrow is missing."""
    if form == "jsonl":
        return JsonlLedger(file)
    try:
        from moderation.crawl.ledger_parquet import ParquetLedger  # noqa: PLC0415
    except ModuleNotFoundError:
        raise UsageError(
            'a Parquet ledger needs pyarrow; install it with: pip install "moderation[parquet]", or use --ledger jsonl'
        ) from None
    return ParquetLedger(file)


def row_of(record: Mapping[str, Any]) -> Row:
    """A row from its JSON object, or from a row of the Parquet file. Raises TypeError for one of another shape."""
    return Row(**{"id": None, "url": None, **record})
