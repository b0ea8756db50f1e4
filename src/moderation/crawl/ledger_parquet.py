"""The ledger as Parquet: rows of one schema, so that all shards open as one table."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from moderation.crawl.ledger import Row, row_of
from moderation.formats.parquet import Unfinished

WORDS: Final = pa.dictionary(pa.int32(), pa.string())
"""Of columns with few different values."""
SCHEMA: Final = pa.schema(
    {
        "file": WORDS,
        "row": pa.int64(),
        "source": WORDS,
        "place": pa.int64(),
        "id": pa.string(),
        "url": pa.string(),
        "kind": WORDS,
        "line": pa.int32(),
        "start": pa.int32(),
        "end": pa.int32(),
        "label": WORDS,
        "score": pa.float32(),
        "junk": pa.float32(),
        "action": WORDS,
        "reason": WORDS,
        "text": pa.string(),
        "at": pa.int32(),
        "after": pa.string(),
        "digest": pa.string(),
        "scores": pa.list_(pa.float32()),
    }
)
BLOCK_ROWS: Final = 1 << 12
"""Rows that are held as Python objects."""
GROUP_BLOCKS: Final = 8
"""Blocks of a row group."""


class ParquetLedger:
    """Blocks and row groups of a fixed number of rows: the same rows give the same file, however they come in."""

    def __init__(self, file: IO[bytes]) -> None:
        self.writer = Unfinished(file, SCHEMA, compression="zstd")
        self.waiting: list[Row] = []
        self.blocks: list[pa.RecordBatch] = []

    def write(self, rows: Iterable[Row]) -> None:
        """As in ledger.Sink."""
        for row in rows:
            self.waiting.append(row)
            if len(self.waiting) == BLOCK_ROWS:
                self.block()

    def block(self) -> None:
        """Rows as Arrow columns; a row group where there are enough of them."""
        pairs = zip(zip(*self.waiting, strict=True), SCHEMA, strict=True)
        self.blocks.append(pa.record_batch([pa.array(column, f.type) for column, f in pairs], schema=SCHEMA))
        self.waiting = []
        if len(self.blocks) == GROUP_BLOCKS:
            self.group()

    def group(self) -> None:
        """One row group."""
        self.writer.write_table(pa.Table.from_batches(self.blocks, SCHEMA), row_group_size=BLOCK_ROWS * GROUP_BLOCKS)
        self.blocks = []

    def close(self) -> None:
        """What is left, and the footer."""
        if self.waiting:
            self.block()
        if self.blocks:
            self.group()
        self.writer.close()


def read_parquet_ledger(path: Path) -> Iterator[Row]:
    """The rows, a few thousand at a time."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BLOCK_ROWS):
            yield from map(row_of, batch.to_pylist())
