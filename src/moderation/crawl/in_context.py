"""A removed or flagged line or span as a report shows it: with the lines around it.

Read from the decision's arrays: a document has hundreds of lines, and three of them are wanted.
"""

from typing import Any

import numpy as np

from moderation.columns import spans_of, visible
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
    rows = visible(decision, index, index + 1)[0]
    at = int(np.searchsorted(rows, row))
    own = bounds(decision, row, offset)
    span = None
    score, action = float(decision.judgement.probabilities[row, decision.label[row]]), int(decision.action[row])
    if is_span:
        found, some = decision.judgement.spans, spans_of(decision, index)
        n = some.start + int(np.searchsorted(found.start[some], start + offset))
        if n == some.stop or found.start[n] != start + offset:
            return None
        span = [start - own.start, int(found.end[n]) - offset - own.start]
        score, action = float(found.score[n]), int(decision.span_action[n])
    return {
        "line": row - first,
        "text": clipped(text[own]) if span is None else around(text[own], span),
        "span": span,
        "score": round(score, 4),
        "action": ACTIONS[action],
        "before": seen(decision, rows[at - 1], text, offset) if at else None,
        "after": seen(decision, rows[at + 1], text, offset) if at + 1 < rows.size else None,
    }


def bounds(decision: Decision, row: int | np.int64, offset: int) -> slice:
    """Where a line stands in its document, which begins at `offset` of the batch."""
    lines = decision.judgement.lines
    return slice(int(lines.line_start[row]) - offset, int(lines.line_end[row]) - offset)


def seen(decision: Decision, row: np.int64, text: str, offset: int) -> dict[str, Any]:
    """A line beside it."""
    label, action = NAMES[decision.label[row]], ACTIONS[decision.action[row]]
    return {"text": clipped(text[bounds(decision, row, offset)]), "label": label, "action": action}


def around(text: str, span: list[int]) -> str:
    """The line, cut on both sides of the span where it is long; the span's offsets are moved along."""
    first = max(0, span[0] - LONGEST // 2)
    last = min(len(text), max(first + LONGEST, span[0] + 1))
    span[:] = [span[0] - first, min(span[1], last) - first]
    return text[first:last]
