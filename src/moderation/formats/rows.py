"""Between the two kinds of rows: records (dicts of Python values) and Arrow record batches."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def records_of(rows: "list[dict[str, Any]] | pa.RecordBatch") -> list[dict[str, Any]]:
    """One dict a document, of values that JSON can hold: others become their text, bytes base64."""
    if isinstance(rows, list):
        return rows
    return [{name: plain(value) for name, value in row.items()} for row in rows.to_pylist()]


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    if isinstance(value, bytes):
        import base64  # noqa: PLC0415

        return base64.b64encode(value).decode("ascii")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
