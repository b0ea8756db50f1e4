"""One record of JSONL to and from bytes, so that the fields which are not ours come through unchanged."""

import json
from typing import Any, Final, Never

import orjson

from moderation.errors import InputError

DEEPEST: Final = 200
"""Levels of nesting; orjson reads deeper records than it writes (254)."""
CONCERNED: Final = (float, dict, list)
"""Values that are, or may hold, a number that orjson has rounded."""
KINDS: Final = {list: "an array", str: "a string", bool: "true or false", int: "a number", float: "a number"}


def parse_object(line: bytes) -> dict[str, Any]:
    """A JSON object. Raises InputError with the reason for a line that is none."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        decode(line)
        what = "holds a lone surrogate" if "surrogate" in error.msg else f"is not JSON: {error.msg}"
        raise InputError(f"{what} at character {error.pos}") from None
    if not isinstance(value, dict):
        raise InputError(f"is not a JSON object but {kind(value)}")
    return exact_numbers(line) if has_big_number(value, 0) else value


def text_of(record: dict[str, Any], field: str) -> str:
    """The text. Raises InputError."""
    if field not in record:
        raise InputError(f"has no field {field!r}, only {', '.join(list(record)[:8]) or 'an empty object'}")
    text = record[field]
    if not isinstance(text, str):
        raise InputError(f"has {kind(text)} in the field {field!r}, expected a string")
    return text


def decode(raw: bytes) -> str:
    """UTF-8 to text without touching anything. Raises InputError that names the first bad byte."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"is not UTF-8: byte 0x{raw[error.start]:02x} at offset {error.start} ({error.reason})"
        ) from None


def to_json(record: dict[str, Any]) -> bytes:
    """One line, with its line break."""
    try:
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # an integer of more than 64 bits
        return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"


def has_big_number(value: Any, depth: int) -> bool:
    """Whether orjson may have rounded an integer of more than 64 bits. Raises InputError for too deep a record."""
    if isinstance(value, float):
        return abs(value) >= 2**63
    if not isinstance(value, dict | list):
        return False
    if depth > DEEPEST:
        raise InputError(f"is nested deeper than {DEEPEST} levels")
    found = False
    for member in value.values() if isinstance(value, dict) else value:
        if isinstance(member, CONCERNED):
            found |= has_big_number(member, depth + 1)  # every one, for the sake of the depth
    return found


def exact_numbers(line: bytes) -> dict[str, Any]:
    """The object again, with Python's unbounded integers."""
    try:
        record: dict[str, Any] = json.loads(line, parse_constant=refuse_constant)
    except ValueError as error:
        raise InputError(f"holds a number that can't be read: {error}") from None
    return record


def refuse_constant(name: str) -> Never:
    """NaN and the like are not JSON."""
    raise ValueError(name)


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    return "null" if value is None else KINDS.get(type(value), "an object")
