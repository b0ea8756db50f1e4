"""The Ray engine: the same shards as tasks of a Ray cluster, which reads and writes a folder that all its nodes share.

Tasks, not a Ray Data pipeline: a shard writes its own files and reports a few numbers, so there is no data to move
between nodes, and the run must know which shard was lost when a worker dies.
"""

import logging
from collections import deque
from collections.abc import Generator, Sequence
from typing import Any, Final

from moderation.crawl.engine import Advanced, Job, News, Retried, attempt, room_of
from moderation.crawl.plan import Shard
from moderation.crawl.shard import Room, ShardReport
from moderation.crawl.site_count import CountRoom
from moderation.errors import ModerationError, UsageError

ATTEMPTS: Final = 3
"""More than on one machine: a node that goes takes all its shards with it."""
AHEAD: Final = 2
"""Shards handed to Ray for every core, so that none waits for the next."""
WAIT_SECONDS: Final = 5.0
ROOMS: Final[dict[str, Room | CountRoom]] = {}
"""The room of the job that this process works for: a model is loaded once a process."""


def ray_package() -> Any:
    """The package. Raises UsageError where it is missing."""
    try:
        import ray  # noqa: PLC0415
    except ModuleNotFoundError:
        raise UsageError('--engine ray needs Ray; install it with: pip install "moderation[ray]"') from None
    return ray


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
        ours = not self.ray.is_initialized()
        if ours:
            self.connect()
        try:
            yield from self.watch(job, shards)
        finally:
            if ours:
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
        told = self.ray.put(job)
        task = self.ray.remote(num_cpus=1, max_retries=0)(clean_shard)
        waiting, lost = deque(shards), dict.fromkeys((shard.number for shard in shards), 0)
        flying: dict[Any, Shard] = {}
        while waiting or flying:
            while waiting and len(flying) < self.room_for():
                shard = waiting.popleft()
                flying[task.remote(shard, told)] = shard
            done, _ = self.ray.wait(list(flying), timeout=WAIT_SECONDS)
            for handle in done:
                shard = flying.pop(handle)
                try:
                    report: ShardReport = self.ray.get(handle)
                except self.ray.exceptions.RayTaskError as error:
                    raise ModerationError(f"{shard.what}: {error.cause or error}") from None
                except self.ray.exceptions.RayError as error:
                    lost[shard.number] += 1
                    why = f"its worker was lost ({type(error).__name__})"
                    if lost[shard.number] < ATTEMPTS:
                        waiting.appendleft(shard)
                        yield Retried(shard, why)
                        continue
                    report = ShardReport(shard.number, error=f"{why}, {ATTEMPTS} times")
                yield Advanced(shard.size, report.tally.documents.get("failed", 0))
                yield report

    def room_for(self) -> int:
        """Shards in flight: AHEAD for each of the cluster's cores as they are now; where fewer are to be used, one for
        each of these, as nothing else keeps Ray from using the others.
        """
        cores = max(1, int(self.ray.cluster_resources().get("CPU", 1)))
        return self.workers if self.workers and self.workers < cores else cores * AHEAD


def clean_shard(shard: Shard, job: Job) -> ShardReport:
    """What a Ray worker does."""
    told = repr(job)
    if told not in ROOMS:
        ROOMS.clear()
        ROOMS[told] = room_of(job)
    return attempt(shard, ROOMS[told], lambda stored, rejected: None)
