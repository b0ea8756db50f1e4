"""The worst mistakes of an evaluation: wrong keep or drop decisions of which the model was surest, in their context."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from moderation.explain import Reason, explain, judged_alone
from moderation.labels import CONTENT, NAMES
from moderation.model.model import Model
from moderation.train.dataset import LabelledPage
from moderation.train.evaluate import Scored

AROUND: Final = 2
"""Lines of context before and after."""
SHOWN: Final = 20
"""Mistakes of each kind."""
OF_A_PAGE: Final = 3
"""Of each kind; one page that the labels or the model got wrong from end to end would fill the list."""


@dataclass(frozen=True, slots=True)
class SeenLine:
    """One line of a page. truth: None where nobody labelled it; found, kept: None where it was not judged."""

    number: int
    text: str
    truth: str | None
    found: str | None
    kept: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """`line` stands at `place` among `context`. sure: the model's probability for what was decided, in [0, 1].

    alone: the label and its probability when the line is read by itself; reasons speak for or against `line.found`.
    """

    page: LabelledPage
    line: SeenLine
    place: int
    context: tuple[SeenLine, ...]
    score: float
    junk: float
    sure: float
    alone: tuple[str, float]
    reasons: tuple[Reason, ...]


def worst_mistakes(scored: Scored, pages: Sequence[LabelledPage], model: Model, *, kept: bool) -> list[Mistake]:
    """Junk that was kept, or content that was dropped: the surest mistakes first, ties in the order of the pages."""
    judged = scored.judged
    rows = np.flatnonzero((judged.kept == kept) & ((judged.truth == CONTENT) != kept))
    p_content = judged.p_content[rows]
    taken: Counter[int] = Counter()
    found: list[Mistake] = []
    for row in rows[np.argsort(-p_content if kept else p_content, kind="stable")].tolist():
        page = int(judged.page[row])
        taken[page] += 1
        if taken[page] <= OF_A_PAGE:
            found.append(mistake(scored, row, pages[page], model))
        if len(found) == SHOWN:
            break
    return found


def mistake(scored: Scored, row: int, page: LabelledPage, model: Model) -> Mistake:
    """One row with what stands around it; blank lines don't count."""
    judged = scored.judged
    visible = [n for n, text in enumerate(page.lines) if text.strip() or n == scored.line[row]]
    place = visible.index(scored.line[row])
    first = max(0, place - AROUND)
    context = tuple(seen(scored, row, page, number) for number in visible[first : place + AROUND + 1])
    line = context[place - first]
    p_content = float(judged.p_content[row])
    label = NAMES[judged.label[row]]
    return Mistake(
        page=page,
        line=line,
        place=place - first,
        context=context,
        score=float(scored.probabilities[row, judged.label[row]]),
        junk=float(scored.junk[row]),
        sure=p_content if judged.kept[row] else 1 - p_content,
        alone=judged_alone(line.text, model),
        reasons=explain(line.text, label, model),
    )


def seen(scored: Scored, row: int, page: LabelledPage, number: int) -> SeenLine:
    """A line of the page that `row` is of."""
    judged = scored.judged
    found = np.flatnonzero((judged.page == judged.page[row]) & (scored.line == number))
    label = NAMES[judged.label[found[0]]] if found.size else None
    kept = bool(judged.kept[found[0]]) if found.size else None
    return SeenLine(number, page.lines[number], page.labels[number], label, kept)
