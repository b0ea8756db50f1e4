"""POST /v1/clean/batch: one text a line, answered a line each, in order, while they come."""

import asyncio
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from moderation.service.access import Caller, Needs
from moderation.service.core import Service, Work, service_of
from moderation.service.edge import PATIENT, UNLIMITED, declared
from moderation.service.errors import Problem
from moderation.service.openapi import WRITING, takes
from moderation.service.requests import check_media, parse_model
from moderation.service.routes.clean import EXAMPLES, work_of
from moderation.service.schemas import CleanRequest
from moderation.service.stream import MEDIA, InOrder, Line, lines_of

router = APIRouter(tags=["clean"])

WINDOW: Final = 64
"""Lines of one batch that are worked on at a time."""
PATIENCE: Final = 0.005
"""Seconds between two looks whether a full lane has room for a batch's next line: batches wait where others are
refused."""


@router.post(
    "/v1/clean/batch",
    response_class=Response,
    responses=WRITING
    | {
        200: {
            "description": "A line for each line that is not blank, in order: as of `/v1/clean`, or a problem",
            "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/BatchLine"}}},
        }
    },
    openapi_extra=takes(CleanRequest, {"one line": EXAMPLES["one page"]}, MEDIA),
)
async def batch(request: Request, caller: Annotated[Caller, Depends(Needs("clean"))]) -> Response:
    """NDJSON in, NDJSON out: each line a request as of `/v1/clean`. A line that is wrong is answered in its place by
    a problem with its number in `line`, and the rest goes on. A body that says how long it is, up to `body_bytes`, is
    read whole before the answer begins; any other is answered while it comes."""
    check_media(request, MEDIA, "application/jsonl", "application/json-lines", "application/ndjson")
    service = service_of(request)
    settings = service.settings
    if 0 < declared(request.scope) <= settings.body_bytes:
        # whoever sends a length may send all before reading; and nginx sends no more once the answer has begun
        request.scope["state"][PATIENT] = True
        await request.body()
    else:
        request.scope["state"][UNLIMITED] = True
    work = Batch(service)
    return InOrder(lines_of(request, settings.body_bytes), work.begin, WINDOW, settings.body_bytes)


class Batch:
    """One batch."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.count = 0

    async def begin(self, line: Line) -> "asyncio.Future[bytes]":
        """Queue a line, once its lane has room; a wrong one is answered at once."""
        self.count += 1
        try:
            work = self.work(line)
            while work.lane.full:
                await asyncio.sleep(PATIENCE)
            return asyncio.create_task(self.answer(line, self.service.submit(work)))
        except Problem as problem:
            done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            done.set_result(told(problem, line))
            return done

    def work(self, line: Line) -> Work[bytes]:
        """What is to be done for a line. Raises Problem."""
        settings = self.service.settings
        if self.count > settings.batch_lines:
            raise Problem("too-large", f"a batch has at most {settings.batch_lines} lines")
        if line.body is None:
            raise Problem("too-large", f"the line has more than {settings.body_bytes} bytes")
        return work_of(self.service, parse_model(line.body, CleanRequest))

    async def answer(self, line: Line, future: "asyncio.Future[bytes]") -> bytes:
        """The answer to a line, or its problem."""
        try:
            return await self.service.done(future)
        except Problem as problem:
            return told(problem, line)


def told(problem: Problem, line: Line) -> bytes:
    """A problem, with the number of its line."""
    return orjson.dumps({**problem.body(), "line": line.number})
