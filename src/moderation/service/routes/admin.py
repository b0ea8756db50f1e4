"""POST /v1/model and /v1/model/rollback: another model or policy, without a failed request."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.requests import Request

from moderation.errors import PolicyError
from moderation.service.access import Caller, Needs, cause_of
from moderation.service.core import service_of
from moderation.service.errors import Problem, pointer
from moderation.service.openapi import READING, WRITING, problems, takes
from moderation.service.requests import invalid, read_model
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
    try:
        return await service_of(request).fleet.swap(asked.model, asked.policy, cause_of(request, caller))
    except PolicyError as error:
        if asked.policy is None:  # the one that serves was changed on the disk: no field of the request is wrong
            raise Problem("conflict", str(error)) from None
        raise invalid([(pointer("policy"), str(error))]) from None


@router.post("/v1/model/rollback", responses=READING | problems("conflict"))
async def rollback(request: Request, caller: Annotated[Caller, Depends(Needs("admin"))]) -> SwapAnswer:
    """Serve what served before the last swap; a second rollback returns to the newer. There is nothing to send."""
    return await service_of(request).fleet.rollback(cause_of(request, caller))
