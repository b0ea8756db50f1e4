"""The queue: of the lines of kept verdicts, those whose label would teach most.

Least certain lines first (uncertainty sampling: Lewis and Gale, 1994), and those that two opinions disagree on (query
by committee: Seung et al., 1992): the line by itself and on its page, or the candidate model and the current one.
What says the same stands once, what is labelled does not come back, and a page gives few lines, so that one odd page
does not fill the queue.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, select

from moderation.loop.store import Store
from moderation.loop.tables import FEEDBACK, LINES, PAGES, VERDICTS
from moderation.moderate import Moderator
from moderation.records import Verdict

OF_A_PAGE: Final = 2
AROUND: Final = 2
POOL: Final = 25
"""Lines that are looked at for each one that is asked for."""
CANDIDATE_PAGES: Final = 100
"""Pages that the candidate judges; newest first, after those of the pool."""
UNSURE: Final = 0.5
"""Doubt from which on a line is called unsure."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A label with its probability."""

    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A line of the page beside one in the queue; label and action are None for a blank line."""

    line: int
    text: str
    label: str | None
    action: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A line worth a label; see docs/loop-api.md for reasons and use. seen: how often it occurs."""

    verdict: str
    document: str | None
    page: str
    line: int
    start: int
    end: int
    text: str
    label: str
    score: float
    junk: float
    action: str
    alone: Opinion
    candidate: Opinion | None
    reasons: tuple[str, ...]
    use: float
    seen: int
    before: tuple[Neighbour, ...]
    after: tuple[Neighbour, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """lines: most useful first. verdicts, lines_kept: in the store. labelled: corrections."""

    lines: tuple[Waiting, ...]
    verdicts: int
    lines_kept: int
    labelled: int


def queue(store: Store, limit: int, candidate: Moderator | None = None) -> Queue:
    """The `limit` lines that are most worth a label. Raises StoreError."""
    with store.reading() as connection:
        rows = pool(connection, limit * POOL)
        done = set(connection.scalars(select(FEEDBACK.c.digest).where(FEEDBACK.c.withdrawn.is_(False)).distinct()))
        differing = disagreements(connection, rows, candidate) if candidate else {}
        verdicts, kept = count(connection, VERDICTS), count(connection, LINES)
        labelled = connection.scalar(select(func.count()).select_from(FEEDBACK).where(FEEDBACK.c.withdrawn.is_(False)))
        known = {(row["verdict"], row["line"]) for row in rows}
        more = rows_of(connection, [key for key in differing if key not in known])
        chosen = spread([*rows, *more], differing, done, limit)
        seen = occurrences(connection, [row["digest"] for row, _ in chosen])
        lines = tuple(waiting(connection, row, opinion, seen[row["digest"]]) for row, opinion in chosen)
    return Queue(lines, verdicts, kept, labelled or 0)


def count(connection: Connection, table: Any) -> int:
    """Rows of a table."""
    return connection.scalar(select(func.count()).select_from(table)) or 0


def pool(connection: Connection, size: int) -> list[Any]:
    """The lines with the highest use."""
    rows = select(LINES, VERDICTS.c.page, VERDICTS.c.document).join(VERDICTS, VERDICTS.c.id == LINES.c.verdict)
    return list(connection.execute(rows.order_by(LINES.c.use.desc()).limit(size)).mappings())


def rows_of(connection: Connection, keys: Sequence[tuple[str, int]]) -> list[Any]:
    """The rows of some lines."""
    wanted = set(keys)
    rows = select(LINES, VERDICTS.c.page, VERDICTS.c.document).join(VERDICTS, VERDICTS.c.id == LINES.c.verdict)
    found = connection.execute(rows.where(LINES.c.verdict.in_({verdict for verdict, _ in keys}))).mappings()
    return [row for row in found if (row["verdict"], row["line"]) in wanted]


def disagreements(
    connection: Connection, rows: Iterable[Any], candidate: Moderator
) -> dict[tuple[str, int], tuple[Opinion, float]]:
    """By verdict and line, what the candidate says otherwise, and by how much that adds to the use: 1 if the action
    differs, half of it if only the label does."""
    ids = list(dict.fromkeys(row["verdict"] for row in rows))[:CANDIDATE_PAGES]
    newest = select(VERDICTS.c.id).order_by(VERDICTS.c.created.desc()).limit(CANDIDATE_PAGES)
    ids = list(dict.fromkeys([*ids, *connection.scalars(newest)]))[:CANDIDATE_PAGES]
    pages = select(VERDICTS.c.id, PAGES.c.text).join(PAGES, PAGES.c.digest == VERDICTS.c.page)
    texts = {row.id: row.text for row in connection.execute(pages.where(VERDICTS.c.id.in_(ids)))}
    kept: dict[tuple[str, int], tuple[str, str]] = {
        (row.verdict, row.line): (row.label, row.action)
        for row in connection.execute(
            select(LINES.c.verdict, LINES.c.line, LINES.c.label, LINES.c.action).where(LINES.c.verdict.in_(ids))
        )
    }
    found = {}
    for verdict, result in zip(texts, candidate.clean_many(list(texts.values())), strict=True):
        for line in result.verdicts:
            label, action = kept.get((verdict, line.line), (line.label, line.action))
            if (label, action) != (line.label, line.action):
                found[verdict, line.line] = (Opinion(line.label, line.score), weight(action, line))
    return found


def weight(action: str, other: Verdict) -> float:
    """What the candidate's disagreement adds to the use."""
    return 1.0 if other.action != action else 0.5


def spread(
    rows: Sequence[Any],
    differing: dict[tuple[str, int], tuple[Opinion, float]],
    done: set[str],
    limit: int,
) -> list[tuple[Any, tuple[Opinion, float] | None]]:
    """The best rows, each text once, few of a page."""
    scored = [(row, differing.get((row["verdict"], row["line"]))) for row in rows]
    scored.sort(key=lambda pair: -pair[0]["use"] - (pair[1][1] if pair[1] else 0))
    taken, of_page, chosen = set(done), Counter[str](), []
    for row, opinion in scored:
        if row["digest"] in taken or of_page[row["page"]] >= OF_A_PAGE:
            continue
        taken.add(row["digest"])
        of_page[row["page"]] += 1
        chosen.append((row, opinion))
        if len(chosen) == limit:
            break
    return chosen


def occurrences(connection: Connection, digests: Sequence[str]) -> dict[str, int]:
    """How often each line occurs."""
    rows = select(LINES.c.digest, func.count()).where(LINES.c.digest.in_(digests)).group_by(LINES.c.digest)
    return {row[0]: row[1] for row in connection.execute(rows)}


def waiting(connection: Connection, row: Any, opinion: tuple[Opinion, float] | None, seen: int) -> Waiting:
    """A chosen row with what stands around it."""
    text = connection.scalar(select(PAGES.c.text).where(PAGES.c.digest == row["page"])) or ""
    reasons = [
        name
        for name, holds in (("unsure", row["doubt"] >= UNSURE), ("stages", row["apart"] > 0), ("candidate", opinion))
        if holds
    ]
    around = neighbours(connection, row, text)
    return Waiting(
        text=text[row["start"] : row["end"]],
        alone=Opinion(row["alone_label"], row["alone_score"]),
        candidate=opinion[0] if opinion else None,
        reasons=tuple(reasons or ["unsure"]),
        use=row["use"] + (opinion[1] if opinion else 0),
        seen=seen,
        before=tuple(n for n in around if n.line < row["line"])[-AROUND:],
        after=tuple(n for n in around if n.line > row["line"])[:AROUND],
        **{
            name: row[name]
            for name in ("verdict", "document", "page", "line", "start", "end", "label", "score", "junk", "action")
        },
    )


def neighbours(connection: Connection, row: Any, text: str) -> list[Neighbour]:
    """The lines of the page that are not blank, near the row."""
    near = (
        select(LINES.c.line, LINES.c.start, LINES.c.end, LINES.c.label, LINES.c.action)
        .where(LINES.c.verdict == row["verdict"], LINES.c.line != row["line"])
        .limit(AROUND)
    )
    below = connection.execute(near.where(LINES.c.line < row["line"]).order_by(LINES.c.line.desc()))
    above = connection.execute(near.where(LINES.c.line > row["line"]).order_by(LINES.c.line))
    found = [Neighbour(n.line, text[n.start : n.end], n.label, n.action) for n in [*below, *above]]
    return sorted(found, key=lambda neighbour: neighbour.line)
