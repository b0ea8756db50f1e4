"""The loop's routes: corrections, the labelling queue, statistics. Answers are described in docs/loop-api.md."""

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Query
from starlette.requests import Request

from moderation.loop.feedback import CorrectionError, listed, record, withdraw
from moderation.loop.queue import Waiting, queue
from moderation.loop.records import Correction, NewCorrection
from moderation.loop.stats import Stats, statistics
from moderation.records import SCORE_DIGITS
from moderation.service.access import Caller, Needs
from moderation.service.core import Service
from moderation.service.errors import FieldError, Problem, pointer
from moderation.service.loop import Loop, loop_of
from moderation.service.loop_schemas import (
    CorrectionAnswer,
    CorrectionsAnswer,
    FeedbackRequest,
    QueueAnswer,
    StatsAnswer,
)
from moderation.service.openapi import READING, WRITING, problems, takes
from moderation.service.requests import read_model

router = APIRouter(tags=["loop"])

STORE: Final = problems("busy", "no-store", "store-failed")
PAGE: Final = "首页 | 登录\n宝子们抓紧上车，腊肠库存只剩最后两百单\n"
EXAMPLES: Final[dict[str, Any]] = {
    "a line of a page": {"text": PAGE, "line": 1, "label": "promo"},
    "junk inside a line": {
        "text": "市图书馆国庆假期照常开放，皇冠体育app下载，全天可用。",
        "line": 0,
        "label": "gambling",
        "start": 13,
        "end": 24,
        "note": "spliced in",
    },
}
Calling = Annotated[Caller, Depends(Needs("feedback"))]


def plug(app: FastAPI, service: Service) -> None:
    """Give the application its loop."""
    loop = Loop(service)
    app.state.loop = loop
    service.on_start.append(loop.start)
    service.on_stop.append(loop.stop)


@router.post(
    "/v1/feedback",
    status_code=201,
    responses=WRITING | problems("busy", "too-slow", "not-ready", "no-store", "store-failed"),
    openapi_extra=takes(FeedbackRequest, EXAMPLES),
)
async def feedback(request: Request, caller: Calling) -> CorrectionAnswer:
    """Record the right label of a line, or of a span. What is answered is on the disk."""
    loop = loop_of(request)
    asked = await read_model(request, FeedbackRequest)
    store = loop.store
    if asked.text is not None:
        loop.service.check_size(asked.text)
    if asked.verdict is not None:
        await loop.settle(asked.verdict)
    fields = asked.model_dump() | ({"who": caller.key} if caller.key else {})
    try:
        found = await loop.run(partial(record, store, NewCorrection(**fields), loop.moderator))
    except CorrectionError as error:
        place = FieldError(pointer(error.field), error.sentence)
        raise Problem("invalid", f"{place.pointer}: {place.detail}", [place]) from None
    return answered(found)


@router.delete("/v1/feedback/{correction}", responses=READING | STORE | problems("not-found"))
async def take_back(request: Request, correction: str, caller: Calling) -> CorrectionAnswer:
    """Withdraw a correction; it stays on record and counts no more."""
    loop = loop_of(request)
    found = await loop.run(partial(withdraw, loop.store, correction))
    if found is None:
        raise Problem("not-found", f"no correction {correction!r}")
    return answered(found)


@router.get("/v1/feedback", responses=READING | STORE | problems("invalid"))
async def corrections(
    request: Request,
    caller: Calling,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> CorrectionsAnswer:
    """The corrections, newest first, withdrawn ones too."""
    loop = loop_of(request)
    found, total = await loop.run(partial(listed, loop.store, limit, offset))
    return CorrectionsAnswer(total=total, corrections=[answered(one) for one in found])


@router.get("/v1/queue", responses=READING | STORE | problems("invalid"))
async def labelling_queue(
    request: Request, caller: Calling, limit: Annotated[int, Query(ge=1, le=200)] = 20
) -> QueueAnswer:
    """The lines of kept verdicts whose label would teach most."""
    loop = loop_of(request)
    found = await loop.run(lambda: queue(loop.store, limit, loop.candidate()))
    return QueueAnswer.model_validate(
        {
            "lines": [waiting_record(line) for line in found.lines],
            "verdicts": found.verdicts,
            "lines_kept": found.lines_kept,
            "labelled": found.labelled,
        }
    )


@router.get("/v1/stats", responses=READING | STORE | problems("invalid"))
async def stats(
    request: Request,
    caller: Calling,
    days: Annotated[int, Query(ge=1, le=366)] = 30,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> StatsAnswer:
    """Volumes by day and label, and the lines removed most often, over kept verdicts."""
    loop = loop_of(request)
    return StatsAnswer.model_validate(stats_record(await loop.run(partial(statistics, loop.store, days, limit))))


def answered(found: Correction) -> CorrectionAnswer:
    """A correction as an answer."""
    return CorrectionAnswer(**asdict(found))


def waiting_record(line: Waiting) -> dict[str, Any]:
    """A line of the queue as JSON values."""
    found = asdict(line)
    for part in (found, found["alone"], found["candidate"] or {}):
        for name in ("score", "junk", "use"):
            if name in part:
                part[name] = round(part[name], SCORE_DIGITS)
    return found | {name: list(found[name]) for name in ("reasons", "before", "after")}


def stats_record(found: Stats) -> dict[str, Any]:
    """The statistics as JSON values."""
    days: dict[str, dict[str, Any]] = {}
    for volume in found.volumes:
        row = {"lines": volume.lines, "chars": volume.chars, "dropped": volume.dropped}
        days.setdefault(volume.day, {})[volume.label] = row
    return {
        "days": [{"day": day, "labels": labels} for day, labels in days.items()],
        "removed": [asdict(line) for line in found.removed],
        "verdicts": found.verdicts,
        "corrections": found.corrections,
        "corrected": found.corrected,
    }
