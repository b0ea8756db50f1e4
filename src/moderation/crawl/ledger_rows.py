"""From results to rows of the ledger, one tuple a row: with --ledger-scores, and as what ledger_blocks.py, which makes
those without scores, is held against.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from moderation.columns import columns_of, spans_of
from moderation.crawl.ledger import Row
from moderation.formats.base import Chunk, Source
from moderation.labels import ACTIONS, NAMES
from moderation.result import Result

Head: TypeAlias = tuple[str, int, str, int, str | None, str | None]
"""file, row, source, place, id, url: the fields that all rows of a document share."""
Mark: TypeAlias = tuple[str, int | None, str | None, float | None, float | None, str]
"""kind, line, label, score, junk, reason of what was removed."""

SITE_REASON: Final = "the line stands on most pages of its site"
LINE_REASON: Final = "the line's junk reaches the policy's threshold"
SPAN_REASON: Final = "the span's score reaches the policy's threshold"
DROP: Final = ACTIONS.index("drop")
GAP: Final[Mark] = ("gap", None, None, None, None, "breaks beside what was cut")


def ledger_rows(
    file: str,
    first: int,
    source: Source,
    chunk: Chunk,
    results: Sequence[Result],
    reasons: Sequence[str | None],
    *,
    scores: bool,
) -> Iterator[Row]:
    """The rows of one chunk. first: how many documents stand in `file` before it."""
    row = first
    for n, (result, reason) in enumerate(zip(results, reasons, strict=True)):
        head = head_of(file, row, source, chunk, n)
        if reason is not None:
            yield Row(*head, "document", action="drop", reason=reason)
        elif scores or result.removed or result.repairs:
            yield Row(*head, "document", action="keep", digest=result.clean_digest)
        yield from document_rows(head, result, gone=reason is not None, scores=scores)
        row += reason is None


def head_of(file: str, row: int, source: Source, chunk: Chunk, n: int) -> Head:
    """What all rows of a document share. n: its place in the chunk."""
    own = chunk.ids[n]
    return file, row, source.name, chunk.places[n], None if own is None else str(own), chunk.urls[n]


def document_rows(head: Head, result: Result, *, gone: bool, scores: bool) -> Iterator[Row]:
    """The rows of one document behind its first. gone: it was dropped, so that no piece of it has a place."""
    if gone and not scores:
        return
    rows = [] if gone else [*removed_rows(head, result), *repair_rows(head, result)]
    if scores:
        rows = with_scores(head, result, rows)
    if scores or result.repairs:
        rows.sort(key=order)
    yield from rows


def order(row: Row) -> tuple[int, int, int]:
    """By place in the original; a line before its spans."""
    return (row.start or 0, row.kind != "line", row.end or 0)


def removed_rows(head: Head, result: Result) -> Iterator[Row]:
    """What was cut, in pieces of one line or span each."""
    if not result.removed:
        return
    marks, cuts = cut_marks(result)
    for run in result.removed:
        inside = cuts[bisect_right(cuts, run.start) : bisect_left(cuts, run.end)]
        for start, end in zip([run.start, *inside], [*inside, run.end], strict=True):
            kind, line, label, score, junk, reason = marks.get(start, GAP)
            text = run.text[start - run.start : end - run.start]
            yield Row(*head, kind, line, start, end, label, score, junk, "drop", reason, text, run.at)


def cut_marks(result: Result) -> tuple[dict[int, Mark], list[int]]:
    """Where dropped lines and spans begin, with what is said about them; and where these begin or end, in order.

    Taken from the decision's columns: a verdict for every line, with the tricks of junk, takes longer than judging it.
    """
    decision, index = result.place
    columns = columns_of(decision, index)
    own = columns.of(index)
    line, start, label = columns.line[own], columns.start[own], columns.label[own]
    rest = zip(line, start, label, columns.score[own], columns.junk[own], columns.action[own], strict=True)
    marks: dict[int, Mark] = {
        at: ("line", number, name, score, junk, LINE_REASON)
        for number, at, name, score, junk, action in rest
        if action == "drop"
    }
    first = int(decision.judgement.lines.first_line[index])
    outside = decision.judgement.outside
    if outside is not None:
        for number, at in zip(line, start, strict=True):
            if at in marks and outside[first + number]:
                marks[at] = (*marks[at][:5], SITE_REASON)
    spans, ends = decision.judgement.spans, []
    offset = int(decision.judgement.lines.batch.doc_start[index])
    found = spans_of(decision, index)
    for n in range(found.start, found.stop):
        if decision.span_action[n] == DROP:
            score = float(spans.score[n])
            name = NAMES[spans.label[n]]
            marks[int(spans.start[n]) - offset] = ("span", int(spans.line[n]) - first, name, score, None, SPAN_REASON)
            ends.append(int(spans.end[n]) - offset)
    return marks, sorted({*marks, *ends}) if ends else list(marks)


def repair_rows(head: Head, result: Result) -> Iterator[Row]:
    """What was mended."""
    for r in result.repairs:
        yield Row(
            *head,
            "repair",
            start=r.start,
            end=r.end,
            action="repair",
            reason=r.kind,
            text=r.before,
            at=r.at,
            after=r.after,
        )


def with_scores(head: Head, result: Result, rows: Sequence[Row]) -> list[Row]:
    """The rows, and one for every other line and span that was found, with all probabilities at full precision."""
    removed = {row.start for row in rows if row.kind == "span"}
    lines = {row.start: row for row in rows if row.kind == "line"}
    out = [row for row in rows if row.kind != "line"]
    for v, found in zip(result.verdicts, result.probabilities.tolist(), strict=True):
        if v.start in lines:
            out.append(lines[v.start]._replace(scores=found))
        else:
            row = Row(*head, "line", v.line, v.start, v.end, v.label, v.score, v.junk, v.action, scores=found)
            out.append(row)
        out += [
            Row(*head, "span", v.line, s.start, s.end, s.label, s.score, None, s.action)
            for s in v.spans
            if s.start not in removed
        ]
    return out
