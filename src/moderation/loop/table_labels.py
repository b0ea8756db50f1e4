"""Labels as a table (CSV, TSV): a row a line of a page, and a row for each span of junk."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Final

from moderation.errors import UsageError
from moderation.loop.exchange import BadRowError, Draft, Imported, SetAside, label_of
from moderation.train.dataset import LabelledPage

COLUMNS: Final = ("page", "line", "text", "label", "start", "end")
NEEDED: Final = {"text", "label"}

Row = dict[str, str]


def table_text(pages: Iterable[LabelledPage], delimiter: str = ",") -> str:
    """The pages as a table: every line that is not blank in order, without a label where nobody gave one."""
    out = StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(COLUMNS)
    for page in pages:
        for number, (line, label) in enumerate(zip(page.lines, page.labels, strict=True)):
            if not line.strip():
                continue
            writer.writerow((page.id, number, line, label or "", "", ""))
            for span in page.spans:
                if span.line == number:
                    writer.writerow((page.id, number, line[span.start : span.end], span.label, span.start, span.end))
    return out.getvalue()


def read_table(path: Path) -> Imported:
    """Pages of a table. Rows of one `page` are its lines, in order; without `page`, each row is a page of its own.

    A row with `start` and `end` marks junk in the line that its `line` names, or in the one before. Raises UsageError
    for what is no table with the columns text and label.
    """
    found = Imported()
    for name, rows in grouped(path):
        draft = Draft(name, [])
        place: dict[str, int] = {}
        for number, row in rows:
            try:
                take(draft, place, row)
            except BadRowError as error:
                found.aside.append(SetAside(f"{path.name}:{number}", str(error), row))
        if any(draft.labels):
            found.pages.append(draft.page())
    return found


def grouped(path: Path) -> Iterator[tuple[str, list[tuple[int, Row]]]]:
    """The rows of each page with their numbers in the file, in the order of the pages' first rows."""
    pages: dict[str, list[tuple[int, Row]]] = {}
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            table = csv.DictReader(stream, delimiter=delimiter, restval="", strict=True)
            if not set(table.fieldnames or ()) >= NEEDED:
                raise UsageError(f"{path}: expected the columns text and label, found {table.fieldnames}")
            for row in table:
                number = table.line_num
                name = row.get("page") or f"{path.name}#{number}"
                pages.setdefault(name, []).append((number, row))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8") from None
    except csv.Error as error:
        raise UsageError(f"{path}: not a table that can be read ({error}); a quote may not be closed") from None
    yield from pages.items()


def take(draft: Draft, place: dict[str, int], row: Row) -> None:
    """Add a row to its page. place: lines by what the column `line` calls them. Raises BadRowError."""
    if None in row:
        raise BadRowError(f"the row has more cells than the table has columns ({len(row) - 1})")
    if row.get("start") or row.get("end"):
        take_span(draft, place, row)
        return
    text = row["text"].replace("\r", " ").replace("\n", " ")
    if not text.strip():
        raise BadRowError("the text is blank")
    label = label_of(row["label"]) if row["label"].strip() else None
    called = row.get("line") or str(len(draft.lines))
    if called in place:
        raise BadRowError(f"line {called} of the page {draft.name} stands here twice")
    place[called] = len(draft.lines)
    draft.lines.append(text)
    draft.labels.append(label)


def take_span(draft: Draft, place: dict[str, int], row: Row) -> None:
    """Mark junk in a line that is there. Raises BadRowError."""
    if not draft.lines:
        raise BadRowError("a span stands behind the row of its line")
    called = row.get("line") or ""
    line = place.get(called, -1) if called else len(draft.lines) - 1
    if line < 0:
        raise BadRowError(f"the page {draft.name} has no line {called!r} above this row")
    try:
        start, end = int(row.get("start") or ""), int(row.get("end") or "")
    except ValueError:
        raise BadRowError("start and end must be whole numbers") from None
    draft.add_span(line, start, end, label_of(row["label"]))
