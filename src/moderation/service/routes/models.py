"""The models that can serve: their list, two of them compared, promote, roll back and discard."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request

from moderation.errors import UsageError
from moderation.loop.compare import comparison_record
from moderation.loop.registry import Entry, Standing, State, entry
from moderation.model.store import model_folder, read_manifest
from moderation.service.access import Caller, Needs, cause_of
from moderation.service.errors import Problem
from moderation.service.loop import Loop, loop_of
from moderation.service.loop_schemas import (
    CompareAnswer,
    DiscardRequest,
    ModelsAnswer,
    PromoteRequest,
    RollbackRequest,
)
from moderation.service.openapi import READING, WRITING, problems, takes
from moderation.service.requests import read_model

router = APIRouter(tags=["models"])

FOLDER: Final = problems("busy", "no-candidates", "store-failed")
CHANGING: Final = WRITING | problems("conflict") | problems("busy", "too-slow", "not-ready", "no-candidates")
Asking = Annotated[Caller, Depends(Needs("feedback"))]
Changing = Annotated[Caller, Depends(Needs("admin"))]


@router.get("/v1/models", responses=READING | FOLDER)
async def models(request: Request, caller: Asking) -> ModelsAnswer:
    """The models of the folder `candidates`, and the one that the service was started with."""
    loop = loop_of(request)
    return await loop.run(partial(listing, loop))


@router.get("/v1/compare", responses=READING | FOLDER | problems("not-found", "conflict", "invalid"))
async def compare(
    request: Request,
    caller: Asking,
    old: Annotated[str | None, Query(max_length=200, description="What serves, where left out")] = None,
    new: Annotated[str | None, Query(max_length=200, description="The candidate, where left out")] = None,
    limit: Annotated[int, Query(ge=0, le=2000)] = 200,
) -> CompareAnswer:
    """Figures of two models side by side, and every verdict that flips, with the lines around it."""
    loop = loop_of(request)
    chosen = new or loop.registry.state().candidate
    if chosen is None:
        raise Problem("conflict", "there is no candidate; name a model in `new`")
    found = await loop.run(lambda: loop.compared(loop.moderator(old), loop.moderator(chosen)))
    return CompareAnswer.model_validate(comparison_record(found, limit))


@router.post(
    "/v1/models/promote", responses=CHANGING, openapi_extra=takes(PromoteRequest, {"the candidate": {}}, required=False)
)
async def promote(request: Request, caller: Changing) -> ModelsAnswer:
    """Serve the candidate, or the model of this name, from now on."""
    loop = loop_of(request)
    registry = loop.registry
    asked = await read_model(request, PromoteRequest, empty=True)
    cause = cause_of(request, caller)
    name = await changed(loop, partial(registry.promotable, asked.name, force=asked.force))
    await loop.serve(registry.path(name), cause)
    await changed(loop, partial(registry.promote, name, force=asked.force))
    await loop.serve_current(registry, cause)  # whoever followed the folder meanwhile saw the old state
    return await loop.run(partial(listing, loop))


@router.post(
    "/v1/models/rollback", responses=CHANGING, openapi_extra=takes(RollbackRequest, {"back": {}}, required=False)
)
async def rollback(request: Request, caller: Changing) -> ModelsAnswer:
    """Serve the model before the current one."""
    loop = loop_of(request)
    await read_model(request, RollbackRequest, empty=True)
    cause = cause_of(request, caller)
    await loop.serve(await changed(loop, loop.registry.previous), cause)
    await changed(loop, loop.registry.rollback)
    await loop.serve_current(loop.registry, cause)
    return await loop.run(partial(listing, loop))


@router.post(
    "/v1/models/discard", responses=CHANGING, openapi_extra=takes(DiscardRequest, {"the candidate": {}}, required=False)
)
async def discard(request: Request, caller: Changing) -> ModelsAnswer:
    """Put the candidate aside; its folder stays."""
    loop = loop_of(request)
    asked = await read_model(request, DiscardRequest, empty=True)
    await changed(loop, partial(loop.registry.discard, asked.name))
    return await loop.run(partial(listing, loop))


async def changed(loop: Loop, change: Callable[[], Any]) -> Any:
    """What the folder of models refuses is a conflict with its state."""
    try:
        return await loop.run(change)
    except UsageError as error:
        raise Problem("conflict", str(error)) from None


def listing(loop: Loop) -> ModelsAnswer:
    """The answer of all these routes. What serves may have been set by POST /v1/model, beside the folder."""
    state = loop.registry.state()
    rows = [base_entry(loop, state), *loop.registry.entries()]
    serving = loop.service.current.moderator.model.id
    chosen = state.current or loop.base_name
    current = next((row.name for row in sorted(rows, key=lambda r: r.name != chosen) if row.model == serving), None)
    return ModelsAnswer.model_validate(
        {
            "current": current,
            "serving": serving,
            "candidate": state.candidate,
            "previous": (state.history[-1] or loop.base_name) if state.history else None,
            "models": [entry_record(row, current) for row in rows],
        }
    )


def entry_record(row: Entry, current: str | None) -> dict[str, Any]:
    """A row as JSON values; `current` is what serves, whatever the folder says."""
    standing = "current" if row.name == current else "old" if row.state == "current" else row.state
    return {name: getattr(row, name) for name in Entry.__slots__} | {"state": standing}


def base_entry(loop: Loop, state: State) -> Entry:
    """The row of the model that the service was started with."""
    manifest = read_manifest(model_folder(loop.service.settings.model))
    standing: Standing = "current" if state.current is None else "previous" if state.history[-1:] == (None,) else "old"
    return entry(loop.base_name, manifest, standing)
