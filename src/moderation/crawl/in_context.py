"""A removed or flagged line or span as a report shows it: with the lines around it.

Read from the decision's arrays: a document has hundreds of lines, and three of them are wanted.
"""

from typing import Any

import numpy as np

from moderation.columns import spans_of
from moderation.crawl.junk import LONGEST, clipped
from moderation.decision import Decision
from moderation.labels import ACTIONS, NAMES
from moderation.result import Result


def context(result: Result, text: str, start: int, *, is_span: bool) -> dict[str, Any] | None:
    """The line or span that begins at `start` of the document, with the lines before and behind it that are not blank;
    None where no span begins there. text: the document.
    """
    decision, index = result.place
    lines = decision.judgement.lines
    offset, (first, last) = int(lines.batch.doc_start[index]), lines.first_line[index : index + 2].tolist()
    row = first + int(np.searchsorted(lines.line_start[first:last], start + offset, "right")) - 1
    own = bounds(decision, row, offset)
    span = None
    score, action = float(decision.judgement.probabilities[row, decision.label[row]]), int(decision.action[row])
    if is_span:
        found, some = decision.judgement.spans, spans_of(decision, index)
        at = some.start + int(np.searchsorted(found.start[some], start + offset))
        if at == some.stop or found.start[at] != start + offset:
            return None
        span = [start - own.start, int(found.end[at]) - offset - own.start]
        score, action = float(found.score[at]), int(decision.span_action[at])
    return {
        "line": row - first,
        "text": clipped(text[own]) if span is None else around(text[own], span),
        "span": span,
        "score": round(score, 4),
        "action": ACTIONS[action],
        "before": neighbour(decision, range(row - 1, first - 1, -1), text, offset),
        "after": neighbour(decision, range(row + 1, last), text, offset),
    }


def bounds(decision: Decision, row: int, offset: int) -> slice:
    """Where a line stands in its document, which begins at `offset` of the batch."""
    lines = decision.judgement.lines
    return slice(int(lines.line_start[row]) - offset, int(lines.line_end[row]) - offset)


def neighbour(decision: Decision, rows: range, text: str, offset: int) -> dict[str, Any] | None:
    """The first of the lines that is not blank."""
    row = next((row for row in rows if not decision.judgement.lines.blank[row]), None)
    if row is None:
        return None
    label, action = NAMES[decision.label[row]], ACTIONS[decision.action[row]]
    return {"text": clipped(text[bounds(decision, row, offset)]), "label": label, "action": action}


def around(text: str, span: list[int]) -> str:
    """The line, cut on both sides of the span where it is long; the span's offsets are moved along."""
    first = max(0, span[0] - LONGEST // 2)
    last = min(len(text), max(first + LONGEST, span[0] + 1))
    span[:] = [span[0] - first, min(span[1], last) - first]
    return text[first:last]
