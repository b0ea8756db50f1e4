"""The OpenAPI page: FastAPI's, with the request bodies that routes read themselves and the problems they answer."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from moderation import __version__
from moderation.service.errors import KINDS, MEDIA
from moderation.service.schemas import BatchLine, ProblemAnswer

BODIES: Final[list[type[BaseModel]]] = []
"""Request models that routes read themselves; `takes` fills it."""
REFERENCE: Final = "#/components/schemas/{model}"
DESCRIPTION: Final = "Finds the junk in crawled Chinese text and takes it out, with every cut on record."


def takes(
    model: type[BaseModel],
    examples: dict[str, Any] | None = None,
    media: str = "application/json",
    *,
    required: bool = True,
) -> dict[str, Any]:
    """`openapi_extra` of a route that reads its body with `read_model`. examples: name to value."""
    if model not in BODIES:
        BODIES.append(model)
    content: dict[str, Any] = {"schema": {"$ref": REFERENCE.format(model=model.__name__)}}
    if examples:
        content["examples"] = {name: {"value": value} for name, value in examples.items()}
    return {"requestBody": {"required": required, "content": {media: content}}}


def problems(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route that may answer with these problems, beside those that any route may."""
    found: dict[int | str, dict[str, Any]] = {}
    for name in kinds:
        kind = KINDS[name]
        row = found.setdefault(
            kind.status,
            {"description": "", "content": {MEDIA: {"schema": {"$ref": REFERENCE.format(model="ProblemAnswer")}}}},
        )
        row["description"] = "; ".join(filter(None, [row["description"], f"`{name}`: {kind.title}"]))
        if name in ("too-many", "busy", "too-slow", "not-ready"):
            row["headers"] = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}
    return found


READING: Final = problems("no-key", "wrong-scope", "foreign", "too-many")
"""What a route with a scope may answer."""
WRITING: Final = READING | problems(
    "bad-json", "slow-body", "too-large", "wrong-media", "invalid", "busy", "too-slow", "not-ready"
)
"""What a route with a scope and a body may answer."""


def describe(app: FastAPI, *, keys: bool) -> dict[str, Any]:
    """The page. keys: whether requests need one."""
    page = get_openapi(title="moderation", version=__version__, description=DESCRIPTION, routes=app.routes)
    models: list[type[BaseModel]] = [*BODIES, ProblemAnswer, BatchLine]
    _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=REFERENCE)
    page.setdefault("components", {}).setdefault("schemas", {}).update(schemas.get("$defs", {}))
    for operations in page["paths"].values():
        for operation in operations.values():
            if is_fastapis(operation["responses"].get("422")):
                del operation["responses"]["422"]
            if not keys:
                operation.pop("security", None)
    return page


def is_fastapis(response: dict[str, Any] | None) -> bool:
    """Whether a 422 is FastAPI's own, which our handler replaces."""
    return response is not None and "HTTPValidationError" in str(response)
