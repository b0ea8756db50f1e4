"""GET /healthz, /readyz and /metrics."""

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from moderation.service.core import RETRY, service_of
from moderation.service.errors import Problem
from moderation.service.openapi import problems
from moderation.service.schemas import StateAnswer

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> StateAnswer:
    """Whether the process answers."""
    return StateAnswer(status="ok")


@router.get("/readyz", responses=problems("not-ready"))
async def readyz(request: Request) -> StateAnswer:
    """Whether it takes work: a model is loaded, and it is not stopping."""
    service = service_of(request)
    if service.stopping or not service.fleet.loaded:
        raise Problem("not-ready", "the service is starting or stopping", headers=RETRY)
    return StateAnswer(status="ready")


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """Counts and times in Prometheus' text format."""
    service = service_of(request)
    for lane in service.lanes:
        service.metrics.waiting.labels(lane.name).set(lane.held)
    return Response(service.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})
