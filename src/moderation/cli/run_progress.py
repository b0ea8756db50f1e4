"""What a run over a crawl shows while it works: a bar on a terminal, lines of JSON for a server, or nothing."""

import sys
import time
from typing import TYPE_CHECKING, Final

from moderation.cli.log_line import log
from moderation.crawl.plan import Shard
from moderation.crawl.run import Task
from moderation.crawl.shard import ShardReport

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

EVERY: Final = 60.0
"""Seconds between sentences where stderr is no terminal."""


class Quiet:
    """Says only what must be said."""

    def __init__(self) -> None:
        self.size = self.done = self.before = self.rejected = self.shards = self.of = 0
        self.doing: Task = "cleaning"
        self.start = time.perf_counter()

    def __enter__(self) -> "Quiet":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was put up."""

    @property
    def seconds(self) -> float:
        """Since what is done now was begun."""
        return time.perf_counter() - self.start

    @property
    def rate(self) -> float:
        """Stored bytes a second, of this session."""
        return (self.done - self.before) / max(self.seconds, 1e-9)

    @property
    def seconds_left(self) -> float:
        """At this rate; 0 where there is none yet."""
        return max(0, self.size - self.done) / self.rate if self.rate else 0.0

    def begin(self, shards: int, size: int, done: int, task: Task = "cleaning") -> None:
        """As in crawl.run.Watcher."""
        self.doing, self.of, self.size, self.done, self.before = task, shards, size, done, done
        self.shards = self.rejected = 0
        self.start = time.perf_counter()

    def advance(self, stored: int, rejected: int) -> None:
        """As in crawl.run.Watcher."""
        self.done += stored
        self.rejected += rejected

    def finished(self, shard: Shard, report: ShardReport) -> None:
        """As in crawl.run.Watcher."""
        self.shards += 1
        if report.error:
            failed = "failed" if self.doing == "cleaning" else "could not be counted"
            self.say(f"moderation: {shard.what} {failed}: {report.error}")

    def say(self, line: str) -> None:
        """As in crawl.run.Watcher."""
        print(line, file=sys.stderr)

    def note(self, line: str) -> None:
        """As in crawl.run.Watcher."""


class JsonLog(Quiet):
    """One JSON object a line on stderr, for servers."""

    def begin(self, shards: int, size: int, done: int, task: Task = "cleaning") -> None:
        """As in crawl.run.Watcher."""
        super().begin(shards, size, done, task)
        log("begin", task=task, shards=shards, bytes=size, done=done)

    def finished(self, shard: Shard, report: ShardReport) -> None:
        """As in crawl.run.Watcher."""
        self.shards += 1
        facts = {"task": self.doing, "bytes": self.done, "of": self.size, "bytes_per_second": round(self.rate)}
        facts |= {"seconds_left": round(self.seconds_left), "rejected": self.rejected}
        if report.error:
            log("shard_failed", shard=shard.number, what=shard.what, error=report.error, **facts)
        else:
            log("shard", shard=shard.number, seconds=round(report.seconds, 3), **facts)

    def say(self, line: str) -> None:
        """As in crawl.run.Watcher."""
        log("message", text=line.removeprefix("moderation: "))

    def note(self, line: str) -> None:
        """As in crawl.run.Watcher."""
        self.say(line)


class Shown(Quiet):
    """A bar with rate, time left and rejected records; a sentence a minute where stderr is no terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.bar: Bar | None = None
        self.task: TaskID | None = None
        self.said = time.perf_counter()

    def note(self, line: str) -> None:
        """As in crawl.run.Watcher."""
        self.say(line)

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()

    def begin(self, shards: int, size: int, done: int, task: Task = "cleaning") -> None:
        """As in crawl.run.Watcher."""
        super().begin(shards, size, done, task)
        self.said = time.perf_counter()
        if self.bar:
            self.bar.stop()
            self.bar = None
        if not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
        from rich.progress import Progress as Bar

        counts = TextColumn("{task.fields[shards]} shards, {task.fields[rejected]} rejected")
        what = TextColumn("{task.description}")
        columns = (what, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(), counts)
        self.bar = Bar(*columns, console=Console(stderr=True), transient=True)
        self.task = self.bar.add_task(task, total=size, completed=done, shards=f"0/{shards}", rejected=0)
        self.bar.start()

    def advance(self, stored: int, rejected: int) -> None:
        """As in crawl.run.Watcher."""
        super().advance(stored, rejected)
        if self.bar and self.task is not None:
            self.bar.update(
                self.task, completed=self.done, shards=f"{self.shards}/{self.of}", rejected=f"{self.rejected:,}"
            )
        elif time.perf_counter() - self.said > EVERY:
            self.said = time.perf_counter()
            self.say(
                f"moderation: {self.doing}: {self.done / max(self.size, 1):.1%}; {self.rate / 1e6:.1f} MB/s; "
                f"{self.seconds_left / 60:.0f} min left; "
                f"{self.shards:,} of {self.of:,} shards; {self.rejected:,} rejected"
            )

    def say(self, line: str) -> None:
        """As in crawl.run.Watcher."""
        if self.bar:
            self.bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            print(line, file=sys.stderr)
