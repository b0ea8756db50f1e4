"""Results as answers: the verdicts record, the clean text, and the reasons where they are asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from moderation.explain import explain, judged_alone
from moderation.labels import NAMES
from moderation.model.model import Model
from moderation.moderate import Moderator
from moderation.records import SCORE_DIGITS
from moderation.result import Result
from moderation.service.folded import folded_places
from moderation.service.ids import new_id

WORDS: Final = 5
"""Deciding words that are named for each line."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One answered text: what is kept where verdicts are kept. `record` is the answer's body."""

    id: str
    document: str | None
    text: str
    record: dict[str, Any]
    result: Result
    moderator: Moderator


Keeper = Callable[[Judged], None]
"""Called in the thread that judged, before the answer is sent; what it raises fails the request."""


def head_of(verdict_id: str, document: str | None, result: Result) -> dict[str, Any]:
    """What stands before the verdicts in an answer."""
    named = {} if document is None else {"document": document}
    return {"id": verdict_id, **named, "clean": result.text, "flagged": result.flagged}


def clean_answer(
    verdict_id: str, document: str | None, text: str, result: Result, explained_by: Model | None = None
) -> dict[str, Any]:
    """The body of an answer to a text. explained_by: the model, where reasons are asked for."""
    body = result.record(**head_of(verdict_id, document, result))
    if explained_by is not None:
        add_reasons(body["lines"], text, result, explained_by)
    return body


def brief_answer(document: str | None, result: Result) -> bytes:
    """The same as JSON, where no reasons are asked for: much faster."""
    return result.to_json(**head_of(new_id(), document, result))


def add_reasons(lines: list[dict[str, Any]], text: str, result: Result, model: Model) -> None:
    """Probabilities, deciding words and what was folded to each line."""
    for line, row in zip(lines, result.probabilities.astype(float).round(SCORE_DIGITS).tolist(), strict=True):
        start = line["start"]
        own = text[start : line["end"]]
        label, score = judged_alone(own, model)
        line["probabilities"] = dict(zip(NAMES, row, strict=True))
        line["why"] = {
            "words": [
                {
                    "word": r.word,
                    "start": start + r.start,
                    "end": start + r.end,
                    "weight": round(r.weight, SCORE_DIGITS),
                }
                for r in explain(own, line["label"], model, WORDS)
            ],
            "alone": {"label": label, "score": round(score, SCORE_DIGITS)},
            "folded": [
                {"start": start + f.start, "end": start + f.end, "text": own[f.start : f.end], "read": f.read}
                for f in folded_places(own, model.tables)
            ],
        }


def to_bytes(body: dict[str, Any]) -> bytes:
    """As JSON."""
    return orjson.dumps(body)
