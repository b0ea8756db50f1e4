"""Bodies to checked requests, with the pointer to whatever is wrong in them."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from moderation.service.errors import FieldError, Problem, pointer

M = TypeVar("M", bound=BaseModel)
LARGE: Final = 1 << 18
"""Bytes from which on a body is not parsed on the event loop."""


async def read_model(request: Request, model: type[M], *, empty: bool = False) -> M:
    """The body as one JSON object; empty: none stands for one without fields. Raises Problem 400, 413, 415 or 422."""
    body = b""
    if empty and not (body := await request.body()):
        return model()
    check_media(request, "application/json")
    body = body or await request.body()
    if len(body) > LARGE:
        return await asyncio.to_thread(parse_model, body, model)
    return parse_model(body, model)


def check_media(request: Request, *wanted: str) -> None:
    """Raises Problem 415 where the body is declared to be something else."""
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found not in wanted:
        raise Problem("wrong-media", f"the Content-Type is {found or 'missing'}, expected {' or '.join(wanted)}")


def parse_model(body: bytes, model: type[M]) -> M:
    """Raises Problem 400 for what is no JSON, 422 with a pointer to each bad field."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise problem_of(error, body) from None


def problem_of(error: ValidationError, body: bytes) -> Problem:
    """What was wrong with a body."""
    found = error.errors(include_url=False, include_context=False)
    if found[0]["type"] == "json_invalid":
        return Problem("bad-json", found[0]["msg"].replace("Invalid JSON: ", ""))
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as wrong:  # NaN and Infinity, which are no JSON
        return Problem("bad-json", wrong.msg)
    return invalid([(walked(row["loc"], value), row["msg"]) for row in found])


def invalid(found: Sequence[tuple[str, str]]) -> Problem:
    """Problem 422 for pairs of pointer and sentence; alternatives of one field become one sentence."""
    places: dict[str, list[str]] = {}
    for place, sentence in found:
        places.setdefault(place, []).append(sentence)
    deepest = {p: s for p, s in places.items() if not any(other.startswith(p + "/") for other in places)}
    errors = [FieldError(place, ", or ".join(dict.fromkeys(sentences))) for place, sentences in deepest.items()]
    return Problem("invalid", "; ".join(f"{e.pointer}: {e.detail}" for e in errors[:3]), errors)


def walked(loc: Sequence[int | str], value: Any) -> str:
    """The pointer to a place that pydantic names, which has names of types in it where a field may be several.

    >>> walked(("policy", "PolicyRequest", "rules", "x", "[key]"), {"policy": {"rules": {"x": "drop"}}})
    '#/policy/rules/x'
    """
    parts: list[int | str] = []
    for n, part in enumerate(loc):
        if holds(value, part):
            value = value[part]
        elif n == len(loc) - 1 and isinstance(value, dict) and not looks_like_type(part):
            value = None  # the missing field itself
        else:
            continue
        parts.append(part)
    return pointer(*parts)


def holds(value: Any, part: int | str) -> bool:
    """Whether part is a place of value."""
    return (isinstance(value, dict) and part in value) or (isinstance(value, list) and isinstance(part, int))


def looks_like_type(part: int | str) -> bool:
    """Whether a part of a place names a type and not a field: fields are lower-case words."""
    return (
        isinstance(part, int) or part in ("str", "list", "dict") or not part.replace("_", "").islower() or "[" in part
    )
