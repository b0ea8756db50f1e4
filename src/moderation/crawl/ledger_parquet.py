"""The ledger as Parquet: rows of one schema, so that all shards open as one table."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from moderation.crawl.ledger import Row, row_of
from moderation.crawl.ledger_arrow import columns_of
from moderation.crawl.ledger_blocks import Block, joined
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
REPEATED: Final = [field.name for field in SCHEMA if field.type == WORDS]
"""The others are smaller, and written faster, without a dictionary."""
BLOCK_ROWS: Final = 1 << 12
"""Rows that are held as Python objects."""
GROUP_ROWS: Final = 8 * BLOCK_ROWS
"""Rows of a row group."""
GROUP_BYTES: Final = 1 << 24
"""Text and heads with which a row group ends before it has so many rows: of documents of one long line, or of long
addresses."""


class ParquetLedger:
    """Row groups of a fixed number of rows, or fewer where rows are long: the same blocks give the same file, however
    they are cut. Rows that come one by one are grouped by their number alone.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.writer = Unfinished(file, SCHEMA, compression="zstd", use_dictionary=REPEATED)
        self.waiting: list[Row] = []
        self.batches: list[pa.RecordBatch] = []
        self.blocks: list[Block] = []
        self.held = self.held_bytes = 0

    def write(self, rows: Iterable[Row]) -> None:
        """As in ledger.Sink."""
        for row in rows:
            self.waiting.append(row)
            if len(self.waiting) == BLOCK_ROWS:
                self.batch()

    def batch(self) -> None:
        """Rows as Arrow columns; a row group where there are enough of them."""
        pairs = zip(zip(*self.waiting, strict=True), SCHEMA, strict=True)
        self.batches.append(pa.record_batch([pa.array(column, f.type) for column, f in pairs], schema=SCHEMA))
        self.waiting = []
        if len(self.batches) * BLOCK_ROWS == GROUP_ROWS:
            self.group()

    def group(self) -> None:
        """One row group."""
        self.writer.write_table(pa.Table.from_batches(self.batches, SCHEMA), row_group_size=GROUP_ROWS)
        self.batches = []

    def write_block(self, block: Block) -> None:
        """As in ledger.Sink."""
        self.blocks.append(block)
        self.held += len(block)
        self.held_bytes += int(block.bytes_until()[-1])
        if self.held >= GROUP_ROWS or self.held_bytes >= GROUP_BYTES:
            self.groups()

    def groups(self) -> None:
        """As many row groups as there are; the rest waits."""
        found, done = joined(self.blocks), 0
        for end in found.ends(GROUP_ROWS, GROUP_BYTES):
            if end > len(found):
                break
            self.batches = [record_batch(found.part(done, end))]
            self.group()
            done = end
        self.blocks = [found.part(done, len(found))] if done < len(found) else []
        self.held = sum(map(len, self.blocks))
        self.held_bytes = sum(int(block.bytes_until()[-1]) for block in self.blocks)

    def close(self) -> None:
        """What is left, and the footer."""
        if self.waiting:
            self.batch()
        if self.blocks:
            self.batches = [record_batch(joined(self.blocks))]
        if self.batches:
            self.group()
        self.writer.close()


def read_parquet_ledger(path: Path) -> Iterator[Row]:
    """The rows, a few thousand at a time."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BLOCK_ROWS):
            yield from map(row_of, batch.to_pylist())


def record_batch(block: Block) -> pa.RecordBatch:
    """A block as Arrow columns, without a Python object for any of its rows."""
    own = columns_of(block)
    return pa.record_batch([own[field.name] for field in SCHEMA], schema=SCHEMA)
