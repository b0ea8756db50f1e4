"""What the dashboard shows: volumes by day and label, and the lines that are removed most often."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, func, select

from moderation.loop.store import Store
from moderation.loop.tables import FEEDBACK, LINES, PAGES, VERDICTS


@dataclass(frozen=True, slots=True)
class Volume:
    """Lines of one label on one day (UTC), their characters, and how many lines were dropped."""

    day: str
    label: str
    lines: int
    chars: int
    dropped: int


@dataclass(frozen=True, slots=True)
class RemovedLine:
    """A line that was dropped `count` times; lines that differ in digits and width alone count as one."""

    text: str
    label: str
    count: int
    last: str


@dataclass(frozen=True, slots=True)
class Stats:
    """corrected: corrections that count, by label."""

    volumes: tuple[Volume, ...]
    removed: tuple[RemovedLine, ...]
    verdicts: int
    corrections: int
    corrected: dict[str, int]


def statistics(store: Store, days: int, limit: int) -> Stats:
    """Over the last `days` days, with the `limit` lines removed most often. Raises StoreError."""
    since = (datetime.now(UTC) - timedelta(days=days - 1)).date().isoformat()
    with store.reading() as connection:
        corrected = (
            select(FEEDBACK.c.label, func.count()).where(FEEDBACK.c.withdrawn.is_(False)).group_by(FEEDBACK.c.label)
        )
        by_label = {row[0]: row[1] for row in connection.execute(corrected.order_by(FEEDBACK.c.label))}
        kept = connection.scalar(select(func.count()).select_from(VERDICTS)) or 0
        return Stats(
            volumes(connection, since), removed(connection, since, limit), kept, sum(by_label.values()), by_label
        )


def volumes(connection: Connection, since: str) -> tuple[Volume, ...]:
    """By day and label."""
    day = func.substr(LINES.c.created, 1, 10).label("day")
    chars = func.sum(LINES.c.end - LINES.c.start)
    dropped = func.sum(case((LINES.c.action == "drop", 1), else_=0))
    rows = (
        select(day, LINES.c.label, func.count(), chars, dropped)
        .where(LINES.c.created >= since)
        .group_by(day, LINES.c.label)
        .order_by(day, LINES.c.label)
    )
    return tuple(Volume(d, label, n, int(c), int(x)) for d, label, n, c, x in connection.execute(rows))


def removed(connection: Connection, since: str, limit: int) -> tuple[RemovedLine, ...]:
    """The lines dropped most often; which of the texts that fold to one is shown is the database's choice."""
    count = func.count().label("count")
    often = (
        select(
            LINES.c.digest, count, func.max(LINES.c.created).label("last"), func.max(LINES.c.verdict).label("verdict")
        )
        .where(LINES.c.action == "drop", LINES.c.created >= since)
        .group_by(LINES.c.digest)
        .order_by(count.desc(), LINES.c.digest)
        .limit(limit)
    )
    return tuple(removed_line(connection, row) for row in connection.execute(often).mappings().all())


def removed_line(connection: Connection, row: Any) -> RemovedLine:
    """With the text of one of them."""
    one = (
        select(LINES.c.start, LINES.c.end, LINES.c.label, PAGES.c.text)
        .join(VERDICTS, VERDICTS.c.id == LINES.c.verdict)
        .join(PAGES, PAGES.c.digest == VERDICTS.c.page)
        .where(LINES.c.verdict == row["verdict"], LINES.c.digest == row["digest"], LINES.c.action == "drop")
        .limit(1)
    )
    found = connection.execute(one).one()
    return RemovedLine(found.text[found.start : found.end], found.label, row["count"], row["last"])
