"""A page while it is being changed: rows with their marks, and the edits that carry marks along."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from moderation.labels import BY_NAME
from moderation.train.dataset import LabelledPage, LabelledSpan

CONTENT = "content"


@dataclass(slots=True)
class Mark:
    """Junk in a content row: code points [start, end)."""

    start: int
    end: int
    label: str


@dataclass(slots=True)
class Row:
    """One line. `label` is None for a blank line; only content rows carry marks."""

    text: str
    label: str | None
    marks: list[Mark] = field(default_factory=list)

    def splice(self, start: int, end: int, new: str) -> None:
        """Put `new` for the code points [start, end). Marks move along; an insertion at a mark's edge is outside."""
        grown = len(new) - (end - start)
        self.text = self.text[:start] + new + self.text[end:]
        for mark in self.marks:
            if mark.start >= end:
                mark.start += grown
            elif mark.start > start:
                mark.start = start + len(new)
            if mark.end >= end and mark.end > start:
                mark.end += grown
            elif mark.end > start:
                mark.end = start
        self.marks = [mark for mark in self.marks if mark.start < mark.end]

    def insert_junk(self, at: int, junk: str, label: str) -> None:
        """Put `junk` at code point `at`, under a mark of its own."""
        self.splice(at, at, junk)
        self.marks.append(Mark(at, at + len(junk), label))
        self.marks.sort(key=lambda mark: mark.start)

    def rewrite(self, pieces: Sequence[str]) -> None:
        """Put `pieces[i]` for the i-th code point, each possibly empty or longer than one."""
        if self.marks:
            at = list(accumulate((len(piece) for piece in pieces), initial=0))
            self.marks = [Mark(at[m.start], at[m.end], m.label) for m in self.marks if at[m.start] < at[m.end]]
        self.text = "".join(pieces)

    def free(self, at: int) -> bool:
        """Whether an insertion at `at` would stand outside every mark."""
        return not any(mark.start < at < mark.end for mark in self.marks)

    def junk_chars(self) -> int:
        """Code points under marks."""
        return sum(mark.end - mark.start for mark in self.marks)

    def settle(self) -> None:
        """A row that is mostly junk is a junk line, by the label of its longest mark (labelling guide, families)."""
        if self.marks and self.junk_chars() * 2 > len(self.text.strip()):
            self.label = max(self.marks, key=lambda mark: mark.end - mark.start).label
            self.marks = []


@dataclass(slots=True)
class Draft:
    """A page's rows."""

    rows: list[Row]

    def content(self, least: int = 1) -> list[Row]:
        """Content rows of at least `least` code points."""
        return [row for row in self.rows if row.label == CONTENT and len(row.text) >= least]

    def places(self, *labels: str) -> list[int]:
        """Indices of the rows with one of these labels."""
        return [i for i, row in enumerate(self.rows) if row.label in labels]

    def chars(self) -> int:
        """Code points of the page."""
        return sum(len(row.text) for row in self.rows)


def is_spam(label: str | None) -> bool:
    """Whether the label is of the spam family."""
    return label is not None and BY_NAME[label].family == "spam"


def draft_page(page: LabelledPage) -> Draft:
    """The rows of a page. Marks on lines that are not content, and marks that overlap an earlier one, are left out."""
    rows = [Row(text, label) for text, label in zip(page.lines, page.labels, strict=True)]
    for span in sorted(page.spans, key=lambda s: (s.line, s.start)):
        row = rows[span.line]
        if row.label == CONTENT and (not row.marks or row.marks[-1].end <= span.start):
            row.marks.append(Mark(span.start, span.end, span.label))
    return Draft(rows)


def page_of(draft: Draft, base: LabelledPage, name: str, kind: str) -> LabelledPage:
    """The draft as a page. Rows that were emptied are left out; whitespace alone is a blank line."""
    rows = [row for row in draft.rows if row.label is None or row.text.strip()]
    return LabelledPage(
        id=name,
        lines=tuple(row.text for row in rows),
        labels=tuple(row.label for row in rows),
        spans=tuple(LabelledSpan(i, m.start, m.end, m.label) for i, row in enumerate(rows) for m in row.marks),
        split=base.split,
        kind=kind,
        url=base.url,
        source=base.source,
    )
