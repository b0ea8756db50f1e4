"""Labelled pages: the record, and the readers for every form in which labelled data may come.

Forms: the page format (JSONL, one page an object: id, url, lines, labels, spans, split), the row format that people
write (`### id kind`, then `CODE|text`), and flat files of lines (JSONL, CSV or TSV with `text` and `label`).
"""

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from moderation.errors import UnknownLabelError, UsageError
from moderation.labels import BY_CODE, find_label

FORMS = "pages as JSONL (lines, labels), lines as JSONL, CSV or TSV (text, label), or rows as .txt (CODE|text)"
SPAN_MARK = " ¦ "
BOM = b"\xef\xbb\xbf"

# the csv module's own limit of 128 KB a field is one for the whole process, and a giant line may be longer
csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True, slots=True)
class LabelledSpan:
    """Junk inside a kept line: code points [start, end) of that line."""

    line: int
    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class LabelledPage:
    """One page; `labels[i]` belongs to `lines[i]` and is None for a blank line.

    weight: what its lines count in the second stage, beside those of other pages. own: whether it is one of somebody's
    own, and not of the authored corpus.
    """

    id: str
    lines: tuple[str, ...]
    labels: tuple[str | None, ...]
    spans: tuple[LabelledSpan, ...] = ()
    split: str = ""
    kind: str = ""
    url: str = ""
    source: str = field(default="", compare=False)
    weight: float = field(default=1.0, compare=False)
    own: bool = field(default=False, compare=False)

    @property
    def text(self) -> str:
        """The page as one text."""
        return "\n".join(self.lines)


def read_labelled(paths: Iterable[Path]) -> list[LabelledPage]:
    """Every page of the files, in order. Raises UsageError that names file, line and what was expected."""
    pages: list[LabelledPage] = []
    for path in paths:
        if path.is_dir():
            raise UsageError(f"{path}: is a folder; name the files in it")
        if not path.is_file():
            raise UsageError(f"{path}: no such file; labelled data is {FORMS}")
        pages.extend(read_one(path))
    if not pages:
        raise UsageError("the labelled data holds no lines")
    return pages


def read_one(path: Path) -> Iterator[LabelledPage]:
    """The pages of one file, by its suffix."""
    suffix = path.suffix.lower()
    try:
        yield from read_suffix(path, suffix)
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8") from None
    except csv.Error as error:
        raise UsageError(f"{path}: not a table that can be read ({error}); a quote may not be closed") from None


def read_suffix(path: Path, suffix: str) -> Iterator[LabelledPage]:
    """The pages of one file of this suffix."""
    if suffix in {".jsonl", ".ndjson", ".json"}:
        yield from read_jsonl(path)
    elif suffix in {".csv", ".tsv"}:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream, delimiter="\t" if suffix == ".tsv" else ",", strict=True)
            if not {"text", "label"} <= set(rows.fieldnames or ()):
                raise UsageError(f"{path}: expected columns text and label, found {rows.fieldnames}")
            flat = [(f"{path}:{rows.line_num}", row["text"] or "", row["label"] or "") for row in rows]
        yield from flat_pages(path, flat)
    elif suffix == ".txt":
        yield from read_rows(path)
    else:
        raise UsageError(f"{path}: labelled data is {FORMS}")


def read_jsonl(path: Path) -> Iterator[LabelledPage]:
    """Pages, or flat lines: the first object says which."""
    flat = []
    for number, row in enumerate(path.read_bytes().removeprefix(BOM).split(b"\n"), 1):
        if not row.strip():
            continue
        where = f"{path}:{number}"
        try:
            record = orjson.loads(row)
        except orjson.JSONDecodeError as error:
            if row.lstrip().startswith(b"["):
                raise UsageError(f"{where}: expected one JSON object a line, found a JSON array") from None
            raise UsageError(f"{where}: not JSON ({error}); expected {FORMS}") from None
        if not isinstance(record, dict):
            raise UsageError(f"{where}: expected an object, found {type(record).__name__}")
        if "lines" in record:
            yield page_from_record(record, where)
        elif isinstance(record.get("text"), str) and isinstance(record.get("label"), str):
            flat.append((where, record["text"], record["label"]))
        else:
            raise UsageError(f"{where}: expected lines and labels, or text and label, found {sorted(record)}")
    yield from flat_pages(path, flat)


def flat_pages(path: Path, rows: list[tuple[str, str, str]]) -> Iterator[LabelledPage]:
    """One page a line: flat lines have no neighbours, and none may be made up for them."""
    for n, (where, text, label) in enumerate(rows):
        name = label_name(label, where)
        line = text.replace("\r", " ").replace("\n", " ")
        if line.strip():
            yield LabelledPage(f"{path.name}#{n}", (line,), (name,), kind="line", source=where)


