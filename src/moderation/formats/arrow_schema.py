"""The one schema that all Parquet or Arrow files of a run share, and rows of any kind put into it.

Arrow rows keep their types. Records without types (JSONL, CSV, WARC) get them from the first records of each source:
strings, numbers and booleans as they are, lists of them as lists; objects as JSON text, because records rarely agree on
their fields. A value that does not fit its column later on, or has none, goes into OTHER, as JSON: nothing is lost, and
no shard differs from the others. Where sources disagree on a type that can't be widened, the column becomes text.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from moderation.errors import OutputError
from moderation.formats.base import Chunk, Columns
from moderation.formats.batches import is_text, value_type
from moderation.formats.json_record import to_json
from moderation.formats.rows import plain

OTHER: Final = "other_fields"
"""The column for what has no place elsewhere; only there where records without types are written."""
PRIVATE: Final = b"moderation:"
CODEC_KEY: Final = b"moderation:codec"
LAYOUT_KEY: Final = b"moderation:layout"
"""Metadata that tells writers how the source was compressed, and whether it was a stream; they are in no file."""

SCALARS: Final[dict[type, pa.DataType]] = {
    str: pa.string(),
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    type(None): pa.null(),
}


def agreed_schema(samples: Sequence[Chunk], columns: Columns) -> dict[str, Any]:
    """The schema as JSON values: {"arrow": base64 of Arrow's own form}."""
    schema = unified([schema_of(chunk) for chunk in samples], columns)
    return {"arrow": base64.b64encode(schema.serialize().to_pybytes()).decode("ascii")}


def read_schema(agreed: Mapping[str, Any] | None, like: Chunk, columns: Columns) -> pa.Schema:
    """The schema from its JSON values; without them, that of a chunk."""
    if agreed is None:
        return unified([schema_of(like)], columns)
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(agreed["arrow"])))


def schema_of(chunk: Chunk) -> pa.Schema:
    """What a chunk's rows look like."""
    return guessed(chunk.rows) if isinstance(chunk.rows, list) else chunk.rows.schema


def guessed(records: Iterable[Mapping[str, Any]]) -> pa.Schema:
    """Types for records that have none."""
    kinds: dict[str, pa.DataType] = {}
    for record in records:
        for name, value in record.items():
            kinds[name] = wider(kinds.get(name, pa.null()), type_of(value))
    kinds.setdefault(OTHER, pa.string())
    return pa.schema(kinds.items())


def type_of(value: Any) -> pa.DataType:
    """The Arrow type of a JSON value; objects and lists that hold more than scalars are text."""
    if isinstance(value, list):
        inner = pa.null()
        for member in value:
            inner = pa.string() if isinstance(member, list | dict) else wider(inner, type_of(member))
            if isinstance(member, list | dict):
                return pa.string()
        return pa.list_(inner)
    if type(value) is int and not -(2**63) <= value < 2**63:
        return pa.string()
    return SCALARS.get(type(value), pa.string())


def wider(one: pa.DataType, two: pa.DataType) -> pa.DataType:
    """A type that holds both; text where there is none."""
    if one == two:
        return one
    pair = pa.schema([("x", one)]), pa.schema([("x", two)])
    try:
        return pa.unify_schemas(pair, promote_options="permissive").field("x").type
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return pa.string()


def unified(schemas: Sequence[pa.Schema], columns: Columns) -> pa.Schema:
    """All columns of all schemas, in the order they first come, the text column as a string."""
    fields: dict[str, pa.Field] = {}
    for schema in schemas:
        for field in schema:
            fields[field.name] = both(fields[field.name], field) if field.name in fields else field
    if columns.text in fields:
        fields[columns.text] = as_text(fields[columns.text])
    else:
        fields[columns.text] = pa.field(columns.text, pa.string())
    if OTHER in fields:
        fields[OTHER] = fields.pop(OTHER)
    some_lack = [name for name in fields if any(name not in schema.names for schema in schemas)]
    final = [field.with_nullable(True) if field.name in some_lack else field for field in fields.values()]
    return pa.schema(final, metadata=common_metadata(schemas, list(fields)))


def both(one: pa.Field, two: pa.Field) -> pa.Field:
    """One field for the values of both."""
    kind = one.type if one.type == two.type else wider(one.type, two.type)
    return pa.field(one.name, kind, one.nullable or two.nullable, one.metadata)


def as_text(field: pa.Field) -> pa.Field:
    """Large strings stay large; dictionaries and views become plain strings, as hardly two clean texts are the same."""
    kind = value_type(field.type)
    plain_kind = pa.large_string() if pa.types.is_large_string(kind) else pa.string()
    return field.with_type(plain_kind)


def common_metadata(schemas: Sequence[pa.Schema], names: Sequence[str]) -> dict[bytes, bytes] | None:
    """The first schema's metadata. What describes the columns (pandas, datasets) must fit all of them to stay."""
    arrow = [schema for schema in schemas if schema.metadata]
    if not arrow:
        return None
    found = dict(arrow[0].metadata)
    if any(schema.names != list(names) for schema in schemas):
        found.pop(b"huggingface", None)
    return found


