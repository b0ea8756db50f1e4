"""A run from its inputs to its report: begun, or gone on with."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias

import orjson

from moderation.crawl.claim import Claim, Shared, claimed
from moderation.crawl.engine import Advanced, Engine, InProcess, Job, News, Noted, Retried
from moderation.crawl.fetched import run_at
from moderation.crawl.manifest import (
    PAGE,
    Finished,
    Manifest,
    check_empty,
    identities,
    is_run,
    keep_only,
    locked,
    make_folder,
    read_finished,
    read_manifest,
    refuse_other,
    still_whole,
    write_manifest,
)
from moderation.crawl.mirror import Mirror
from moderation.crawl.output import remove_parts, write_whole
from moderation.crawl.plan import Plan, Shard, make_plan
from moderation.crawl.report_html import html_report
from moderation.crawl.settings import Settings, settings_record
from moderation.crawl.shard import REJECTED, ShardReport
from moderation.crawl.site_count import is_counted
from moderation.crawl.site_table import is_made, make_table
from moderation.crawl.state import REPORT
from moderation.crawl.tally import Tally, imbalance, merge
from moderation.errors import ModerationError
from moderation.formats.base import Source

SMALL: Final = 4 << 20
"""Stored bytes of input that are done before another process would have begun."""
OnError: TypeAlias = Literal["stop", "continue"]
Task: TypeAlias = Literal["counting", "cleaning"]


class Watcher(Protocol):
    """Is told how a run goes on."""

    def begin(self, shards: int, size: int, done: int, task: Task = "cleaning") -> None:
        """So many shards of so many stored bytes, of which `done` bytes are finished already. A run with --site-lines
        begins twice: to count, then to clean.
        """

    def advance(self, stored: int, rejected: int) -> None:
        """So many stored bytes more were read, so many records more rejected."""

    def finished(self, shard: Shard, report: ShardReport) -> None:
        """One more shard, finished or failed."""

    def say(self, line: str) -> None:
        """A sentence for the user."""

    def note(self, line: str) -> None:
        """A sentence that quiet runs leave out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to run. folder: of this machine; with a mirror, the mirror's. rejected: a folder, or "" for the run's own.
    engine: None for processes of this machine.
    """

    folder: Path
    sources: Sequence[Source]
    settings: Settings
    engine: Engine | None = None
    resume: bool = False
    on_error: OnError = "continue"
    rejected: str = ""
    mirror: Mirror | None = None

    @property
    def where(self) -> str:
        """The run's folder, for messages."""
        return self.mirror.remote.url if self.mirror else str(self.folder)


@dataclass(frozen=True, slots=True)
class Outcome:
    """failed: shards that could not be cleaned, with why; they are tried again with --resume. read: bytes of records
    that were read in these `seconds`, that is, without what was finished before.
    """

    tally: Tally
    shards: int
    failed: tuple[ShardReport, ...]
    seconds: float
    read: int
    complete: bool


class StoppedError(ModerationError):
    """A shard failed, and the run was told to stop at the first."""


def clean_crawl(order: Order, watcher: Watcher) -> Outcome:
    """Run, or go on with, what was ordered. The folder then holds report.json, whose state is complete or incomplete.

    Raises UsageError for a folder that is not this run's, StoppedError where a shard failed and on_error is stop.
    """
    with ExitStack() as stack:
        if order.mirror:
            stack.enter_context(order.mirror.opened())
        begun = order.mirror.is_run() if order.mirror else is_run(order.folder)
        if order.resume and begun:
            claim = stack.enter_context(alone(order, watcher))
            if order.mirror:
                order.mirror.fetch()
            manifest, done = go_on(order, watcher)
        else:
            refuse_present(order)
            manifest, done = prepare(order), []  # before anything is made: it may turn out that it can't be done
            make_folder(order.folder)
            claim = stack.enter_context(alone(order, watcher))
            refuse_present(order)
            write_manifest(order.folder, manifest)
        if order.mirror:
            order.mirror.begin(again=order.resume and begun)
        return work(order, manifest, done, watcher, claim)


@contextmanager
def alone(order: Order, watcher: Watcher) -> Iterator[Claim | None]:
    """Keeps other runs out of the run's place: by a lock of the system, and by a claim where that reaches no further
    than this machine.
    """
    with locked(order.folder) as held:
        if held and not order.mirror:
            yield None
            return
        place = order.mirror.remote if order.mirror else Shared(order.folder)
        with claimed(place, order.where, resume=order.resume, say=watcher.say) as claim:
            yield claim


def refuse_present(order: Order) -> None:
    """Raises UsageError where the run's place is not empty."""
    if order.mirror:
        order.mirror.check_empty()
    else:
        check_empty(order.folder)


def prepare(order: Order) -> Manifest:
    """The plan, and what the inputs are; a run that decides anew has those of the run before it."""
    if order.settings.again:
        with run_at(order.settings.again) as folder:
            return replace(read_manifest(folder), settings=order.settings)
    known = identities(order.sources)
    return Manifest(order.settings, make_plan(order.sources, order.settings), known)


