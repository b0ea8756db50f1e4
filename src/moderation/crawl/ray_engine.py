"""The Ray engine: the same shards as a Ray Data pipeline, over a folder that all nodes of the cluster share.

One row is one shard, whose worker writes its files and gives back a row with its report; reports stream to the process
that began the run, in the order in which shards get done. A task has a few shards, as Ray Data lets a worker wait a
tenth of a second and more between two tasks; towards the end it has one, so that workers end together. Tasks, not a
pool of actors: Ray keeps the process of a task for the next one, so a model is loaded once a process all the same, and
the pool does not replace an actor that died (ray-project/ray#62746), nor reload what it was told.

Ray Data begins a task again whenever its worker is lost, without end and without a word. So a shard leaves a hidden
mark in the folder while it is worked on: who finds marks knows how many workers were lost with it, and gives it up
after ATTEMPTS. And it leaves its report, for a task that is begun again to find, until all of the task were heard.
"""

import logging
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson

from moderation.crawl.engine import Advanced, Job, News, Retried, attempt, room_of
from moderation.crawl.output import TEMPORARY, write_whole
from moderation.crawl.plan import Piece, Shard
from moderation.crawl.shard import Room, ShardReport, read_report
from moderation.crawl.site_count import CountRoom
from moderation.errors import ModerationError, UsageError
from moderation.formats.base import Extent, Source

ATTEMPTS: Final = 3
"""More than on one machine: a node that goes takes all its shards with it."""
LOST: Final = "its worker was lost"
GROUP: Final = 8
"""Shards a task has at most: reports that are read again where its worker is lost."""
ROUNDS: Final = 3
"""A task has at most this share of what each worker has still to do (guided self-scheduling)."""
ROOMS: Final[dict[str, Room | CountRoom]] = {}
"""The room of the job that this process works for: a model is loaded once a process."""


def ray_package() -> Any:
    """The package, with Ray Data. Raises UsageError where either is missing."""
    try:
        import ray  # noqa: PLC0415
        import ray.data  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            f'--engine ray needs Ray Data ({error}); install it with: pip install "moderation[ray]"'
        ) from None
    return ray


class Task:
    """Some shards, and those of them whose reports were not heard yet."""

    def __init__(self, shards: Sequence[Shard]) -> None:
        self.numbers = [shard.number for shard in shards]
        self.left = set(self.numbers)

    def heard(self, number: int, job: Job) -> None:
        """A report; with the last one, those that were left are needed no more."""
        self.left.discard(number)
        if not self.left:
            for each in self.numbers:
                report_file(each, job).unlink(missing_ok=True)


class RayEngine:
    """address: of a running cluster, None for one of our own on this machine. workers: cores to use at most."""

    def __init__(self, address: str | None, workers: int | None) -> None:
        self.address = address
        self.workers = workers
        self.ray = ray_package()

    def run(self, job: Job, shards: Sequence[Shard]) -> Generator[News, None, None]:
        """As in engine.Engine."""
        if not shards:
            return
        begun = not self.ray.is_initialized()
        if begun:
            self.connect()
        try:
            yield from self.watch(job, shards)
        finally:
            if begun:
                self.ray.shutdown()

    def connect(self) -> None:
        """Raises UsageError where no cluster is at the address."""
        own: dict[str, Any] = {} if self.address else {"num_cpus": self.workers, "include_dashboard": False}
        try:
            self.ray.init(address=self.address or "local", logging_level=logging.ERROR, log_to_driver=False, **own)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise UsageError(f"no Ray cluster at {self.address}: {error}") from None

    def watch(self, job: Job, shards: Sequence[Shard]) -> Generator[News, None, None]:
        """Hand out shards, and take their reports as they come."""
        import pyarrow as pa  # noqa: PLC0415

        by_number = {shard.number: shard for shard in shards}
        tasks = list(groups(shards, self.workers or int(self.ray.cluster_resources().get("CPU", 0))))
        task_of = {number: task for task in map(Task, tasks) for number in task.numbers}
        blocks = [pa.table({"shard": [orjson.dumps(shard) for shard in some]}) for some in tasks]
        with streaming(self.ray):
            found = self.ray.data.from_arrow(blocks)
            # no more tasks at a time than workers, where these are fewer than the cluster's cores
            found = found.map(clean_shard, fn_kwargs={"job": job}, num_cpus=1, concurrency=self.workers)
            for batch in found.iter_batches(batch_size=1, batch_format="pyarrow", prefetch_batches=0):
                (row,) = batch.to_pylist()
                for news in news_of(row, by_number):
                    yield news
                    if isinstance(news, ShardReport):
                        task_of[news.number].heard(news.number, job)


