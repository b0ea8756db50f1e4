"""POST /v1/moderations: the shape of OpenAI's moderation API, so that its clients work with another base URL."""

from typing import Annotated, Any, Final

import numpy as np
import orjson
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from moderation.labels import CONTENT, NAMES
from moderation.records import SCORE_DIGITS
from moderation.result import Result
from moderation.service.access import Caller, Needs
from moderation.service.core import service_of
from moderation.service.errors import Problem
from moderation.service.ids import new_id
from moderation.service.openapi import WRITING, takes
from moderation.service.requests import read_model
from moderation.service.schemas import ModerationsAnswer, ModerationsRequest, TextPart

router = APIRouter(tags=["moderations"])

ALIASES: Final = {"adult": "sexual"}
"""Labels that are a known category under another name; `illicit` has the same name."""
NOT_JUDGED: Final = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
"""Categories that clients expect and no label of ours covers: never flagged, score 0, applied to no input."""
MOST_INPUTS: Final = 256
EXAMPLES: Final[dict[str, Any]] = {
    "one text": {"input": "澳门新葡京娱乐城官网注册送彩金，真人百家乐在线开户"},
    "several": {"input": ["市图书馆国庆假期照常开放，自助还书机全天可用。", "亚洲成人在线视频 国产精品免费观看"]},
}


@router.post(
    "/v1/moderations",
    response_model=ModerationsAnswer,
    responses=WRITING,
    openapi_extra=takes(ModerationsRequest, EXAMPLES),
)
async def moderations(request: Request, caller: Annotated[Caller, Depends(Needs("clean"))]) -> Response:
    """Whether texts are flagged, by category. The labels of this service stand beside the known categories."""
    service = service_of(request)
    asked = await read_model(request, ModerationsRequest)
    texts = texts_of(asked)
    serving = service.current
    if len(texts) > MOST_INPUTS:
        raise Problem("too-large", f"{len(texts)} inputs, at most {MOST_INPUTS} are taken at a time")
    if service.settings.log_text:
        request.scope["state"]["text"] = texts
    results = await service.judge_all(texts, serving.moderations, moderation)
    body = {"id": f"modr-{new_id()}", "model": serving.moderator.model.id, "results": results}
    return Response(orjson.dumps(body), media_type="application/json")


def texts_of(asked: ModerationsRequest) -> list[str]:
    """A string is one text, strings are one each, parts are one together."""
    if isinstance(asked.input, str):
        return [asked.input]
    parts = [part.text for part in asked.input if isinstance(part, TextPart)]
    return ["\n".join(parts)] if parts else [part for part in asked.input if isinstance(part, str)]


def moderation(result: Result) -> dict[str, Any]:
    """One result: a category is flagged where the policy flags or drops its label; its score is the highest of any
    line, or span, of the text."""
    scores = highest(result)
    categories = dict.fromkeys(NOT_JUDGED, False)
    values = dict.fromkeys(NOT_JUDGED, 0.0)
    types: dict[str, list[str]] = {name: [] for name in NOT_JUDGED}
    for label, score in scores.items():
        for name in (ALIASES[label], label) if label in ALIASES else (label,):
            categories[name] = label in result.flags
            values[name] = score
            types[name] = ["text"]
    return {
        "flagged": result.flagged,
        "categories": categories,
        "category_scores": values,
        "category_applied_input_types": types,
    }


def highest(result: Result) -> dict[str, float]:
    """The highest probability of each label but content, over lines and spans."""
    rows = result.probabilities
    most = rows.max(axis=0) if len(rows) else np.zeros(len(NAMES), np.float32)
    scores = dict(zip(NAMES, most.astype(float).round(SCORE_DIGITS).tolist(), strict=True))
    for verdict in result.verdicts:
        for span in verdict.spans:
            scores[span.label] = max(scores[span.label], round(span.score, SCORE_DIGITS))
    del scores[NAMES[CONTENT]]
    return scores
