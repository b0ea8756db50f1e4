"""Corrections as labelled pages: what retraining learns from and what is exported."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from moderation.labels import CONTENT, NAMES
from moderation.loop.store import Store
from moderation.loop.tables import FEEDBACK, PAGES
from moderation.loop.verdicts import spans_of
from moderation.records import Span
from moderation.train.dataset import LabelledPage, LabelledSpan, read_labelled

SQLITE: Final = b"SQLite format 3\0"
CONTENT_NAME: Final = NAMES[CONTENT]


def read_corrections(where: str) -> list[LabelledPage]:
    """Corrections from a store (a SQLAlchemy URL or a SQLite file) or a labelled file.

    Raises UsageError, StoreError.
    """
    if not is_store(where):
        return read_labelled([Path(where)])
    store = Store.open(where)
    try:
        return corrected_pages(store)
    finally:
        store.close()


def is_store(where: str) -> bool:
    """Whether this names a database."""
    path = Path(where)
    if "://" in where:
        return True
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(SQLITE)) == SQLITE


def corrected_pages(store: Store) -> list[LabelledPage]:
    """One page for each text that has corrections which count, in the order of the first ones.

    Lines that nobody corrected have no label. Raises StoreError.
    """
    rows = (
        select(FEEDBACK, PAGES.c.text.label("page_text"))
        .join(PAGES, PAGES.c.digest == FEEDBACK.c.page)
        .where(FEEDBACK.c.withdrawn.is_(False))
        .order_by(FEEDBACK.c.seq)
    )
    with store.reading() as connection:
        found = connection.execute(rows).mappings().all()
    by_page: dict[str, list[Any]] = {}
    for row in found:
        by_page.setdefault(row["page"], []).append(row)
    return [corrected_page(rows) for rows in by_page.values()]


def corrected_page(rows: Sequence[Any]) -> LabelledPage:
    """The page of some rows, which are all of one text, oldest first."""
    lines = tuple(line.removesuffix("\r") for line in rows[0]["page_text"].split("\n"))
    starts = line_starts(rows[0]["page_text"])
    labels: list[str | None] = [None] * len(lines)
    spans: list[LabelledSpan] = []
    for number, group in groupby(sorted(rows, key=lambda row: row["line"]), key=lambda row: row["line"]):
        label, found = corrected_line(list(group))
        labels[number] = label
        spans.extend(
            LabelledSpan(number, span.start - starts[number], span.end - starts[number], span.label) for span in found
        )
    document = next((row["document"] for row in reversed(rows) if row["document"]), None)
    page = rows[0]["page"]
    return LabelledPage(page, lines, tuple(labels), tuple(spans), kind="correction", url=document or "", source=page)


def corrected_line(rows: Sequence[Any]) -> tuple[str, list[Span]]:
    """Label and spans of one line, from its corrections, oldest first: the last one of a line or of a place counts.

    A span says that the line itself is content, unless a correction of the line says otherwise. The spans that the
    model found stay where no correction touches them.
    """
    of_line = [row["label"] for row in rows if row["start"] is None]
    label = of_line[-1] if of_line else CONTENT_NAME
    if label != CONTENT_NAME:
        return label, []
    spans = [span for span in spans_of(rows[-1]["found_spans"]) if span.action != "keep"]
    for row in rows:
        if row["start"] is not None:
            spans = [span for span in spans if span.end <= row["start"] or row["end"] <= span.start]
            if row["label"] != CONTENT_NAME:
                spans.append(Span(row["start"], row["end"], row["label"], 1.0, "drop"))
    return label, sorted(spans, key=lambda span: span.start)


def line_starts(text: str) -> list[int]:
    """Where each line of a text begins."""
    starts, at = [], 0
    for line in text.split("\n"):
        starts.append(at)
        at += len(line) + 1
    return starts


def labelled_lines(pages: Iterable[LabelledPage]) -> int:
    """How many lines have a label."""
    return sum(label is not None for page in pages for label in page.labels)