def groups(shards: Sequence[Shard], workers: int) -> Iterator[Sequence[Shard]]:
    """What each task does, in order: by size, ever less towards the end. workers: 0 where nobody knows yet how many
    there will be; then a task has one shard.
    """
    left, at = sum(shard.size for shard in shards), 0
    while at < len(shards):
        size, end = shards[at].size, at + 1
        while workers and end < min(at + GROUP, len(shards)) and size + shards[end].size <= left / (ROUNDS * workers):
            size, end = size + shards[end].size, end + 1
        yield shards[at:end]
        left, at = left - size, end


@contextmanager
def streaming(ray: Any) -> Iterator[None]:
    """Every report is a block of its own, heard when it is there, and Ray Data says nothing: our bar tells the same."""
    context, logger = ray.data.DataContext.get_current(), logging.getLogger("ray.data")
    bars, size, level = context.enable_progress_bars, context.target_max_block_size, logger.level
    context.enable_progress_bars, context.target_max_block_size = False, 1
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        context.enable_progress_bars, context.target_max_block_size = bars, size
        logger.setLevel(level)


def news_of(row: dict[str, Any], by_number: dict[int, Shard]) -> Iterator[News]:
    """What a row says. Raises ModerationError where no shard can be cleaned at all."""
    report = read_report(orjson.loads(row["report"]))
    shard = by_number[report.number]
    if row["stop"]:
        raise ModerationError(report.error)
    for _ in range(min(row["lost"], ATTEMPTS - 1)):
        yield Retried(shard, LOST)
    yield Advanced(shard.size, report.tally.documents.get("failed", 0))
    yield report


def clean_shard(row: dict[str, Any], job: Job) -> dict[str, Any]:
    """What a Ray worker does. stop: there is no use in going on with other shards."""
    shard = read_shard(orjson.loads(row["shard"]))
    known = report_left(shard.number, job)
    if known:
        return {"report": known, "lost": 0, "stop": False}
    lost = lost_with(shard, job.folder)
    stop = False
    if lost >= ATTEMPTS:
        report = ShardReport(shard.number, error=f"{LOST}, {ATTEMPTS} times; use fewer workers, or more memory")
    else:
        mark = mark_of(shard, job.folder, lost)
        mark.touch()
        try:
            report = attempt(shard, room_for(job), lambda stored, rejected: None)
        except ModerationError as error:
            stop, report = True, ShardReport(shard.number, error=str(error))
        leave_report(report, job)
        mark.unlink(missing_ok=True)
    return {"report": orjson.dumps(report.record()), "lost": lost, "stop": stop}


def report_file(number: int, job: Job) -> Path:
    """Where a worker leaves the report of a shard; the passes of a run have one each."""
    return job.folder / f"{TEMPORARY}{'counted' if job.counting else 'cleaned'}-{number:06}"


def leave_report(report: ShardReport, job: Job) -> None:
    """For a task that is begun again; one of a shard that failed is not left, so that it is tried again."""
    if not report.error:
        write_whole(report_file(report.number, job), orjson.dumps(report.record()))


def report_left(number: int, job: Job) -> bytes | None:
    """What leave_report left."""
    try:
        return report_file(number, job).read_bytes()
    except FileNotFoundError:
        return None


def lost_with(shard: Shard, folder: Path) -> int:
    """How many workers began the shard and did not come to its end."""
    return next((n for n in range(ATTEMPTS) if not mark_of(shard, folder, n).exists()), ATTEMPTS)


def mark_of(shard: Shard, folder: Path, attempt: int) -> Path:
    """Taken away at the end of a run, as everything that is unfinished."""
    return folder / f"{TEMPORARY}{shard.name}-{attempt}"


def room_for(job: Job) -> Room | CountRoom:
    """This process's own, for this job. Raises ModerationError, such as for another model than the run's."""
    told = repr(job)
    if told not in ROOMS:
        ROOMS.clear()
        ROOMS[told] = room_of(job)
    return ROOMS[told]


def read_shard(record: dict[str, Any]) -> Shard:
    """A shard from its JSON."""
    return Shard(record["number"], tuple(map(read_piece, record["pieces"])))


def read_piece(record: dict[str, Any]) -> Piece:
    """A piece from its JSON."""
    rest = {**record, "source": Source(**record["source"]), "extent": Extent(**record["extent"])}
    return Piece(**rest)
