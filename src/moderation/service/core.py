"""The running service: settings, what serves, the lanes, metrics and keys; one for each process."""

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final, Generic, TypeVar

from starlette.requests import Request

from moderation.errors import InputError, ModerationError, UsageError
from moderation.moderate import Moderator
from moderation.result import Result
from moderation.service.answers import Judged, Keeper, brief_answer, clean_answer, to_bytes
from moderation.service.errors import Problem
from moderation.service.fleet import Fleet
from moderation.service.ids import new_id
from moderation.service.keys import STALE, Keys
from moderation.service.lane import Lane
from moderation.service.logs import LOG
from moderation.service.metrics import Metrics
from moderation.service.models import Serving
from moderation.service.rate import RateLimiter
from moderation.service.scratch import Scratch, sweep
from moderation.service.selfcheck import pages
from moderation.service.settings import Settings
from moderation.service.state import State

T = TypeVar("T")
Hook = Callable[[], Awaitable[None]]
RETRY: Final = {"Retry-After": "1"}


@dataclass(frozen=True, slots=True)
class Work(Generic[T]):
    """A text to judge: under which model and policy, what makes the answer, and where."""

    text: str
    moderator: Moderator
    finish: Callable[[Result], T]
    lane: Lane


class Service:
    """What the routes work with: `service_of(request)`.

    keepers: called with every answered text where verdicts are kept; see answers.Keeper. on_start: awaited once the
    model is loaded; on_stop: once everything that was accepted is answered.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self._scratch: Scratch | None = None
        self.state = State(Path(settings.state))
        self.fleet = Fleet(settings, self.state, self.announce)
        self.keys = Keys.load(settings.keys)
        self.rate = RateLimiter(settings.rate, settings.burst)
        self.keepers: list[Keeper] = []
        self.on_start: list[Hook] = []
        self.on_stop: list[Hook] = []
        self.failure: ModerationError | None = None
        self.stopping = False
        self._chores: list[asyncio.Task[None]] = []
        self.held_bytes = 0
        self._lanes: tuple[Lane, Lane] | None = None

    async def start(self) -> None:
        """Load and check the model, compile, start the threads. Raises ModerationError."""
        self._watch_stop_signals()
        if not self.settings.state:
            sweep()
            self._scratch = Scratch()
            self.state.folder = self._scratch.folder / "state"
        await asyncio.to_thread(self.fleet.start)
        await asyncio.to_thread(warm, self.current.moderator)
        if self.settings.workers > 1:
            self.rate = RateLimiter(self.settings.rate, self.settings.burst, self.state.folder / "rate")
        self._lanes = (
            Lane("small", self.settings.threads, self.settings.queue, self.metrics.count),
            Lane("large", 1, self.settings.queue, self.metrics.count),
        )
        for hook in self.on_start:
            await hook()
        self.announce(None)
        gc.collect()
        gc.freeze()  # what is there now stays: the collector need not walk through it again and again
        self._chores = [asyncio.create_task(self.fleet.follow()), asyncio.create_task(self._refresh_keys())]
        with suppress(ValueError, RuntimeError, NotImplementedError):  # not in the main thread: tests
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)

    async def stop(self) -> None:
        """Finish what was accepted."""
        self.stopping = True
        for chore in self._chores:
            chore.cancel()
        for lane in self._lanes or ():
            await lane.close()
        for hook in self.on_stop:
            await hook()
        self.rate.close()
        gc.unfreeze()
        self.state.leave()
        self.release()
        LOG.info("stopped", extra={"fields": {"pid": os.getpid()}})

    def release(self) -> None:
        """Delete the temporary folder, where there is one."""
        if self._scratch:
            self._scratch.close()

    def _watch_stop_signals(self) -> None:
        """/readyz says no from the signal on, before the server gets to it."""
        if threading.current_thread() is not threading.main_thread():  # tests
            return
        for sig in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sig, partial(self._stop_signal, signal.getsignal(sig)))

    def _stop_signal(self, handler: Any, sig: int, frame: FrameType | None) -> None:
        """Then the server's own."""
        if not self.stopping:
            self.stopping = True
            LOG.info("stopping", extra={"fields": {"signal": signal.Signals(sig).name, "pid": os.getpid()}})
        if callable(handler):
            handler(sig, frame)

    def _reload(self) -> None:
        """SIGHUP: keys, model and policy again."""
        self._chores.append(asyncio.create_task(self.fleet.reload()))

    async def _refresh_keys(self) -> None:
        """Notice new and revoked keys."""
        while self.keys.required:
            await asyncio.sleep(STALE)
            try:
                self.keys.refresh()
            except UsageError as error:
                LOG.error("keys not read", extra={"fields": {"reason": str(error)}})

    def announce(self, outcome: str | None) -> None:
        """Tell the metrics what serves. outcome: of a swap, `done` or `refused`; None where there was none."""
        if outcome:
            self.metrics.swaps.labels(outcome).inc()
        self.metrics.serves(self.current.moderator.model.id, self.current.moderator.policy.name)

    @property
    def current(self) -> Serving:
        """What serves."""
        return self.fleet.current

    @property
    def lanes(self) -> tuple[Lane, Lane]:
        """For texts of usual size, and for large ones. Raises Problem 503 before the start."""
        if self._lanes is None:
            raise Problem("not-ready", "the model is still being loaded", headers=RETRY)
        return self._lanes

    def lane_for(self, chars: int, *, explained: bool = False) -> Lane:
        """Where a text is judged; reasons are slow, and go with the large ones."""
        small, large = self.lanes
        return large if explained or chars > self.settings.large_chars else small

    def submit(self, work: Work[T]) -> "asyncio.Future[T]":
        """Queue a text. Raises Problem 503 where its lane is full."""
        self.check_room(work.lane)
        return work.lane.submit(work.text, work.moderator, work.finish)

    async def judge_all(self, texts: Sequence[str], moderator: Moderator, finish: Callable[[Result], T]) -> list[T]:
        """Judge several texts of one request, which waits as one. Raises Problem 413, 422 or 503."""
        for text in texts:
            self.check_size(text)
        lanes = [self.lane_for(len(text)) for text in texts]
        for lane in lanes:
            self.check_room(lane)
        waiting = [lane.submit(text, moderator, finish) for lane, text in zip(lanes, texts, strict=True)]
        try:
            return [await self.done(future) for future in waiting]
        finally:
            for future in waiting:
                future.cancel()

    def check_room(self, lane: Lane) -> None:
        """Raises Problem 503 where a lane is full."""
        if lane.full:
            raise Problem("busy", f"{lane.held} texts wait already", headers=RETRY)

    def check_size(self, text: str) -> None:
        """Raises Problem 413 for a text that is too long."""
        if len(text) > self.settings.text_chars:
            detail = f"the text has {len(text)} characters, at most {self.settings.text_chars} are taken"
            raise Problem("too-large", detail)

    async def done(self, future: "asyncio.Future[T]") -> T:
        """Wait for a lane's answer, not for ever. Raises Problem 503 or 422."""
        try:
            async with asyncio.timeout(self.settings.seconds):
                return await future
        except TimeoutError:
            raise Problem("too-slow", f"not done within {self.settings.seconds:g} seconds", headers=RETRY) from None
        except InputError as error:
            raise Problem("invalid", str(error)) from None

    def finisher(
        self, text: str, document: str | None, moderator: Moderator, *, explain: bool, keep: bool = True
    ) -> Callable[[Result], bytes]:
        """What makes the answer to a text, in the thread that judged it."""

        keepers = self.keepers if keep else []
        if not explain and not keepers:
            return partial(brief_answer, document)

        def finish(result: Result) -> bytes:
            body = clean_answer(new_id(), document, text, result, moderator.model if explain else None)
            for keeper in keepers:
                keeper(Judged(body["id"], document, text, body, result, moderator))
            return to_bytes(body)

        return finish


def warm(moderator: Moderator) -> None:
    """Give reasons once: the first time in a process takes a second, which no request should wait for."""
    text = "\n".join(pages()[0].lines)
    clean_answer(new_id(), None, text, moderator.clean(text), moderator.model)


def service_of(request: Request) -> Service:
    """The service behind a request."""
    service: Service = request.app.state.service
    return service
