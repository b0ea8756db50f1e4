"""A lane: a bounded queue of texts and the threads that judge them, many at a time where many wait.

Everything but the work itself happens on the event loop: the counts need no lock. A thread takes what waits, up to some
characters, and gives it to Moderator.clean_many at once, which is faster than text by text and gives the same verdicts;
one wake-up of the loop then delivers all that was done.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Final

from moderation.errors import ModerationError
from moderation.moderate import Moderator
from moderation.result import Result

MOST_TEXTS: Final = 32
MOST_CHARS: Final = 50_000
"""Taken at a time: some milliseconds of work, so that nobody waits long behind others."""


@dataclass(slots=True, eq=False)
class Job:
    """One text on its way. `finish` makes the answer of the result, in the thread that judged."""

    text: str
    moderator: Moderator
    finish: Callable[[Result], Any]
    future: "asyncio.Future[Any]"


Done = tuple[Job, Any, BaseException | None]


class Lane:
    """Threads that share one queue. `limit` counts the texts that wait or are being judged.

    count: told of all results that were made together, in the thread that judged.
    """

    def __init__(self, name: str, threads: int, limit: int, count: Callable[[Sequence[Result]], None]) -> None:
        self.name = name
        self.limit = limit
        self._count = count
        self.held = 0
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._threads = [threading.Thread(target=self._work, name=f"{name}-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    @property
    def full(self) -> bool:
        """Whether no text more is taken."""
        return self.held >= self.limit

    def submit(self, text: str, moderator: Moderator, finish: Callable[[Result], Any]) -> "asyncio.Future[Any]":
        """Queue a text; the future gives what `finish` returns. The caller has looked whether the lane is full."""
        future: asyncio.Future[Any] = self._loop.create_future()
        self.held += 1
        self._queue.put(Job(text, moderator, finish, future))
        return future

    async def close(self) -> None:
        """Let the threads finish what waits, and end."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    def _work(self) -> None:
        while jobs := self._take():
            done: list[Done] = []
            for group in grouped([job for job in jobs if not job.future.cancelled()]):
                done += self._judged(group)
            self._loop.call_soon_threadsafe(self._deliver, len(jobs), done)

    def _judged(self, jobs: Sequence[Job]) -> list[Done]:
        """Judge together; where that fails, one by one, so that a bad text fails alone."""
        try:
            results = jobs[0].moderator.clean_many([job.text for job in jobs])
            self._count(results)
        except ModerationError as error:
            return (
                [(jobs[0], None, error)] if len(jobs) == 1 else [done for job in jobs for done in self._judged([job])]
            )
        except Exception as error:
            return [(job, None, error) for job in jobs]
        return [finished(job, result) for job, result in zip(jobs, results, strict=True)]

    def _take(self) -> list[Job]:
        """What waits, at least one; nothing when the lane is closed."""
        first = self._queue.get()
        if first is None:
            return []
        jobs, chars = [first], len(first.text)
        while len(jobs) < MOST_TEXTS and chars < MOST_CHARS:
            try:
                job = self._queue.get_nowait()
            except Empty:
                break
            if job is None:
                self._queue.put(None)
                break
            jobs.append(job)
            chars += len(job.text)
        return jobs

    def _deliver(self, taken: int, done: Sequence[Done]) -> None:
        self.held -= taken
        for job, value, error in done:
            if job.future.done():
                continue
            if error is None:
                job.future.set_result(value)
            else:
                job.future.set_exception(error)


def grouped(jobs: Sequence[Job]) -> list[list[Job]]:
    """Jobs under the same model and policy, which can be judged at once."""
    groups: dict[tuple[int, Any], list[Job]] = {}
    for job in jobs:
        groups.setdefault((id(job.moderator.model), job.moderator.policy), []).append(job)
    return list(groups.values())


def finished(job: Job, result: Result) -> Done:
    """The answer, or why there is none."""
    try:
        return job, job.finish(result), None
    except Exception as error:
        return job, None, error
