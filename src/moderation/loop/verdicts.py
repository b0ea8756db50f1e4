"""Verdicts that are kept, and how long."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

import orjson
from sqlalchemy import Connection, delete, exists, insert, select
from sqlalchemy.exc import IntegrityError

from moderation.loop.moment import days_ago, now
from moderation.loop.reading import text_digest
from moderation.loop.records import KeptLine, KeptVerdict
from moderation.loop.store import Store
from moderation.loop.tables import FEEDBACK, LINES, PAGES, VERDICTS
from moderation.records import Span

LINE_COLUMNS: Final = [column.name for column in LINES.c if column.name not in {"verdict", "created", "spans"}]
PART: Final = 500
"""Verdicts that are deleted in one transaction, so that writers need not wait long."""


def keep_verdicts(store: Store, verdicts: Sequence[KeptVerdict], created: str | None = None) -> None:
    """Write verdicts, all or none. Raises StoreError. created: now, unless a test says otherwise."""
    if not verdicts:
        return
    created = created or now()
    with store.writing() as connection:
        keep_pages(connection, [verdict.text for verdict in verdicts], created)
        connection.execute(
            insert(VERDICTS),
            [
                {
                    "id": verdict.id,
                    "created": created,
                    "page": text_digest(verdict.text),
                    "document": verdict.document,
                    "model": verdict.model,
                    "policy": verdict.policy,
                }
                for verdict in verdicts
            ],
        )
        rows = [line_row(verdict.id, created, line) for verdict in verdicts for line in verdict.lines]
        if rows:
            connection.execute(insert(LINES), rows)


def keep_pages(connection: Connection, texts: Iterable[str], created: str) -> None:
    """Write the texts that are not there yet, and hold those that are until the transaction ends.

    Several processes may write one page at once: whoever comes second finds it there. The order keeps two that write
    several from waiting for each other.
    """
    by_digest = {text_digest(text): text for text in texts}
    known = select(PAGES.c.digest).where(PAGES.c.digest.in_(by_digest)).with_for_update(read=True)
    for digest in sorted(by_digest.keys() - set(connection.scalars(known))):
        with suppress(IntegrityError), connection.begin_nested():
            connection.execute(insert(PAGES).values(digest=digest, created=created, text=by_digest[digest]))


def line_row(verdict: str, created: str, line: KeptLine) -> dict[str, Any]:
    """A line as a row."""
    row = {name: getattr(line, name) for name in LINE_COLUMNS}
    return row | {"verdict": verdict, "created": created, "spans": spans_json(line.spans)}


def spans_json(spans: Sequence[Span]) -> str:
    """Spans as they are stored."""
    return orjson.dumps([asdict(span) for span in spans]).decode()


def spans_of(stored: str) -> tuple[Span, ...]:
    """Spans as they were stored."""
    return tuple(Span(**span) for span in orjson.loads(stored))


def is_kept(store: Store, verdict: str) -> bool:
    """Whether the verdict of this id is in the store. Raises StoreError."""
    with store.reading() as connection:
        return connection.scalar(select(VERDICTS.c.id).where(VERDICTS.c.id == verdict)) is not None


def page_text(connection: Connection, digest: str) -> str:
    """The text of a page that a verdict or a correction names."""
    text: str = connection.scalar(select(PAGES.c.text).where(PAGES.c.digest == digest)) or ""
    return text


def forget(store: Store, days: float) -> int:
    """Delete verdicts that are older, then texts that nothing needs any more; corrections stay with their texts.

    Returns how many verdicts went. Raises StoreError.
    """
    before = days_ago(days)
    gone = 0
    while True:
        with store.writing() as connection:
            old = list(connection.scalars(select(VERDICTS.c.id).where(VERDICTS.c.created < before).limit(PART)))
            if old:
                connection.execute(delete(LINES).where(LINES.c.verdict.in_(old)))
                connection.execute(delete(VERDICTS).where(VERDICTS.c.id.in_(old)))
            gone += len(old)
            if len(old) < PART:
                connection.execute(
                    delete(PAGES).where(
                        ~exists().where(VERDICTS.c.page == PAGES.c.digest),
                        ~exists().where(FEEDBACK.c.page == PAGES.c.digest),
                    )
                )
                return gone
