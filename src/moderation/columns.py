"""A decision's verdicts, column by column, as Python numbers.

Number by number, leaving numpy costs more than judging, and so does every numpy call for a page of thirty lines: a
small batch leaves it all at once, and each of its results takes its slice. A large batch does so document by document,
so that keeping one result does not keep them all in this form; where one is asked for after the other, in runs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from moderation.decision import Decision
from moderation.kernel.context import visible_lines
from moderation.kernel.tell import count_pairs, find_cuts
from moderation.labels import ACTIONS, NAMES, Action

TOGETHER: Final = 200_000
"""Characters of a batch up to which all of its documents are taken at once."""
RUN: Final = 1 << 16
"""Characters of a larger batch that are taken at once when the document behind the last one is asked for."""
SHAPE: Final = len(NAMES), len(ACTIONS)


class Held(Protocol):
    """Something of documents [first, last)."""

    @property
    def first(self) -> int:
        """The first of them."""

    @property
    def last(self) -> int:
        """Behind the last of them."""


T = TypeVar("T", bound=Held)


@dataclass(frozen=True, slots=True)
class Parts:
    """Something of documents [first, …), one document's part behind the other's; begin: where each begins, and the end
    of the last."""

    first: int
    begin: list[int]

    @property
    def last(self) -> int:
        """Behind the last document."""
        return self.first + len(self.begin) - 1

    def of(self, index: int) -> slice:
        """The document's part."""
        return slice(*self.begin[index - self.first : index - self.first + 2])


@dataclass(frozen=True, slots=True)
class Columns(Parts):
    """Of the lines that are not blank, a list a column. line, start and end are places in the line's document."""

    line: list[int]
    start: list[int]
    end: list[int]
    label: list[str]
    score: list[float]
    junk: list[float]
    action: list[Action]


@dataclass(frozen=True, slots=True)
class Cuts(Parts):
    """What was cut: start, end in the document's text, and how many of its characters were kept before."""

    start: list[int]
    end: list[int]
    kept_before: list[int]


Total = tuple[int, int, int, int]
"""Label, action, and how many lines and characters have both."""


@dataclass(frozen=True, slots=True)
class Totals:
    """For each document every pair of label and action that occurs."""

    first: int
    pairs: list[list[Total]]

    @property
    def last(self) -> int:
        """Behind the last document."""
        return self.first + len(self.pairs)

    def of(self, index: int) -> list[Total]:
        """The document's part."""
        return self.pairs[index - self.first]


def columns(decision: Decision, first: int, last: int) -> Columns:
    """Of documents [first, last)."""
    lines = decision.judgement.lines
    rows, begin = visible(decision, first, last)
    size = np.diff(begin)
    offset = np.repeat(lines.batch.doc_start[first:last], size)
    label = decision.label[rows]
    return Columns(
        first,
        begin.tolist(),
        (rows - np.repeat(lines.first_line[first:last], size)).tolist(),
        (lines.line_start[rows] - offset).tolist(),
        (lines.line_end[rows] - offset).tolist(),
        list(map(NAMES.__getitem__, label.tolist())),
        decision.judgement.probabilities[rows, label].tolist(),
        decision.junk[rows].tolist(),
        list(map(ACTIONS.__getitem__, decision.action[rows].tolist())),
    )


def visible(decision: Decision, first: int, last: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of the lines that are not blank, and where each document begins among them; looked for once."""
    key = ("visible", first, last)
    if key in decision.taken:
        known: tuple[NDArray[np.int64], NDArray[np.int64]] = decision.taken[key]
        return known
    lines = decision.judgement.lines
    found = visible_lines(lines.blank, lines.first_line[first : last + 1])
    if last - first == lines.first_line.size - 1:
        decision.taken[key] = found
    return found


def totals(decision: Decision, first: int, last: int) -> Totals:
    """Of documents [first, last)."""
    lines = decision.judgement.lines
    rows, begin = visible(decision, first, last)
    counted = count_pairs(rows, begin, decision.label, decision.action, lines.line_start, lines.line_end, SHAPE)
    pairs: list[list[Total]] = [[] for _ in range(last - first)]
    for document, *pair in counted.tolist():
        pairs[document].append(tuple(pair))
    return Totals(first, pairs)


def cuts(decision: Decision, first: int, last: int) -> Cuts:
    """Of documents [first, last)."""
    bounds = decision.judgement.lines.batch.doc_start[first : last + 1]
    found, begin = find_cuts(decision.keep, bounds)
    start, end, before = found.T.tolist()
    return Cuts(first, begin.tolist(), start, end, before)


def columns_of(decision: Decision, index: int) -> Columns:
    """Columns that hold the document."""
    return taken(decision, "columns", index, columns)


def totals_of(decision: Decision, index: int) -> Totals:
    """Totals that hold the document."""
    return taken(decision, "totals", index, totals)


def cuts_of(decision: Decision, index: int) -> Cuts:
    """Cuts that hold the document."""
    return taken(decision, "cuts", index, cuts)


def spans_of(decision: Decision, index: int) -> slice:
    """Which of the judgement's spans lie in the document."""
    if not decision.judgement.spans.line.size:
        return slice(0, 0)
    return taken(decision, "spans", index, span_parts).of(index)


def span_parts(decision: Decision, first: int, last: int) -> Parts:
    """Which of the judgement's spans lie in each of documents [first, last)."""
    bounds = decision.judgement.lines.first_line[first : last + 1]
    return Parts(first, np.searchsorted(decision.judgement.spans.line, bounds).tolist())


def taken(decision: Decision, kind: object, index: int, take: Callable[[Decision, int, int], T]) -> T:
    """What holds the document: taken of the whole batch where it is small, else of the document or a run of them."""
    known: T | None = decision.taken.get(kind)
    if known is not None and known.first <= index < known.last:
        return known
    doc_start = decision.judgement.lines.batch.doc_start
    if doc_start[-1] <= TOGETHER:
        return taken_of(decision, kind, 0, doc_start.size - 1, take)
    last = index + 1
    if known is not None and known.last == index:
        last = max(last, int(np.searchsorted(doc_start, doc_start[index] + RUN, "right")) - 1)
    return taken_of(decision, kind, index, last, take)


def taken_of(decision: Decision, kind: object, first: int, last: int, take: Callable[[Decision, int, int], T]) -> T:
    """Of exactly documents [first, last); kept for the next time if it is not too much."""
    known: T | None = decision.taken.get(kind)
    if known is not None and (known.first, known.last) == (first, last):
        return known
    found = take(decision, first, last)
    doc_start = decision.judgement.lines.batch.doc_start
    if doc_start[last] - doc_start[first] <= TOGETHER:
        decision.taken[kind] = found
    return found