def codec_of(schema: pa.Schema) -> str | None:
    """How the source was compressed."""
    found = (schema.metadata or {}).get(CODEC_KEY)
    return found.decode("ascii") if found else None


def public(schema: pa.Schema) -> pa.Schema:
    """The schema as it stands in files."""
    shown = {key: value for key, value in (schema.metadata or {}).items() if not key.startswith(PRIVATE)}
    return schema.with_metadata(shown or None)


def conformed(
    chunk: Chunk, texts: Sequence[str], kept: Sequence[bool], schema: pa.Schema, columns: Columns
) -> pa.RecordBatch:
    """The rows that are kept, with these texts, in the schema. Raises OutputError for rows that it has no place for."""
    stays = [text for text, keep in zip(texts, kept, strict=True) if keep]
    text = pa.array(stays, schema.field(columns.text).type)
    if isinstance(chunk.rows, list):
        records = [record for record, keep in zip(chunk.rows, kept, strict=True) if keep]
        arrays = from_records(records, schema, columns)
    else:
        batch = chunk.rows if all(kept) else chunk.rows.filter(pa.array(list(kept), pa.bool_()))
        arrays = from_batch(batch, schema, columns)
    arrays[columns.text] = text
    try:
        return pa.RecordBatch.from_arrays([arrays[name] for name in schema.names], schema=schema)
    except (pa.ArrowInvalid, TypeError) as error:
        raise OutputError(
            f"rows don't fit the output's columns ({error}); clean these sources in runs of their own"
        ) from None


def from_batch(batch: pa.RecordBatch, schema: pa.Schema, columns: Columns) -> dict[str, pa.Array]:
    """Typed columns. A column that no sample had would be lost: that is refused."""
    unknown = [name for name in batch.schema.names if name not in schema.names]
    if unknown:
        raise OutputError(
            f"column {unknown[0]!r} was in none of the files that the output's columns were made from; "
            "clean files with other columns in a run of their own"
        )
    arrays: dict[str, pa.Array] = {}
    for field in schema:
        if field.name == columns.text:
            continue
        if field.name in batch.schema.names:
            arrays[field.name] = cast(batch.column(field.name), field)
        else:
            arrays[field.name] = pa.nulls(len(batch), field.type)
    return arrays


def cast(array: pa.Array, field: pa.Field) -> pa.Array:
    """An array in the field's type, where no value may change."""
    if array.type == field.type:
        return array
    try:
        return array.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        if is_text(field.type):
            return pa.array([as_string(value) for value in array.to_pylist()], field.type)
        raise OutputError(
            f"column {field.name!r} holds {array.type}, which does not fit the output's {field.type} ({error}); "
            "clean files with other columns in a run of their own"
        ) from None


def from_records(records: Sequence[Mapping[str, Any]], schema: pa.Schema, columns: Columns) -> dict[str, pa.Array]:
    """Columns of records without types; what does not fit goes into OTHER."""
    misfits: list[dict[str, Any]] = [
        {name: value for name, value in record.items() if name not in schema.names} for record in records
    ]
    arrays: dict[str, pa.Array] = {}
    for field in schema:
        if field.name in (columns.text, OTHER):
            continue
        values = [record.get(field.name) for record in records]
        for row, value in enumerate(values):
            if value is not None and is_text(field.type) and not isinstance(value, str):
                values[row] = as_string(value)
            elif value is not None and not fits(value, field.type):
                misfits[row][field.name] = value
                values[row] = None
        arrays[field.name] = pa.array(values, field.type)
    own = [record.get(OTHER) for record in records]
    for row, value in enumerate(own):
        if value is not None:
            misfits[row][OTHER] = value
    if OTHER in schema.names:
        arrays[OTHER] = pa.array([as_string(other) if other else None for other in misfits], pa.string())
    elif any(misfits):
        name = next(name for other in misfits for name in other)
        raise OutputError(
            f"field {name!r} has no column in the output; clean records with other fields in a run of their own"
        )
    return arrays


def fits(value: Any, kind: pa.DataType) -> bool:
    """Whether a JSON value can stand in a column without changing."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return isinstance(value, list) and all(member is None or fits(member, kind.value_type) for member in value)
    if pa.types.is_boolean(kind):
        return isinstance(value, bool)
    if pa.types.is_integer(kind):
        return type(value) is int and in_range(value, kind)
    if pa.types.is_floating(kind):
        return type(value) is float or (type(value) is int and abs(value) <= 2**53)
    return isinstance(value, str) and is_text(kind)


def in_range(value: int, kind: pa.DataType) -> bool:
    """Whether an integer type holds a value."""
    bits = kind.bit_width
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if pa.types.is_signed_integer(kind) else (0, 2**bits)
    return bool(low <= value < high)


def as_string(value: Any) -> str:
    """A value as text: strings as they are, others as JSON."""
    value = plain(value)
    return value if isinstance(value, str) else to_json({"": value}).decode("utf-8").strip()[len('{"":') : -1]
