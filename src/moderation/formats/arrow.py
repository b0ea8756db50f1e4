"""Arrow IPC files and streams, which is also what `datasets` keeps on disk (`data-00000-of-00001.arrow`)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa

from moderation.errors import InputError, OutputError, UsageError
from moderation.formats.arrow_schema import LAYOUT_KEY, agreed_schema, conformed, public, read_schema
from moderation.formats.base import Chunk, Columns, Extent, Reading, Reject, Source
from moderation.formats.batches import DAMAGE, check_text_column, chunks_of, empty, is_damage, sentence
from moderation.formats.opening import is_url, open_stored, stored_size

MAGIC: Final = b"ARROW1"
STREAM: Final = b"stream"
FILE: Final = b"file"


@contextmanager
def opened(source: Source) -> Iterator[Any]:
    """A pyarrow reader of the file or the stream. Raises InputError for what is neither."""
    with open_stored(source.path) as stored:
        head = stored.read(len(MAGIC))
        stored.seek(0)
        try:
            reader = open_file(stored) if head == MAGIC else pa.ipc.open_stream(stored)
        except DAMAGE as error:
            if not is_damage(error):
                raise
            raise InputError(f"{source.path}: is not an Arrow file ({sentence(error)})") from None
        yield reader


def open_file(stored: IO[bytes]) -> Any:
    """An Arrow file; one that lost its footer is the stream that it was written as, up to where it breaks off."""
    try:
        return pa.ipc.open_file(stored)
    except DAMAGE as error:
        if not is_damage(error):
            raise
    stored.seek(len(MAGIC) + 2)
    return Cut(pa.ipc.open_stream(stored))


class Cut:
    """A stream that was not meant to end where it does."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader
        self.schema: pa.Schema = reader.schema

    def read_next_batch(self) -> pa.RecordBatch:
        """The next batch. Raises ArrowInvalid at the end, whatever it looks like."""
        try:
            return self.reader.read_next_batch()
        except StopIteration:
            raise pa.ArrowInvalid("the file breaks off: it has no footer") from None


class Arrow:
    """Extents count record batches of a local file; a stream, and a file behind a URL, is read in order. Places count
    rows.
    """

    unit = "row"

    def split(self, source: Source, target_bytes: int) -> list[Extent]:
        """Runs of record batches, taken to be of one size."""
        size = stored_size(source.path)
        with opened(source) as reader:
            batches = getattr(reader, "num_record_batches", 0)
        if is_url(source.path) or batches < 2 or size <= target_bytes:
            return [Extent(0, 0, None, size)]
        count = min(batches, -(-size // target_bytes))
        cuts = [batches * n // count for n in range(count)]
        stops: list[int | None] = [*cuts[1:], None]
        return [Extent(n, start, stop, size // count) for n, (start, stop) in enumerate(zip(cuts, stops, strict=True))]

    def check(self, source: Source, columns: Columns) -> None:
        """As in base.Format."""
        with opened(source) as reader:
            check_text_column(source, reader.schema, columns)

    def read(self, source: Source, extent: Extent, reading: Reading) -> Iterator[Chunk]:
        """Chunks of rows."""
        with opened(source) as reader:
            check_text_column(source, reader.schema, reading.columns)
            layout = FILE if hasattr(reader, "num_record_batches") else STREAM
            schema = reader.schema.with_metadata({**(reader.schema.metadata or {}), LAYOUT_KEY: layout})
            place = rows_before(source, extent.start)
            stored = extent.size
            for batch in self.batches(reader, extent, place):
                if isinstance(batch, Reject):
                    yield from chunks_of(empty(schema), place, reading, 0, (batch,))
                    continue
                took = min(stored, batch.nbytes)
                stored -= took
                yield from chunks_of(batch.replace_schema_metadata(schema.metadata), place, reading, took)
                place += len(batch)
            yield from chunks_of(empty(schema), place, reading, stored)

    def batches(self, reader: Any, extent: Extent, place: int) -> Iterator[pa.RecordBatch | Reject]:
        """The record batches of an extent. A damaged batch ends a stream; in a file, the next ones are read."""
        in_file = hasattr(reader, "num_record_batches")
        stop = (reader.num_record_batches if extent.stop is None else extent.stop) if in_file else None
        number = extent.start
        while stop is None or number < stop:
            try:
                batch = reader.get_batch(number) if in_file else reader.read_next_batch()
                batch.validate()
            except StopIteration:
                return
            except DAMAGE as error:
                if not is_damage(error):
                    raise
                rest = "and the other rows of its batch" if in_file else "and all rows after it"
                yield Reject(place, f"{rest} can't be read ({sentence(error)})", b"", 0)
                if not in_file:
                    return
            else:
                place += len(batch)
                yield batch
            number += 1

    def schema(self, samples: Sequence[Chunk], columns: Columns) -> Mapping[str, Any] | None:
        """All columns of all sources."""
        return agreed_schema(samples, columns)

    def writer(self, file: IO[bytes], columns: Columns, like: Chunk, schema: Mapping[str, Any] | None) -> "ArrowWriter":
        """A stream where the source was one, else a file."""
        agreed = read_schema(schema, like, columns)
        own = agreed if isinstance(like.rows, list) else like.rows.schema
        target = public(agreed)
        options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
        try:
            if (own.metadata or {}).get(LAYOUT_KEY) == STREAM:
                return ArrowWriter(pa.ipc.new_stream(file, target, options=options), target, columns)
            return ArrowWriter(pa.ipc.new_file(file, target, options=options), target, columns)
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
            raise UsageError(f"these columns can't be written as Arrow ({sentence(error)}); use --to jsonl") from None


def rows_before(source: Source, batch: int) -> int:
    """Rows of the batches before one; of a mapped file, only headers are looked at."""
    if not batch:
        return 0
    with pa.memory_map(str(Path(source.path)), "r") as mapped:
        reader = pa.ipc.open_file(mapped)
        return sum(reader.get_batch(n).num_rows for n in range(batch))


@dataclass(frozen=True, slots=True)
class ArrowWriter:
    """A record batch a chunk."""

    out: Any
    schema: pa.Schema
    columns: Columns

    def write(self, chunk: Chunk, texts: Sequence[str], kept: Sequence[bool]) -> None:
        """As in base.Writer. Raises OutputError."""
        if not any(kept):
            return
        try:
            self.out.write_batch(conformed(chunk, texts, kept, self.schema, self.columns))
        except pa.ArrowInvalid as error:
            raise OutputError(f"rows can't be written as Arrow ({sentence(error)}); use --to parquet") from None

    def close(self) -> None:
        """The footer."""
        self.out.close()


FORMAT: Final = Arrow()
