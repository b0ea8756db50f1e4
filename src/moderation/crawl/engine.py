"""What an engine is: it runs shards somewhere and reports on each. One file per engine."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from moderation.crawl.documents import documents_of, moderator_of
from moderation.crawl.plan import Schemas, Shard
from moderation.crawl.settings import Settings
from moderation.crawl.shard import Advance, Room, ShardReport, run_shard
from moderation.crawl.site_count import CountRoom, count_shard
from moderation.crawl.steps import steps_of
from moderation.errors import ModerationError


@dataclass(frozen=True, slots=True)
class Job:
    """What every worker is told once. counting: the first pass of --site-lines. highlights: as in shard.Room."""

    folder: Path
    rejected: str
    settings: Settings
    schemas: Schemas
    counting: bool = False
    highlights: bool = True


@dataclass(frozen=True, slots=True)
class Advanced:
    """News of a shard at work: stored bytes read, records rejected since the last news."""

    stored: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Retried:
    """A worker was lost with this shard, which is begun again."""

    shard: Shard
    reason: str


@dataclass(frozen=True, slots=True)
class Noted:
    """A sentence of a worker that the user is told once."""

    line: str


News: TypeAlias = Advanced | Retried | Noted | ShardReport


class Engine(Protocol):
    """Runs shards."""

    def run(self, job: Job, shards: Sequence[Shard]) -> Generator[News, None, None]:
        """News as it comes; one report for every shard, those that failed included, unless the caller stops listening.
        Closing the iterator ends all work.
        """


def room_of(job: Job) -> Room | CountRoom:
    """What a worker needs for the job's pass; loaded once a worker."""
    if job.counting:
        return CountRoom(job.folder, job.settings, moderator_of(job.settings).model.tables)
    return open_room(job)


def open_room(job: Job) -> Room:
    """Load what cleaning needs."""
    documents, steps = documents_of(job.settings, job.folder), steps_of(job.settings)
    return Room(job.folder, job.rejected, job.settings, job.schemas, documents, steps, job.highlights)


def attempt(shard: Shard, room: Room | CountRoom, advance: Advance) -> ShardReport:
    """Run a shard; what goes wrong with it becomes its report."""
    try:
        if isinstance(room, CountRoom):
            count_shard(shard, room, advance)
            return ShardReport(shard.number)
        return run_shard(shard, room, advance)
    except ModerationError as error:
        return ShardReport(shard.number, error=str(error).removeprefix(f"{shard.what}: "))
    except MemoryError:
        return ShardReport(shard.number, error="out of memory; use fewer workers, or a lower --max-record-bytes")
    except OSError as error:
        return ShardReport(shard.number, error=f"{error.filename or shard.what}: {error.strerror or error}")


class InProcess:
    """One shard after the other, in this process: for small runs."""

    def run(self, job: Job, shards: Sequence[Shard]) -> Generator[News, None, None]:
        """As in Engine."""
        room = room_of(job)
        for shard in shards:
            news: list[Advanced] = []
            report = attempt(shard, room, lambda stored, rejected, to=news: to.append(Advanced(stored, rejected)))  # type: ignore[misc]
            yield from news
            yield report
