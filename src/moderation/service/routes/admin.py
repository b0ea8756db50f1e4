"""POST /v1/model and /v1/model/rollback: another model or policy, without a failed request."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.requests import Request

from moderation.service.access import Caller, Needs
from moderation.service.core import service_of
from moderation.service.openapi import READING, WRITING, problems, takes
from moderation.service.requests import read_model
from moderation.service.schemas import SwapAnswer, SwapRequest

router = APIRouter(tags=["admin"])

EXAMPLES: Final[dict[str, Any]] = {
    "another policy": {"policy": "keep-meta"},
    "the model that ships": {"model": "default"},
}


@router.post("/v1/model", responses=WRITING | problems("conflict"), openapi_extra=takes(SwapRequest, EXAMPLES))
async def swap(request: Request, caller: Annotated[Caller, Depends(Needs("admin"))]) -> SwapAnswer:
    """Load another model or policy beside the one that serves, check it on the built-in set, and swap. What can't be
    used is refused, says why, and leaves everything as it is."""
    asked = await read_model(request, SwapRequest)
    return await service_of(request).fleet.swap(asked.model, asked.policy)


@router.post("/v1/model/rollback", responses=READING | problems("conflict"))
async def rollback(request: Request, caller: Annotated[Caller, Depends(Needs("admin"))]) -> SwapAnswer:
    """Serve what served before the last swap."""
    return await service_of(request).fleet.rollback()
