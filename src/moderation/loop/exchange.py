"""What the readers of other people's labels share: pages in the making, and what is set aside."""

from dataclasses import dataclass, field
from typing import Any

from moderation.errors import UnknownLabelError
from moderation.labels import CONTENT, NAMES, find_label
from moderation.train.dataset import LabelledPage, LabelledSpan

CONTENT_NAME = NAMES[CONTENT]


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row, task or region that could not be used. where: file and row. raw: what stood there, as JSON values."""

    where: str
    reason: str
    raw: Any


@dataclass(slots=True)
class Imported:
    """What came of a file."""

    pages: list[LabelledPage] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)


class BadRowError(Exception):
    """Why one row, task or region can't be used; it is set aside and the others go on."""


class Draft:
    """A page while its labels come in, one by one."""

    def __init__(self, name: str, lines: list[str], url: str = "") -> None:
        self.name = name
        self.lines = lines
        self.labels: list[str | None] = [None] * len(lines)
        self.spans: list[LabelledSpan] = []
        self.url = url

    def set_label(self, line: int, label: str) -> None:
        """Raises BadRowError for a blank line, another label that is there already, and one beside its own spans."""
        if not self.lines[line].strip():
            raise BadRowError(f"line {line} is blank, and blank lines have no label")
        given = self.labels[line]
        if given not in (None, label):
            raise BadRowError(f"line {line} has the label {given} already")
        if label != CONTENT_NAME and any(span.line == line for span in self.spans):
            raise BadRowError(f"line {line} has spans of junk, so that it can only be content")
        self.labels[line] = label

    def add_span(self, line: int, start: int, end: int, label: str) -> None:
        """Junk inside a line, which makes the line content. Raises BadRowError."""
        if label == CONTENT_NAME:
            raise BadRowError("a part of a line can't be content: label the whole line, and mark the junk in it")
        if not 0 <= start < end <= len(self.lines[line]):
            raise BadRowError(
                f"[{start}, {end}) does not lie in line {line}, which has {len(self.lines[line])} characters"
            )
        if any(span.line == line and start < span.end and span.start < end for span in self.spans):
            raise BadRowError(f"[{start}, {end}) overlaps another span of line {line}")
        if self.labels[line] not in (None, CONTENT_NAME):
            raise BadRowError(f"line {line} is {self.labels[line]} as a whole; only content has spans")
        self.labels[line] = CONTENT_NAME
        self.spans.append(LabelledSpan(line, start, end, label))

    def page(self) -> LabelledPage:
        """As it is by now."""
        spans = tuple(sorted(self.spans, key=lambda span: (span.line, span.start)))
        return LabelledPage(self.name, tuple(self.lines), tuple(self.labels), spans, kind="imported", url=self.url)


def label_of(name: str) -> str:
    """The label's name, from name or code. Raises BadRowError."""
    try:
        return find_label(name.strip()).name
    except UnknownLabelError as error:
        raise BadRowError(str(error)) from None
