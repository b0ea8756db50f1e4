"""Lines that hold a whole page: cut into segments, which are judged like lines; junk among them becomes spans."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.segments import giant_lines, split_segments
from moderation.labels import CONTENT
from moderation.lines import Lines, read_ranges
from moderation.spans import Spans
from moderation.text.tables import Tables

FEW_LINES: Final = 5
"""On a page of at most so many lines every giant line is looked into."""
DOUBT: Final = 0.1
"""On others, those whose probability of content is farther than this from 0 and from 1."""
LEAST_CONTENT: Final = 0.15
LEAST_CHARS: Final = 30
"""A giant line is kept where this share of its characters, and so many of them, are in segments that are content."""


def find_giants(lines: Lines, probabilities: NDArray[np.float32], tables: Tables) -> NDArray[np.int64]:
    """Indices of the lines that are to be judged by segments."""
    found = giant_lines(lines.batch.codes, lines.line_start, lines.line_end, tables.page, tables.char_class)
    if not found.size:
        return found
    seen = np.concatenate([[0], np.cumsum(~lines.blank)])[lines.first_line]
    page = np.searchsorted(lines.first_line, found, side="right") - 1
    alone = np.diff(seen)[page] <= FEW_LINES
    content = probabilities[found, CONTENT]
    giants: NDArray[np.int64] = found[alone | ((content > DOUBT) & (content < 1 - DOUBT))]
    return giants


def read_segments(lines: Lines, giants: NDArray[np.int64], tables: Tables) -> Lines:
    """The segments of the giant lines, one document a giant line."""
    start, end, behind, first = split_segments(
        lines.batch.codes, lines.line_start[giants], lines.line_end[giants], tables.page, tables.char_class
    )
    return read_ranges(lines.batch, start, end, behind, first, tables)


def fold_back(
    giants: NDArray[np.int64],
    segments: Lines,
    scores: NDArray[np.float32],
    inner: Spans,
    probabilities: NDArray[np.float32],
    spans: Spans,
) -> Spans:
    """Give the giant lines the verdicts of their segments.

    A line of which enough is content gets the mean probabilities of its content, by characters, and its junk as
    spans. One taken for content of which too little is gets the mean of its junk. The others stay as they are.
    scores: of the segments. inner: spans inside segments. probabilities, spans: of all lines; the first is changed in
    place, the second is returned anew.
    """
    size = np.where(segments.blank, 0, segments.line_end - segments.line_start)
    content = (scores[:, CONTENT] >= 0.5) & ~segments.blank
    label = scores[:, CONTENT + 1 :].argmax(1) + CONTENT + 1
    rows = []
    for g, line in enumerate(giants.tolist()):
        own = np.arange(segments.first_line[g], segments.first_line[g + 1])
        good = content[own]
        chars = size[own]
        kept = chars[good].sum() >= max(LEAST_CHARS, LEAST_CONTENT * chars.sum())
        if not kept and probabilities[line, CONTENT] < 0.5:
            continue
        of = own[good] if kept else own[~good & ~segments.blank[own]]
        probabilities[line] = (scores[of] * size[of][:, None]).sum(0) / size[of].sum()
        if kept:
            rows += junk_runs(line, own[~good & ~segments.blank[own]], segments, scores, label)
    found = np.isin(inner.line, np.flatnonzero(content))
    line_of = giants[np.searchsorted(segments.first_line, inner.line, side="right") - 1]
    found &= probabilities[line_of, CONTENT] >= 0.5
    elsewhere = ~np.isin(spans.line, giants)
    mine = np.array([row[:4] for row in rows], np.int64).reshape(-1, 4)
    merged = Spans(
        np.concatenate([spans.line[elsewhere], line_of[found], mine[:, 0]]),
        np.concatenate([spans.start[elsewhere], inner.start[found], mine[:, 1]]),
        np.concatenate([spans.end[elsewhere], inner.end[found], mine[:, 2]]),
        np.concatenate([spans.label[elsewhere], inner.label[found], mine[:, 3]]),
        np.concatenate([spans.score[elsewhere], inner.score[found], np.array([row[4] for row in rows], np.float32)]),
    )
    order = np.argsort(merged.start, kind="stable")
    return Spans(*(getattr(merged, name)[order] for name in ("line", "start", "end", "label", "score")))


def junk_runs(
    line: int, junk: NDArray[np.int64], segments: Lines, scores: NDArray[np.float32], label: NDArray[np.int64]
) -> list[tuple[int, int, int, int, float]]:
    """The junk segments of one giant line as spans: neighbours of one label together, with the gap behind them.

    junk: indices of segments. label: of every segment, its likeliest junk label.
    """
    found: list[tuple[int, int, int, int, float]] = []
    for s in junk.tolist():
        start, end = int(segments.line_start[s]), int(segments.line_next[s])
        score = float(1 - scores[s, CONTENT])
        if found and found[-1][2] == start and found[-1][3] == label[s]:
            _, start, _, _, other = found.pop()
            score = min(score, other)
        found.append((line, start, end, int(label[s]), score))
    return found
