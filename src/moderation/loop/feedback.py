"""Corrections: the right label of a line or of a span, written so that what was acknowledged is never lost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from moderation.errors import TextError, UnknownLabelError, UsageError
from moderation.labels import find_label
from moderation.loop.moment import now
from moderation.loop.reading import line_digests, text_digest
from moderation.loop.records import Correction, NewCorrection
from moderation.loop.store import Store
from moderation.loop.tables import FEEDBACK, LINES, PAGES, VERDICTS
from moderation.loop.verdicts import keep_pages, page_text, spans_json
from moderation.moderate import Moderator

LONGEST_NOTE: Final = 2000
LONGEST_NAME: Final = 2048


class CorrectionError(UsageError):
    """A correction that makes no sense; `field` is the name of the field that is wrong."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}")
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Seen:
    """What the model said of the line that is corrected."""

    text: str
    label: str | None
    spans: str
    model: str
    policy: str
    document: str | None
    verdict: str | None


def record(store: Store, new: NewCorrection, moderator: Callable[[], Moderator]) -> Correction:
    """Write a correction; when this returns it is on the disk.

    moderator: asked only where the verdict was not kept. Raises CorrectionError, StoreError.
    """
    check(new)
    with store.reading() as connection:
        seen = kept(connection, new)
    seen = seen or judged(new, moderator())
    start, end = line_bounds(seen.text, new)
    digest = line_digests([seen.text[start:end]], moderator().model)[0]
    created = now()
    row: dict[str, Any] = {
        "id": uuid4().hex,
        "created": created,
        "page": text_digest(seen.text),
        "digest": digest,
        "line": new.line,
        "start": new.start,
        "end": new.end,
        "label": find_label(new.label).name,
        "found": seen.label,
        "found_spans": seen.spans,
        "verdict": seen.verdict,
        "document": new.document or seen.document,
        "model": seen.model,
        "policy": seen.policy,
        "who": new.who,
        "note": new.note,
        "withdrawn": False,
    }
    with store.writing() as connection:
        keep_pages(connection, [seen.text], created)
        connection.execute(insert(FEEDBACK).values(row))
    return correction(row, seen.text)


def check(new: NewCorrection) -> None:
    """Raises CorrectionError for what can be seen without the page."""
    if new.verdict is None and new.text is None:
        raise CorrectionError("verdict", "name a kept verdict, or send the page as `text`")
    if (new.start is None) != (new.end is None):
        raise CorrectionError("start" if new.start is None else "end", "a span has both start and end")
    try:
        find_label(new.label)
    except UnknownLabelError as error:
        raise CorrectionError("label", str(error)) from None
    for field, longest in (("note", LONGEST_NOTE), ("who", LONGEST_NAME), ("document", LONGEST_NAME)):
        if len(getattr(new, field) or "") > longest:
            raise CorrectionError(field, f"at most {longest} characters")
    for field in ("text", "note", "who", "document"):
        try:
            (getattr(new, field) or "").encode()
        except UnicodeEncodeError as error:
            raise CorrectionError(field, f"holds a lone surrogate at {error.start}") from None


def kept(connection: Connection, new: NewCorrection) -> Seen | None:
    """From the kept verdict; None where it is not kept and the page came along."""
    row = connection.execute(select(VERDICTS).where(VERDICTS.c.id == new.verdict)).mappings().first()
    if row is None:
        if new.text is None:
            raise CorrectionError("verdict", f"no kept verdict {new.verdict!r}; send the page as `text`")
        return None
    line = connection.execute(
        select(LINES.c.label, LINES.c.spans).where(LINES.c.verdict == row["id"], LINES.c.line == new.line)
    ).first()
    label, spans = (line.label, line.spans) if line else (None, "[]")
    text = page_text(connection, row["page"])
    return Seen(text, label, spans, row["model"], row["policy"], row["document"], row["id"])


def judged(new: NewCorrection, moderator: Moderator) -> Seen:
    """From judging the page that came along."""
    text = new.text or ""
    try:
        result = moderator.clean(text)
    except TextError as error:
        raise CorrectionError("text", str(error)) from None
    verdict = next((v for v in result.verdicts if v.line == new.line), None)
    label, spans = (verdict.label, spans_json(verdict.spans)) if verdict else (None, "[]")
    return Seen(text, label, spans, result.model, result.policy, None, None)


def line_bounds(text: str, new: NewCorrection) -> tuple[int, int]:
    """Where the line stands in the text. Raises CorrectionError for a line that isn't there, and a span outside it."""
    lines = text.split("\n")
    if not 0 <= new.line < len(lines):
        raise CorrectionError("line", f"the page has the lines 0 to {len(lines) - 1}, found {new.line}")
    start = sum(len(line) + 1 for line in lines[: new.line])
    end = start + len(lines[new.line].removesuffix("\r"))
    if not text[start:end].strip():
        raise CorrectionError("line", f"line {new.line} is blank; only lines with visible characters have labels")
    if new.start is not None and new.end is not None and not start <= new.start < new.end <= end:
        raise CorrectionError(
            "start",
            f"[{new.start}, {new.end}) must lie within line {new.line}, which is [{start}, {end})",
        )
    return start, end


def correction(row: RowMapping | dict[str, Any], text: str) -> Correction:
    """A row with the text of its page."""
    line = text.split("\n")[row["line"]].removesuffix("\r")
    fields = {name: row[name] for name in Correction.__slots__ if name != "text"}
    return Correction(text=line, **fields)


def withdraw(store: Store, correction_id: str) -> Correction | None:
    """Take a correction back; it stays on record. None where there is none of this id."""
    with store.writing() as connection:
        connection.execute(update(FEEDBACK).where(FEEDBACK.c.id == correction_id).values(withdrawn=True))
        row = connection.execute(select(FEEDBACK).where(FEEDBACK.c.id == correction_id)).mappings().first()
        return correction(row, page_text(connection, row["page"])) if row else None


def listed(store: Store, limit: int, offset: int = 0) -> tuple[list[Correction], int]:
    """Corrections, newest first, and how many there are; withdrawn ones too."""
    rows = (
        select(FEEDBACK, PAGES.c.text.label("page_text"))
        .join(PAGES, PAGES.c.digest == FEEDBACK.c.page)
        .order_by(FEEDBACK.c.seq.desc())
    )
    with store.reading() as connection:
        found = connection.execute(rows.limit(limit).offset(offset)).mappings().all()
        total = connection.scalar(select(func.count()).select_from(FEEDBACK)) or 0
    return [correction(row, row["page_text"]) for row in found], total