def go_on(order: Order, watcher: Watcher) -> tuple[Manifest, list[ShardReport]]:
    """The manifest of the folder, and the shards whose files are still as they were written."""
    manifest = read_manifest(order.folder)
    if order.settings.again:
        now = prepare(order)
    else:
        now = Manifest(order.settings, Plan(tuple(order.sources), (), {}), identities(order.sources))
    refuse_other(order.where, manifest, now)
    found = read_finished(order.folder)
    good = [report for report in found.values() if not report.error]
    done = order.mirror.still_whole(good) if order.mirror else still_whole(order.folder, good)
    damaged = len(good) - len(done)
    if damaged:
        watcher.say(f"moderation: {damaged} finished shards were changed or removed since; they are done again")
    for name in (REPORT, PAGE):
        (order.folder / name).unlink(missing_ok=True)
    keep_only(order.folder, done)
    return manifest, done


def work(
    order: Order, manifest: Manifest, done: list[ShardReport], watcher: Watcher, claim: Claim | None = None
) -> Outcome:
    """Run what is not done, write down what gets done, and the report at the end."""
    start = time.perf_counter()
    remove_all_parts(order)
    plan = manifest.plan
    known = {report.number for report in done}
    todo = [shard for shard in plan.shards if shard.number not in known]
    failed: list[ShardReport] = []
    job = Job(order.folder.resolve(), rejected_folder(order), order.settings, plan.schemas)
    engine = order.engine or InProcess()
    if order.settings.site_lines and not order.settings.again:
        count_sites(engine, job, plan.shards, watcher)
        if order.mirror:
            order.mirror.put_sites()
    watcher.begin(len(plan.shards), plan.size, plan.size - sum(shard.size for shard in todo))
    finished = Finished(order.folder)
    by_number = {shard.number: shard for shard in todo}
    reports = engine.run(job, todo)
    if order.mirror:
        reports = order.mirror.handed_over(reports)
    with closing(finished), closing(reports) as news:
        for report in reports_of(news, watcher):
            if claim:
                claim.check()
            finished.add(report)
            watcher.finished(by_number[report.number], report)
            (failed if report.error else done).append(report)
            if report.error and order.on_error == "stop":
                raise StoppedError(f"{by_number[report.number].what}: {report.error}; go on with --resume")
    if claim:
        claim.check(now=True)
    remove_all_parts(order)  # those of workers that were lost
    tally = merge([report.tally for report in sorted(done, key=lambda report: report.number)])
    seconds = time.perf_counter() - start
    read = sum(report.tally.bytes.get("read", 0) for report in done if report.number in by_number)
    outcome = Outcome(tally, len(plan.shards), tuple(failed), seconds, read, not failed)
    if order.mirror:
        order.mirror.fetch_highlights(done)
    write_report(order, manifest, outcome, done)
    if order.mirror:
        order.mirror.finish()
    return outcome


def reports_of(news: Iterable[News], watcher: Watcher) -> Iterator[ShardReport]:
    """The reports among the news; the watcher is told the rest, what every worker says once."""
    noted: set[str] = set()
    for item in news:
        if isinstance(item, Advanced):
            watcher.advance(item.stored, item.rejected)
        elif isinstance(item, Retried):
            watcher.say(f"moderation: {item.shard.what}: {item.reason}; it is begun again")
        elif isinstance(item, Noted):
            if item.line not in noted:
                watcher.note(item.line)
            noted.add(item.line)
        else:
            yield item


def count_sites(engine: Engine, job: Job, shards: Sequence[Shard], watcher: Watcher) -> None:
    """The first pass of --site-lines, unless it is done. A shard that can't be read has no say; it fails later, too."""
    if is_made(job.folder):
        return
    watcher.note("moderation: counting the lines of every site, before anything is cleaned")
    todo = {shard.number: shard for shard in shards if not is_counted(job.folder, shard)}
    size = sum(shard.size for shard in shards)
    watcher.begin(len(shards), size, size - sum(shard.size for shard in todo.values()), "counting")
    with closing(engine.run(replace(job, counting=True), list(todo.values()))) as news:
        for report in reports_of(news, watcher):
            watcher.finished(todo[report.number], report)
    sites, lines = make_table(job.folder)
    watcher.note(f"moderation: {lines:,} lines stand on most pages of their site, on {sites:,} sites")


def remove_all_parts(order: Order) -> None:
    """What is unfinished, in the run's folder and where rejects go."""
    for folder in {order.folder, Path(order.rejected or order.folder)}:
        remove_parts(folder)


def rejected_folder(order: Order) -> str:
    """Absolute, or below the run's folder."""
    return str(Path(order.rejected).resolve()) if order.rejected else REJECTED


def write_report(order: Order, manifest: Manifest, outcome: Outcome, done: Sequence[ShardReport]) -> None:
    """report.html, then report.json: the sign that the run is over. Everything in the latter but `run` is the same for
    every run over the inputs.
    """
    balance = imbalance(outcome.tally)
    by_number = {shard.number: shard for shard in manifest.plan.shards}
    record = {
        "state": "complete" if outcome.complete else "incomplete",
        "failed_shards": [{"shard": by_number[r.number].what, "error": r.error} for r in outcome.failed],
        "balance": balance or "ok",
        "tally": outcome.tally.record(),
        "settings": settings_record(manifest.settings),
        "inputs": len(manifest.plan.sources),
        "shards": outcome.shards,
        "run": {
            "seconds": round(outcome.seconds, 3),
            "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        },
    }
    page = html_report(record, done, order.folder)
    write_whole(order.folder / PAGE, page.encode("utf-8"))
    write_whole(order.folder / REPORT, orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
