"""The local engine: worker processes that each load the model once and take one shard at a time.

No pool of the standard library says which task a killed worker had, or goes on after it; this one does. A worker that
is lost (out of memory, killed) is replaced and its shard begun again, once. Workers end with the process that made
them.
"""

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from types import ModuleType
from typing import Any, Final

from moderation.crawl.engine import Job, News, Retried
from moderation.crawl.plan import Shard
from moderation.crawl.shard import ShardReport
from moderation.crawl.worker import READY, work
from moderation.errors import ModerationError

ATTEMPTS: Final = 2
ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Every worker has one core: libraries that begin threads of their own would only get in each other's way."""


@dataclass(slots=True)
class Worker:
    """A process, our end of the pipe to it, and what it is at."""

    process: BaseProcess
    pipe: "Connection[Any, Any]"
    shard: Shard | None = None
    ready: bool = False


class Pool:
    """`workers` processes, no more than there are shards."""

    def __init__(self, workers: int) -> None:
        self.size = workers
        self.workers: list[Worker] = []

    def run(self, job: Job, shards: Sequence[Shard]) -> Generator[News, None, None]:
        """As in engine.Engine. Raises ModerationError where workers can't even begin (model, missing package)."""
        waiting = deque(shards)
        lost: dict[int, int] = {}
        left = len(shards)
        for name in ONE_THREAD:
            os.environ.setdefault(name, "1")
        try:
            self.workers = []  # a pool may run twice
            for _ in range(min(self.size, len(shards))):
                self.workers.append(start(job))  # one by one: what is begun is ended, whatever happens
            while left:
                for worker in self.heard():
                    news = self.listen(worker, job, waiting, lost)
                    left -= isinstance(news, ShardReport)
                    self.hand_out(waiting)  # first: what is done with the news may wait for a disk
                    if news is not None:
                        yield news
        finally:
            stop(self.workers)

    def hand_out(self, waiting: deque[Shard]) -> None:
        """Shards to the workers that have none."""
        for worker in self.workers:
            if worker.ready and worker.shard is None and waiting:
                hand(worker, waiting.popleft())

    def heard(self) -> list[Worker]:
        """Workers that said something, or died."""
        by_handle: dict[Any, Worker] = {w.pipe: w for w in self.workers} | {w.process.sentinel: w for w in self.workers}
        found = wait(list(by_handle))
        return list({id(by_handle[handle]): by_handle[handle] for handle in found}.values())

    def listen(self, worker: Worker, job: Job, waiting: deque[Shard], lost: dict[int, int]) -> News | None:
        """One message, or what follows from a death. A dead worker's last messages are heard first."""
        try:
            message = worker.pipe.recv() if worker.pipe.poll() or worker.process.is_alive() else None
        except (EOFError, OSError):
            message = None
        if message is None:
            return self.replace(worker, job, waiting, lost)
        if isinstance(message, ModerationError):
            raise message
        if message == READY:
            worker.ready = True
            return None
        if isinstance(message, ShardReport):
            worker.shard = None
        news: News = message
        return news

    def replace(self, worker: Worker, job: Job, waiting: deque[Shard], lost: dict[int, int]) -> News | None:
        """A new worker in the place of a dead one, whose shard is begun again, or given up."""
        worker.process.join()
        self.workers.remove(worker)
        shard, how = worker.shard, death(worker.process.exitcode)
        if shard is None and not worker.ready:
            raise ModerationError(f"a worker {how} before it could begin; see the messages above")
        self.workers.append(start(job))
        if shard is None:
            return None
        lost[shard.number] = lost.get(shard.number, 0) + 1
        if lost[shard.number] < ATTEMPTS:
            waiting.appendleft(shard)
            return Retried(shard, f"its worker {how}")
        return ShardReport(shard.number, error=f"its worker {how}, {ATTEMPTS} times; use fewer workers, or more memory")


def hand(worker: Worker, shard: Shard) -> None:
    """Give a worker a shard; if it died meanwhile, its sentinel will tell."""
    worker.shard = shard
    with suppress(OSError):
        worker.pipe.send(shard)


def death(code: int | None) -> str:
    """How a process ended, in words."""
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        more = ", as the system does when memory runs out" if name == "SIGKILL" else ""
        return f"was killed by {name}{more}"
    return f"ended with status {code}"


def start(job: Job) -> Worker:
    """A new worker; spawned, as forked ones share locks of threads that are not there."""
    context = get_context("spawn")
    told = ForkingPickler.dumps(job)  # before there is a process that waits for it
    pipe, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs,), daemon=True)
    with main_hidden():
        process.start()
    theirs.close()
    with suppress(OSError):  # one that died meanwhile is heard of by its sentinel
        pipe.send_bytes(told)
    return Worker(process, pipe)


HIDING: Final = threading.Lock()
"""Two threads that begin runs at a time must not take each other's stand-in for the script."""


@contextmanager
def main_hidden() -> Iterator[None]:
    """Keeps new processes from running the script that began the run: they need nothing of it, it may be slow to
    import, and one without a guard would begin runs of its own.
    """
    with HIDING:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def stop(workers: Sequence[Worker]) -> None:
    """End them; unfinished shards leave hidden files, which the next run takes away."""
    for worker in workers:
        worker.process.terminate()
    for worker in workers:
        worker.process.join(5)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        worker.pipe.close()
