"""Parquet: row groups are extents, all other columns pass through with their types."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from moderation.errors import InputError, UsageError
from moderation.formats.arrow_schema import CODEC_KEY, agreed_schema, codec_of, conformed, public, read_schema
from moderation.formats.base import Chunk, Columns, Extent, Reading, Reject, Source
from moderation.formats.batches import DAMAGE, check_text_column, chunks_of, empty, is_damage, sentence
from moderation.formats.opening import open_stored

CODEC: Final = "zstd"
"""Of what did not come from a compressed Parquet file."""
GROUP_BYTES: Final = 32 << 20
"""Arrow bytes in a row group that is written here."""
BUFFER_BYTES: Final = 1 << 20
"""Of a column chunk that is read at a time: row groups of gigabytes stay on the disk."""
BATCH_ROWS: Final = 16_384
PAGE_ROWS: Final = 64
"""Rows after which the writer looks at the size of its page. With the usual 1,024, pages of long texts have 60 MB, all
of which readers hold."""


@contextmanager
def opened(source: Source) -> Iterator[pq.ParquetFile]:
    """An open file. Raises InputError if it is no Parquet file, or one that was cut off."""
    with open_stored(source.path) as stored:
        try:
            file = pq.ParquetFile(stored, buffer_size=BUFFER_BYTES, pre_buffer=False)
        except DAMAGE as error:
            if not is_damage(error):
                raise
            raise InputError(f"{source.path}: is not a Parquet file, or not a whole one ({sentence(error)})") from None
        yield file


def group_bytes(meta: pq.FileMetaData, group: int) -> int:
    """Stored bytes of a row group."""
    row_group = meta.row_group(group)
    return sum(row_group.column(n).total_compressed_size for n in range(row_group.num_columns))


class Unfinished(pq.ParquetWriter):  # type: ignore[misc]
    """A writer that, given up, does not try to write its footer after all and complain that its file is closed."""

    def __del__(self) -> None:
        """Nothing."""


class Parquet:
    """Extents count row groups, places count rows of the file."""

    unit = "row"

    def split(self, source: Source, target_bytes: int) -> list[Extent]:
        """Runs of row groups, from the footer."""
        with opened(source) as file:
            sizes = [group_bytes(file.metadata, n) for n in range(file.metadata.num_row_groups)]
        extents: list[Extent] = []
        start = held = 0
        for n, size in enumerate(sizes):
            held += size
            if held >= target_bytes and n + 1 < len(sizes):
                extents.append(Extent(len(extents), start, n + 1, held))
                start, held = n + 1, 0
        return [*extents, Extent(len(extents), start, None, held)]

    def check(self, source: Source, columns: Columns) -> None:
        """As in base.Format."""
        with opened(source) as file:
            check_text_column(source, file.schema_arrow, columns)

    def read(self, source: Source, extent: Extent, reading: Reading) -> Iterator[Chunk]:
        """Chunks of rows. A damaged row group is one Reject; the next ones are read."""
        with opened(source) as file:
            schema = file.schema_arrow
            check_text_column(source, schema, reading.columns)
            schema = with_codec(schema, file.metadata, reading.columns)
            stop = file.metadata.num_row_groups if extent.stop is None else extent.stop
            place = sum(file.metadata.row_group(n).num_rows for n in range(extent.start))
            nothing = True
            for group in range(extent.start, stop):
                for chunk in read_group(file, group, place, schema, reading):
                    nothing = False
                    yield chunk
                place += file.metadata.row_group(group).num_rows
            if nothing:
                yield from chunks_of(empty(schema), place, reading, 0)

    def schema(self, samples: Sequence[Chunk], columns: Columns) -> Mapping[str, Any] | None:
        """All columns of all sources."""
        return agreed_schema(samples, columns)

    def writer(
        self, file: IO[bytes], columns: Columns, like: Chunk, schema: Mapping[str, Any] | None
    ) -> "ParquetWriter":
        """A file with the run's schema, compressed as the source was."""
        agreed = read_schema(schema, like, columns)
        own = None if isinstance(like.rows, list) else codec_of(like.rows.schema)
        codec = own or codec_of(agreed) or CODEC
        target = public(agreed)
        try:
            return ParquetWriter(
                Unfinished(file, target, compression=codec, write_batch_size=PAGE_ROWS), target, columns
            )
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
            raise UsageError(f"these columns can't be written as Parquet ({sentence(error)}); use --to arrow") from None


def with_codec(schema: pa.Schema, meta: pq.FileMetaData, columns: Columns) -> pa.Schema:
    """The schema with a note of how the text column is compressed."""
    if not meta.num_row_groups:
        return schema
    group = meta.row_group(0)
    chunks = [group.column(n) for n in range(group.num_columns)]
    codec = next((chunk.compression for chunk in chunks if chunk.path_in_schema == columns.text), CODEC)
    name = {"UNCOMPRESSED": "none", "LZ4_RAW": "lz4"}.get(codec.upper(), codec.lower())
    return schema.with_metadata({**(schema.metadata or {}), CODEC_KEY: name.encode("ascii")})


def read_group(file: pq.ParquetFile, group: int, place: int, schema: pa.Schema, reading: Reading) -> Iterator[Chunk]:
    """One row group. place: its first row."""
    meta = file.metadata.row_group(group)
    end, stored, done = place + meta.num_rows, group_bytes(file.metadata, group), 0
    rows = max(1, min(BATCH_ROWS, reading.chunk_bytes * max(1, meta.num_rows) // max(1, meta.total_byte_size)))
    begin = place
    batches = file.iter_batches(batch_size=rows, row_groups=[group], use_threads=False)
    while True:
        try:
            batch = next(batches, None)
            if batch is None:
                return
        except DAMAGE as error:
            if not is_damage(error):
                raise
            reason = f"and all rows up to {end:,} can't be read: row group {group} is damaged ({sentence(error)})"
            yield from chunks_of(empty(schema), place, reading, stored - done, (Reject(place, reason, b"", 0),))
            return
        upto = stored * (place + len(batch) - begin) // max(1, meta.num_rows)
        yield from chunks_of(batch.replace_schema_metadata(schema.metadata), place, reading, upto - done)
        place, done = place + len(batch), upto


@dataclass(slots=True)
class ParquetWriter:
    """Collects rows to row groups of GROUP_BYTES."""

    out: pq.ParquetWriter
    schema: pa.Schema
    columns: Columns
    batches: list[pa.RecordBatch] = field(default_factory=list)
    held: int = 0

    def write(self, chunk: Chunk, texts: Sequence[str], kept: Sequence[bool]) -> None:
        """As in base.Writer."""
        if any(kept):
            batch = conformed(chunk, texts, kept, self.schema, self.columns)
            self.batches.append(batch)
            self.held += batch.nbytes
        if self.held >= GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        """One row group."""
        if self.batches:
            table = pa.Table.from_batches(self.batches, self.schema)
            self.out.write_table(table, row_group_size=len(table))
        self.batches, self.held = [], 0

    def close(self) -> None:
        """The last rows and the footer."""
        self.flush()
        self.out.close()


FORMAT: Final = Parquet()
