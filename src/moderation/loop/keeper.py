"""Keeping verdicts beside the serving: a bounded queue, and one thread that writes what waits, many at a time."""

import threading
from collections.abc import Callable
from queue import Empty, Queue
from typing import Final

from moderation.errors import ModerationError, StoreError
from moderation.loop.records import KeptVerdict
from moderation.loop.store import Store
from moderation.loop.verdicts import forget, keep_verdicts

WAITING: Final = 1000
"""Verdicts that may wait; then whoever judges waits as well, rather than one being lost."""
TOGETHER: Final = 100
"""Verdicts of one transaction."""
HOUR: Final = 3600.0
FLUSH_SECONDS: Final = 10.0

Late = Callable[[], KeptVerdict]
"""Makes the verdict in the writer's thread: the first stage is asked again, and that need not hold up an answer."""


class Keeper:
    """Writes verdicts, and once an hour deletes those that are too old. Start it once, close it at the end.

    failed: told of verdicts that could not be written, how many and why; they are lost.
    """

    def __init__(self, store: Store, days: float, failed: Callable[[int, StoreError], None]) -> None:
        self._store = store
        self._days = days
        self._failed = failed
        self._queue: Queue[Late | threading.Event | None] = Queue(WAITING)
        self._thread = threading.Thread(target=self._work, name="keeper", daemon=True)
        self._thread.start()

    def keep(self, late: Late) -> None:
        """Keep a verdict; waits where too many wait already."""
        self._queue.put(late)

    def flush(self, seconds: float = FLUSH_SECONDS) -> bool:
        """Wait until all that was given so far is written, or could not be; False where that took too long."""
        written = threading.Event()
        self._queue.put(written)
        return written.wait(seconds)

    def close(self) -> None:
        """Write what waits, and end."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        self._forget()
        open_ = True
        while open_:
            try:
                waiting = [self._queue.get(timeout=HOUR)]
            except Empty:
                self._forget()
                continue
            while len(waiting) < TOGETHER and not self._queue.empty():
                waiting.append(self._queue.get_nowait())
            open_ = None not in waiting
            self._write([late for late in waiting if callable(late)])
            for one in waiting:
                if isinstance(one, threading.Event):
                    one.set()

    def _write(self, waiting: list[Late]) -> None:
        try:
            keep_verdicts(self._store, [late() for late in waiting])
        except Exception as error:  # whatever it is, the thread must live: with it, every answer would come to wait
            self._failed(len(waiting), StoreError(str(error)))

    def _forget(self) -> None:
        try:
            forget(self._store, self._days)
        except ModerationError as error:
            self._failed(0, StoreError(str(error)))