def page_from_record(record: dict[str, Any], where: str) -> LabelledPage:
    """A page of the page format; labels are names or codes."""
    lines, labels = record.get("lines"), record.get("labels")
    if not isinstance(lines, list) or not isinstance(labels, list) or len(lines) != len(labels):
        raise UsageError(f"{where}: lines and labels must be lists of one length")
    names = tuple(None if label is None else label_name(str(label), where) for label in labels)
    if not all(isinstance(line, str) and "\n" not in line for line in lines):
        raise UsageError(f"{where}: every line must be a string without a line break")
    spans = []
    found = record.get("spans") or []
    for span in found if isinstance(found, list) else [found]:
        try:
            line, start, end, _ = int(span["line"]), int(span["start"]), int(span["end"]), span["label"]
        except (KeyError, TypeError, ValueError):
            raise UsageError(f"{where}: a span has line, start, end and label, found {span!r}") from None
        if not (0 <= line < len(lines) and 0 <= start < end <= len(lines[line])):
            raise UsageError(f"{where}: span {span} does not lie within its line")
        spans.append(LabelledSpan(line, start, end, label_name(str(span["label"]), where)))
    text = tuple(str(line) for line in lines)
    split, kind, url = (str(record.get(key) or "") for key in ("split", "kind", "url"))
    return LabelledPage(str(record.get("id") or where), text, names, tuple(spans), split, kind, url, source=where)


def label_name(label: str, where: str) -> str:
    """The label's name, from name or code; the error says where."""
    try:
        return find_label(label.strip()).name
    except UnknownLabelError as error:
        raise UsageError(f"{where}: {error}") from None


def read_rows(path: Path) -> Iterator[LabelledPage]:
    """Pages in the row format that people write; see docs/labelling.md."""
    head: list[str] | None = None
    lines: list[str] = []
    labels: list[str | None] = []
    spans: list[LabelledSpan] = []

    def page() -> Iterator[LabelledPage]:
        while lines and labels[-1] is None:
            lines.pop()
            labels.pop()
        if head is not None and lines:
            kind = head[2] if len(head) > 2 else ""
            yield LabelledPage(head[1], tuple(lines), tuple(labels), tuple(spans), kind=kind, source=str(path))

    for number, row in enumerate(path.read_text("utf-8-sig").split("\n"), 1):
        where = f"{path}:{number}"
        if row.startswith("### "):
            yield from page()
            head = row.split()
            if len(head) < 2:
                raise UsageError(f"{where}: expected `### id kind`")
            lines, labels, spans = [], [], []
        elif not row.strip():
            lines.append("")
            labels.append(None)
        elif head is None:
            raise UsageError(f"{where}: a page opens with `### id kind`")
        else:
            label, text, found = parse_row(row, where)
            spans.extend(replace(span, line=len(lines)) for span in found)
            lines.append(text)
            labels.append(label)
    yield from page()


def parse_row(row: str, where: str) -> tuple[str, str, list[LabelledSpan]]:
    """`C|title_brand ¦ G:_brand` as label, text and spans. A substring that stands more than once is taken in turn."""
    code, bar, rest = row.partition("|")
    if not bar or code not in BY_CODE:
        raise UsageError(f"{where}: expected `CODE|text` with a code of {''.join(BY_CODE)}, found {row[:40]!r}")
    text, *marks = re.split(f"{SPAN_MARK}(?=[{''.join(BY_CODE)}]:)", rest)
    spans: list[LabelledSpan] = []
    for mark in marks:
        junk = mark[2:]
        taken = [(s.start, s.end) for s in spans]
        start = text.find(junk)
        while start >= 0 and any(start < e and s < start + len(junk) for s, e in taken):
            start = text.find(junk, start + 1)
        if start < 0 or not junk:
            raise UsageError(f"{where}: the span {junk!r} does not stand in the line")
        spans.append(LabelledSpan(0, start, start + len(junk), BY_CODE[mark[0]].name))
    return BY_CODE[code].name, text, sorted(spans, key=lambda s: s.start)


def page_record(page: LabelledPage) -> dict[str, object]:
    """The page format's object."""
    spans = [{"line": s.line, "start": s.start, "end": s.end, "label": s.label} for s in page.spans]
    return {
        "id": page.id,
        "kind": page.kind,
        "split": page.split,
        "url": page.url,
        "lines": list(page.lines),
        "labels": list(page.labels),
        "spans": spans,
    }


def write_pages(pages: Iterable[LabelledPage], path: Path) -> None:
    """Write the page format."""
    path.write_bytes(b"".join(orjson.dumps(page_record(page)) + b"\n" for page in pages))
