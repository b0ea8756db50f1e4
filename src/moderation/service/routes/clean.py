"""POST /v1/clean: one text."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from moderation.service.access import Caller, Needs, admit
from moderation.service.core import Service, Work, service_of
from moderation.service.errors import Problem
from moderation.service.openapi import WRITING, takes
from moderation.service.policies import asked_policy
from moderation.service.requests import read_model
from moderation.service.schemas import CleanAnswer, CleanRequest

router = APIRouter(tags=["clean"])
PATH: Final = "/v1/clean"

PAGE: Final = "首页 | 新闻 | 登录 | 注册\n市图书馆国庆假期照常开放，自助还书机全天可用。\n版权所有 市图书馆\n"
EXAMPLES: Final[dict[str, Any]] = {
    "one page": {"text": PAGE, "id": "https://library.example/notice/7"},
    "a built-in policy": {"text": PAGE, "policy": "spam-only"},
    "rules of your own, with reasons": {
        "text": PAGE,
        "policy": {"base": "default", "rules": {"nav": "keep", "footer": {"action": "flag", "threshold": 0.8}}},
        "repair": False,
        "explain": True,
    },
}


@router.post(PATH, response_model=CleanAnswer, responses=WRITING, openapi_extra=takes(CleanRequest, EXAMPLES))
async def clean(request: Request, caller: Annotated[Caller, Depends(Needs("clean"))]) -> Response:
    """The clean text, the verdict on every line, what was cut and what was mended."""
    service = service_of(request)
    asked = await read_model(request, CleanRequest)
    if service.settings.log_text:
        request.scope["state"]["text"] = asked.text
    return Response(await cleaned(service, asked), media_type="application/json")


def door(app: FastAPI) -> ASGIApp:
    """The route without the framework around it; see Application."""

    async def direct(scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = app
        scope["state"]["route"] = PATH
        request = Request(scope, receive, send)
        response = await clean(request, admit(request, "clean"))
        await response(scope, receive, send)

    return direct


async def cleaned(service: Service, asked: CleanRequest) -> bytes:
    """The body of the answer. Raises Problem."""
    work = work_of(service, asked)
    return await service.done(service.submit(work))


def work_of(service: Service, asked: CleanRequest) -> Work[bytes]:
    """What is to be done for a request. Raises Problem."""
    serving = service.current
    moderator = serving.under(asked_policy(asked, serving.moderator.policy))
    service.check_size(asked.text)
    if asked.explain:
        check_lines(asked.text, service.settings.explain_lines)
    finish = service.finisher(asked.text, asked.id, moderator, explain=asked.explain, keep=asked.keep)
    return Work(asked.text, moderator, finish, service.lane_for(len(asked.text), explained=asked.explain))


def check_lines(text: str, most: int) -> None:
    """Raises Problem 413 for a text that has too many lines to be explained."""
    lines = text.count("\n") + 1
    if lines > most:
        raise Problem("too-large", f"the text has {lines} lines, at most {most} are explained; ask without `explain`")
