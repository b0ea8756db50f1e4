"""Labels of the same pages from several files: each page once, with what any of them says of it."""

from collections.abc import Iterable
from dataclasses import replace

from moderation.loop.exchange import Imported, SetAside
from moderation.train.dataset import LabelledPage, LabelledSpan, page_record

Text = tuple[str, ...]
"""The lines of a page that are not blank, without white space at their ends: tables have no others."""


def merged(files: Iterable[tuple[str, Imported]]) -> tuple[Imported, int]:
    """Everything of the files, and how many pages were in an earlier file already.

    Labels and spans that an earlier file lacks are added to its page; of those that contradict it the earlier stays and
    the later is set aside. Pages that one file has twice stay twice.
    """
    found = Imported()
    place: dict[Text, int] = {}
    again = 0
    for name, file in files:
        found.aside += file.aside
        own: dict[Text, int] = {}
        for page in file.pages:
            text = text_of(page)
            if text in place:
                again += 1
                found.pages[place[text]], aside = joined(found.pages[place[text]], page, name)
                found.aside += aside
            else:
                own.setdefault(text, len(found.pages))
                found.pages.append(page)
        place |= own
    return found, again


def text_of(page: LabelledPage) -> Text:
    """What tells a page from others."""
    return tuple(page.lines[line].rstrip() for line in visible(page))


def visible(page: LabelledPage) -> list[int]:
    """The numbers of the lines that are not blank."""
    return [number for number, line in enumerate(page.lines) if line.strip()]


def joined(first: LabelledPage, later: LabelledPage, name: str) -> tuple[LabelledPage, list[SetAside]]:
    """The first page with what the later one, of the file `name`, adds to it."""
    labels, spans = list(first.labels), list(first.spans)
    aside = []
    for line, other in zip(visible(first), visible(later), strict=True):
        label, marks = later.labels[other], [replace(span, line=line) for span in later.spans if span.line == other]
        if label is None:
            continue
        if labels[line] not in (None, label):
            reason = f"line {other} is {label} here, and {labels[line]} in an earlier file"
            aside.append(SetAside(f"{name}:{later.id}", reason, page_record(later)))
            continue
        labels[line] = label
        spans += [mark for mark in marks if not any(overlap(mark, span) for span in spans)]
    ordered = tuple(sorted(spans, key=lambda span: (span.line, span.start)))
    return replace(first, labels=tuple(labels), spans=ordered, url=first.url or later.url), aside


def overlap(one: LabelledSpan, other: LabelledSpan) -> bool:
    """Whether two spans share a character."""
    return one.line == other.line and one.start < other.end and other.start < one.end
