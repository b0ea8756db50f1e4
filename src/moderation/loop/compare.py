"""Two models on the same pages: figures side by side, and every verdict that flips, with the lines around it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from moderation.labels import Action
from moderation.moderate import Moderator
from moderation.records import SCORE_DIGITS, Verdict
from moderation.result import Result
from moderation.train.dataset import LabelledPage
from moderation.train.evaluate import judge_pages
from moderation.train.metrics import metrics

AROUND: Final = 2
"""Lines of context before and after."""


@dataclass(frozen=True, slots=True)
class PageSet:
    """Pages under a name. labelled: whether they have labels to measure by; without, only flips are looked for."""

    name: str
    pages: tuple[LabelledPage, ...]
    labelled: bool = True


@dataclass(frozen=True, slots=True)
class Side:
    """What one model says of a line. spans: what it cuts out of it, as text."""

    label: str
    score: float
    action: Action
    spans: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NearLine:
    """A line beside a flip."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A line of which label, action or cut spans differ. truth: the label that people gave, where there is one."""

    set: str
    page: str
    line: int
    text: str
    truth: str | None
    old: Side
    new: Side
    before: tuple[NearLine, ...]
    after: tuple[NearLine, ...]

    @property
    def changes_action(self) -> bool:
        """Whether something else is done with the line."""
        return self.old.action != self.new.action

    @property
    def weight(self) -> tuple[bool, bool, float]:
        """What flips are sorted by: another action first, then another label, then the surest new verdict."""
        return (not self.changes_action, self.old.label == self.new.label, -self.new.score)


@dataclass(frozen=True, slots=True)
class Figures:
    """Metrics of both models on one set of labelled pages."""

    set: str
    pages: int
    lines: int
    old: dict[str, float]
    new: dict[str, float]


@dataclass(frozen=True, slots=True)
class Comparison:
    """old, new: ids of the models. lines: that both judged. flips: the weightiest first."""

    old: str
    new: str
    policy: str
    lines: int
    figures: tuple[Figures, ...]
    flips: tuple[Flip, ...]


def compare(old: Moderator, new: Moderator, sets: Sequence[PageSet]) -> Comparison:
    """Judge every set with both."""
    figures: list[Figures] = []
    flips: list[Flip] = []
    lines = 0
    for pages in sets:
        texts = [page.text for page in pages.pages]
        pairs = list(zip(old.clean_many(texts), new.clean_many(texts), strict=True))
        lines += sum(len(before.verdicts) for before, _ in pairs)
        for page, (before, after) in zip(pages.pages, pairs, strict=True):
            flips += page_flips(pages, page, before, after)
        if pages.labelled and pages.pages:
            figures.append(both_figures(old, new, pages))
    flips.sort(key=lambda flip: flip.weight)
    return Comparison(old.model.id, new.model.id, new.policy.name, lines, tuple(figures), tuple(flips))


def both_figures(old: Moderator, new: Moderator, pages: PageSet) -> Figures:
    """The metrics on a labelled set."""
    judged = [judge_pages(moderator, pages.pages) for moderator in (old, new)]
    before, after = ({name: round(value, SCORE_DIGITS) for name, value in metrics(found).items()} for found in judged)
    return Figures(pages.name, len(pages.pages), int(judged[0].truth.size), before, after)


def page_flips(pages: PageSet, page: LabelledPage, before: Result, after: Result) -> Iterator[Flip]:
    """The flips of one page."""
    others = {verdict.line: verdict for verdict in after.verdicts}
    verdicts = [(verdict, others[verdict.line]) for verdict in before.verdicts if verdict.line in others]
    near = [NearLine(verdict.line, page.lines[verdict.line]) for verdict, _ in verdicts]
    for n, (first, second) in enumerate(verdicts):
        text = page.lines[first.line]
        old, new = side(first, text), side(second, text)
        if (old.label, old.action, old.spans) == (new.label, new.action, new.spans):
            continue
        yield Flip(
            set=pages.name,
            page=page.id,
            line=first.line,
            text=text,
            truth=page.labels[first.line] if pages.labelled else None,
            old=old,
            new=new,
            before=tuple(near[max(0, n - AROUND) : n]),
            after=tuple(near[n + 1 : n + 1 + AROUND]),
        )


def side(verdict: Verdict, text: str) -> Side:
    """One model's verdict on a line."""
    cut = tuple(
        text[span.start - verdict.start : span.end - verdict.start] for span in verdict.spans if span.action == "drop"
    )
    return Side(verdict.label, round(verdict.score, SCORE_DIGITS), verdict.action, cut)


def comparison_record(found: Comparison, limit: int | None = None) -> dict[str, Any]:
    """As JSON values, with at most `limit` flips; `flipped` counts all."""
    return {
        "old": found.old,
        "new": found.new,
        "policy": found.policy,
        "metrics": [
            {"set": row.set, "pages": row.pages, "lines": row.lines, "old": row.old, "new": row.new}
            for row in found.figures
        ],
        "flips": [flip_record(flip) for flip in found.flips[:limit]],
        "flipped": len(found.flips),
        "lines": found.lines,
    }


def flip_record(flip: Flip) -> dict[str, Any]:
    """One flip as JSON values."""
    return {
        "set": flip.set,
        "page": flip.page,
        "line": flip.line,
        "text": flip.text,
        "truth": flip.truth,
        "old": side_record(flip.old),
        "new": side_record(flip.new),
        "before": [{"line": near.line, "text": near.text} for near in flip.before],
        "after": [{"line": near.line, "text": near.text} for near in flip.after],
    }


def side_record(one: Side) -> dict[str, Any]:
    """One side as JSON values."""
    return {"label": one.label, "score": one.score, "action": one.action, "spans": list(one.spans)}
