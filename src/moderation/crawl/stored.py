"""Reads a run, or a single cleaned file, back: its documents in their original order, and their rows of the ledger."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson

from moderation.crawl.ledger import Row, row_of
from moderation.errors import RestoreError, UsageError
from moderation.formats.base import Chunk, Compression, Reading, Source
from moderation.formats.table import load_format
from moderation.restoration import restore

WHOLE = 1 << 62


@dataclass(frozen=True, slots=True)
class Entry:
    """The rows of one document: the first is of kind `document`."""

    head: Row
    rows: tuple[Row, ...]

    @property
    def dropped(self) -> bool:
        """Whether the whole document was."""
        return self.head.action == "drop"

    def original(self, clean: str) -> str:
        """The original text. Raises RestoreError where the clean text is not what these rows were written for."""
        try:
            return restore(clean, record_of(self))
        except RestoreError as error:
            raise RestoreError(f"{self.head.file}, document {self.head.row}: {error}") from None


def record_of(entry: Entry) -> dict[str, Any]:
    """What restoration.restore needs. Pieces that follow each other were one piece when the digest was made."""
    removed: list[dict[str, Any]] = []
    for row in entry.rows:
        if row.kind != "repair" and row.at is not None:
            if removed and removed[-1]["end"] == row.start:
                removed[-1] = {**removed[-1], "end": row.end, "text": removed[-1]["text"] + row.text}
            else:
                removed.append({"start": row.start, "end": row.end, "at": row.at, "text": row.text})
    repairs = [
        {"start": row.start, "at": row.at, "before": row.text, "after": row.after}
        for row in entry.rows
        if row.kind == "repair"
    ]
    return {"removed": removed, "repairs": repairs, "clean_digest": entry.head.digest}


def read_ledger(path: Path) -> Iterator[Row]:
    """The rows of one file of a ledger. Raises RestoreError for a file that is none."""
    if path.suffix == ".parquet":
        try:
            from moderation.crawl.ledger_parquet import read_parquet_ledger  # noqa: PLC0415
        except ModuleNotFoundError:
            raise UsageError(
                f'{path}: a Parquet ledger needs pyarrow; install it with: pip install "moderation[parquet]"'
            ) from None
        yield from read_parquet_ledger(path)
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield row_of(orjson.loads(line))
            except (ValueError, TypeError):
                raise RestoreError(f"{path}:{number}: is not a row of a ledger; use the unchanged file") from None


def entries(rows: Iterator[Row]) -> Iterator[Entry]:
    """The rows, document by document."""
    count = 0

    def number(row: Row) -> int:
        nonlocal count
        count += row.kind == "document"
        return count

    for _, group in groupby(rows, number):
        head, *rest = group
        yield Entry(head, tuple(rest))


def stored_chunks(path: Path, form: str, packed: Compression, reading: Reading) -> Iterator[Chunk]:
    """All chunks of a file that we wrote; none where there is no file."""
    if not path.is_file():
        return
    source = Source(str(path), path.name, form, packed)
    reader = load_format(form)
    for extent in reader.split(source, WHOLE):
        for chunk in reader.read(source, extent, reading):
            if chunk.rejects:
                raise RestoreError(f"{path}: the record {chunk.rejects[0].reason}; use the unchanged output")
            yield chunk


def in_order(kept: Iterator[Chunk], dropped: Iterator[Chunk], places: Sequence[int]) -> Iterator[tuple[Chunk, bool]]:
    """Kept and dropped documents in their original order, with which of both they are.

    places: of each dropped document, how many kept ones stand before it.
    """
    single = (part(chunk, n, n + 1) for chunk in dropped for n in range(len(chunk)))
    left = list(reversed(places))
    done = 0
    for chunk in kept:
        at = 0
        while left and left[-1] < done + len(chunk):
            cut = left.pop() - done
            if cut > at:
                yield part(chunk, at, cut), False
                at = cut
            yield next(single), True
        if at < len(chunk) or not len(chunk):
            yield part(chunk, at, len(chunk)), False
        done += len(chunk)
    for one in single:
        yield one, True


def part(chunk: Chunk, start: int, stop: int) -> Chunk:
    """A run of a chunk's documents."""
    rows = chunk.rows[start:stop] if isinstance(chunk.rows, list) else chunk.rows.slice(start, stop - start)
    return Chunk(
        chunk.texts[start:stop],
        chunk.ids[start:stop],
        chunk.urls[start:stop],
        chunk.places[start:stop],
        chunk.sizes[start:stop],
        rows,
    )


def with_originals(
    chunks: Iterator[tuple[Chunk, bool]], found: Iterator[Entry]
) -> Iterator[tuple[Chunk, list[Entry | None]]]:
    """The chunks with their original texts, and the entry of each document; documents without one never changed.

    Raises RestoreError where ledger and documents do not belong together.
    """
    entry = next(found, None)
    kept = 0
    for chunk, dropped in chunks:
        texts, own = list(chunk.texts), []
        for n, text in enumerate(chunk.texts):
            mine = entry is not None and (entry.head.row, entry.dropped) == (kept, dropped)
            own.append(entry if mine else None)
            if mine and entry is not None:
                texts[n] = text if dropped else entry.original(text)
                entry = next(found, None)
            kept += not dropped
        yield replace(chunk, texts=texts), own
    if entry is not None:
        raise RestoreError(
            f"the ledger has a row for document {entry.head.row} of {entry.head.file}, which is not there"
        )
