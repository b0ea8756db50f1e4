"""Arrow record batches to chunks of documents: what Parquet and Arrow files have in common when they are read."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from moderation.errors import InputError
from moderation.formats.base import REJECT_BYTES, Chunk, Columns, Reading, Reject, Source
from moderation.formats.json_record import to_json
from moderation.formats.rows import records_of

DAMAGE: Final = (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowSerializationError, OSError)
"""What pyarrow raises for damaged data; an OSError of the system has an errno, one of a damaged file has none."""

Text: TypeAlias = "str | Reject"
Sizes: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"


def check_text_column(source: Source, schema: pa.Schema, columns: Columns) -> None:
    """Raises InputError if the text column is not there or not text."""
    twice = next((name for name in schema.names if schema.names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{source.path}: has two columns named {twice!r}; rename one of them")
    if columns.text not in schema.names:
        named = ", ".join(schema.names[:20])
        has = f"has no column {columns.text!r}, only {named or 'none'}"
        raise InputError(f"{source.path}: {has}; name it with --text-field")
    kind = value_type(schema.field(columns.text).type)
    if not (is_text(kind) or pa.types.is_null(kind)):
        raise InputError(f"{source.path}: column {columns.text!r} is {kind}, not text; name another with --text-field")


def value_type(kind: pa.DataType) -> pa.DataType:
    """The type of the values of a dictionary; others as they are."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def is_text(kind: pa.DataType) -> bool:
    """Whether a type is one of Arrow's strings."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_damage(error: Exception) -> bool:
    """Whether an error of DAMAGE is about the data, not about the disk or the network."""
    return not isinstance(error, OSError) or error.errno is None


def sentence(error: Exception) -> str:
    """What pyarrow says, on one line."""
    return " ".join(str(error).split())[:300]


def empty(schema: pa.Schema) -> pa.RecordBatch:
    """No rows."""
    return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)


def chunks_of(
    batch: pa.RecordBatch, place: int, reading: Reading, stored: int, rejects: Sequence[Reject] = ()
) -> Iterator[Chunk]:
    """A batch as chunks of at most `reading.chunk_bytes` of text, or of one document.

    place: the row at which the batch stands in its file. stored: bytes that reading it took. rejects: what is known of
    the rows before it.
    """
    text = plain_text(batch, reading.columns)
    sizes = pc.fill_null(pc.binary_length(text), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    cuts = cut_points(sizes, reading.chunk_bytes)
    done = 0
    for n, (start, stop) in enumerate(pairwise(cuts)):
        upto = stored * (n + 1) // (len(cuts) - 1)
        rows, own = batch.slice(start, stop - start), text.slice(start, stop - start)
        chunk = one_chunk(rows, own, sizes[start:stop], place + start, reading, upto - done)
        yield chunk if n or not rejects else replace(chunk, rejects=[*rejects, *chunk.rejects])
        done = upto


def plain_text(batch: pa.RecordBatch, columns: Columns) -> pa.Array:
    """The text column without dictionary or views, its values not yet looked at."""
    text = batch.column(columns.text)
    if pa.types.is_dictionary(text.type):
        text = text.dictionary_decode()
    if pa.types.is_null(text.type) or pa.types.is_string_view(text.type):
        text = text.cast(pa.large_string())
    return text


def cut_points(sizes: Sizes, chunk_bytes: int) -> list[int]:
    """Row numbers that a batch is cut at, its beginning and end among them."""
    cuts, held = [0], 0
    for row, size in enumerate(sizes.tolist()):
        if held and held + size > chunk_bytes:
            cuts.append(row)
            held = 0
        held += size
    return [*cuts, len(sizes)]


def one_chunk(
    batch: pa.RecordBatch,
    text: pa.Array,
    sizes: "np.ndarray[Any, np.dtype[np.int64]]",
    place: int,
    reading: Reading,
    stored: int,
) -> Chunk:
    """Rows whose text can be used as documents, the others as rejects."""
    found = texts_of(batch, text, sizes, place, reading)
    usable = [isinstance(value, str) for value in found]
    if not all(usable):
        batch = batch.filter(pa.array(usable, pa.bool_()))
    urls = values(batch, reading.columns.url)
    return Chunk(
        texts=[value for value in found if isinstance(value, str)],
        ids=values(batch, reading.columns.id),
        urls=[url if isinstance(url, str) else None for url in urls],
        places=[place + row for row, good in enumerate(usable) if good],
        sizes=sizes[np.array(usable, bool)].tolist(),
        rows=batch,
        rejects=[value for value in found if isinstance(value, Reject)],
        stored=stored,
    )


def texts_of(batch: pa.RecordBatch, text: pa.Array, sizes: Sizes, place: int, reading: Reading) -> Sequence[Text]:
    """The rows' texts, or why they can't be used: row by row only where something is wrong."""
    if not text.null_count and (sizes <= reading.max_record_bytes).all():
        with suppress(UnicodeDecodeError):
            found: list[str] = text.to_pylist()
            return found
    return [text_of_row(batch, text, row, int(size), place + row, reading) for row, size in enumerate(sizes)]


def text_of_row(batch: pa.RecordBatch, text: pa.Array, row: int, size: int, place: int, reading: Reading) -> Text:
    """The row's text, or why it can't be used."""
    name = reading.columns.text
    if size > reading.max_record_bytes:
        reason = f"has a text of {size:,} bytes, over the limit of {reading.max_record_bytes:,} (--max-record-bytes)"
        return Reject(place, reason, raw_text(text, row)[:REJECT_BYTES], size)
    if not text[row].is_valid:
        raw = as_json(batch.slice(row, 1))
        return Reject(place, f"has no text: {name!r} is null", raw, len(raw))
    try:
        return str(text[row].as_py())
    except UnicodeDecodeError:
        return Reject(place, f"has a text that is not valid UTF-8 ({name!r})", raw_text(text, row)[:REJECT_BYTES], size)


def raw_text(text: pa.Array, row: int) -> bytes:
    """The bytes of a text, valid or not."""
    kind = pa.large_binary() if pa.types.is_large_string(text.type) else pa.binary()
    raw: bytes = text.slice(row, 1).view(kind)[0].as_py()
    return raw


def as_json(row: pa.RecordBatch) -> bytes:
    """A row for the rejects; what has no text at all is short, but its other columns may be anything."""
    try:
        return to_json(records_of(row)[0])[:REJECT_BYTES]
    except (UnicodeDecodeError, ValueError, TypeError):
        return repr(row)[:REJECT_BYTES].encode("utf-8", "replace")


def values(batch: pa.RecordBatch, name: str) -> list[Any]:
    """A column as Python values; None for each where there is no such column, or one that can't be read as text."""
    if batch.schema.names.count(name) != 1:
        return [None] * len(batch)
    try:
        found: list[Any] = batch.column(name).to_pylist()
    except UnicodeDecodeError:
        return [None] * len(batch)
    return found
