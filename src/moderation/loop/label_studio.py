"""Labels from and for Label Studio: a task a page, a region over a whole line or over the junk in it.

Offsets are code points in newer versions and UTF-16 units in older ones (its issue 1347): the region's own text tells.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from moderation.errors import UsageError
from moderation.labels import NAMES
from moderation.loop.corrections import line_starts
from moderation.loop.exchange import BadRowError, Draft, Imported, SetAside, label_of
from moderation.train.dataset import LabelledPage

FROM, TO, KIND = "label", "text", "labels"
CONFIG: Final = (
    f'<View>\n  <Labels name="{FROM}" toName="{TO}">\n'
    + "".join(f'    <Label value="{name}"/>\n' for name in NAMES)
    + f'  </Labels>\n  <Text name="{TO}" value="$text"/>\n</View>\n'
)
"""The labelling interface that tasks and regions are for."""


def tasks(pages: Iterable[LabelledPage]) -> bytes:
    """The pages as a JSON file to be imported there, with their labels as an annotation."""
    return orjson.dumps([task(page) for page in pages], option=orjson.OPT_INDENT_2) + b"\n"


def task(page: LabelledPage) -> dict[str, Any]:
    """One page."""
    starts = line_starts(page.text)
    regions = [
        region(page.text, start, start + len(line), label)
        for start, line, label in zip(starts, page.lines, page.labels, strict=True)
        if label
    ]
    regions += [
        region(page.text, starts[span.line] + span.start, starts[span.line] + span.end, span.label)
        for span in page.spans
    ]
    data = {"text": page.text, "page": page.id, "url": page.url}
    return {"data": data, "annotations": [{"result": regions}]}


def region(text: str, start: int, end: int, label: str) -> dict[str, Any]:
    """One region; its id is made of its place, so that the same pages give the same file."""
    name = hashlib.sha256(f"{start}-{end}-{label}".encode()).hexdigest()[:10]
    value = {"start": start, "end": end, "text": text[start:end], KIND: [label]}
    return {"id": name, "from_name": FROM, "to_name": TO, "type": KIND, "value": value}


def read_tasks(path: Path) -> Imported:
    """Pages of an export (JSON or JSON-MIN). A region over a whole line is the line's label, one inside a line marks
    junk, one over several lines labels each. Raises UsageError for what is no export."""
    try:
        rows = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path}: not JSON ({error}); export as JSON or JSON-MIN") from None
    if not isinstance(rows, list):
        raise UsageError(f"{path}: expected a list of tasks, found {type(rows).__name__}; export as JSON or JSON-MIN")
    found = Imported()
    for number, row in enumerate(rows, 1):
        where = f"{path.name}:{number}"
        try:
            draft, regions = opened(row, where)
        except BadRowError as error:
            found.aside.append(SetAside(where, str(error), row))
            continue
        text = "\n".join(draft.lines)
        for value in wide_first(regions):
            try:
                take(draft, text, value)
            except BadRowError as error:
                found.aside.append(SetAside(where, str(error), value))
        if any(draft.labels):
            found.pages.append(draft.page())
    return found


def opened(row: Any, where: str) -> tuple[Draft, list[Any]]:
    """The page of a task, and the values of its regions. Raises BadRowError."""
    if not isinstance(row, dict):
        raise BadRowError(f"a task is an object, found {type(row).__name__}")
    data = row.get("data") if isinstance(row.get("data"), dict) else row
    text = data.get("text") if isinstance(data, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise BadRowError("the task has no text under `data.text`")
    name = str(data.get("page") or row.get("id") or where) if isinstance(data, dict) else where
    url = str(data.get("url") or "") if isinstance(data, dict) else ""
    return Draft(name, text.replace("\r\n", " \n").split("\n"), url), list(regions_of(row))


def regions_of(row: dict[str, Any]) -> Iterator[Any]:
    """Values of the regions: of the last annotation that was not cancelled, or of a JSON-MIN row.

    Raises BadRowError."""
    if isinstance(row.get(FROM), list):
        yield from row[FROM]
        return
    annotations = row.get("annotations") or row.get("completions") or []
    done = [a for a in annotations if isinstance(a, dict) and not a.get("was_cancelled")]
    if not done:
        raise BadRowError("the task has no annotation")
    for found in done[-1].get("result") or []:
        if isinstance(found, dict) and found.get("type") == KIND:
            yield found.get("value")


def wide_first(regions: list[Any]) -> list[Any]:
    """Whole lines before what is marked in them; what has no place comes last, to be set aside."""
    return sorted(regions, key=lambda value: -size(value))


def size(value: Any) -> int:
    """Characters of a region."""
    try:
        return int(value["end"]) - int(value["start"])
    except (TypeError, KeyError, ValueError):
        return -1


def take(draft: Draft, text: str, value: Any) -> None:
    """Add a region to its page. Raises BadRowError."""
    try:
        start, end, (name,) = int(value["start"]), int(value["end"]), value[KIND]
    except (TypeError, KeyError, ValueError):
        raise BadRowError("a region has start, end and one label") from None
    label = label_of(str(name))
    start, end = placed(text, start, end, value.get("text"))
    for line, begin in enumerate(line_starts(text)):
        own = draft.lines[line]
        first, last = max(start, begin), min(end, begin + len(own))
        if first >= last or not own.strip():
            continue
        if not own[: first - begin].strip() and not own[last - begin :].strip():
            draft.set_label(line, label)
        else:
            draft.add_span(line, first - begin, last - begin, label)


def placed(text: str, start: int, end: int, own: Any) -> tuple[int, int]:
    """The region in code points. Raises BadRowError where it lies elsewhere than its own text says."""
    if not 0 <= start < end:
        raise BadRowError(f"[{start}, {end}) is no region")
    if not isinstance(own, str) or same(text[start:end], own):
        if end > len(text):
            raise BadRowError(f"[{start}, {end}) does not lie in the text, which has {len(text)} characters")
        return start, end
    units = text.encode("utf-16-le")
    before = units[: 2 * start].decode("utf-16-le", "replace")
    inside = units[2 * start : 2 * end].decode("utf-16-le", "replace")
    if same(inside, own):
        return len(before), len(before) + len(inside)
    raise BadRowError(f"at [{start}, {end}) stands {text[start:end][:20]!r}, and the region says {own[:20]!r}")


def same(one: str, other: str) -> bool:
    """Whether two texts are the same but for white space and line breaks, which browsers and exports change."""
    return one.split() == other.replace("\\n", "\n").split()
