"""Token buckets: how many requests a key, or an address, may make."""

import mmap
import struct
import time
from collections import OrderedDict
from fcntl import LOCK_EX, LOCK_UN, lockf
from hashlib import blake2b
from pathlib import Path
from typing import Final

MOST: Final = 10_000
"""Callers that are remembered; the one longest silent is forgotten, and its bucket is full again by then."""
MANY: Final = 1e12
"""Seconds that fill any bucket."""
Bucket = tuple[float, float]
"""Tokens, and when they were counted: seconds of the monotonic clock, which all processes of a machine share."""


class RateLimiter:
    """`rate` requests a second for each caller after `burst` at once; 0 lets everything through.

    shared: a file in which all processes of the service count together; None counts in this one alone.
    """

    def __init__(self, rate: float, burst: int, shared: Path | None = None) -> None:
        self.rate = rate
        self.burst = burst
        self._buckets = FileBuckets(shared) if shared and rate else OwnBuckets()

    def wait(self, caller: str, now: float | None = None) -> float:
        """Seconds until the caller may ask again: 0 lets the request through, and takes a token for it."""
        if not self.rate:
            return 0.0
        now = time.monotonic() if now is None else now
        self._buckets.lock()
        try:
            tokens, stamp = self._buckets.take(caller) or (float(self.burst), now)
            since = now - stamp if stamp <= now else MANY  # the file is from before the machine was started
            tokens = min(self.burst, tokens + since * self.rate)
            allowed = tokens >= 1
            self._buckets.put(caller, (tokens - 1 if allowed else tokens, now))
        finally:
            self._buckets.unlock()
        return 0.0 if allowed else (1 - tokens) / self.rate

    def close(self) -> None:
        """Let go of the file."""
        self._buckets.close()


class OwnBuckets:
    """The buckets of one process; only its event loop looks at them."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def lock(self) -> None:
        """Nobody else looks."""

    def unlock(self) -> None:
        """Nobody waits."""

    def close(self) -> None:
        """There is no file."""

    def take(self, caller: str) -> Bucket | None:
        """The bucket of a caller who is remembered."""
        return self._buckets.pop(caller, None)

    def put(self, caller: str, bucket: Bucket) -> None:
        """Remember it, as the last who asked."""
        self._buckets[caller] = bucket
        if len(self._buckets) > MOST:
            self._buckets.popitem(last=False)


ROW: Final = struct.Struct("<Qdd")
"""A caller's hash, tokens, time. A row of zeros is free."""
ROWS: Final = 1 << 14
NEAR: Final = 16
"""Rows in which a caller may stand; where all are taken, the one longest silent makes room."""


class FileBuckets:
    """The same in a file of ROWS rows that several processes map. Callers are told apart by 64 bits of a hash."""

    def __init__(self, path: Path) -> None:
        with path.open("a+b") as made:
            made.truncate(ROWS * ROW.size)
        self._file = path.open("r+b")
        self._rows = mmap.mmap(self._file.fileno(), ROWS * ROW.size)

    def lock(self) -> None:
        """No other process looks meanwhile."""
        lockf(self._file, LOCK_EX)

    def unlock(self) -> None:
        """Let the others look."""
        lockf(self._file, LOCK_UN)

    def close(self) -> None:
        """Let go of the file."""
        self._rows.close()
        self._file.close()

    def take(self, caller: str) -> Bucket | None:
        """The bucket of a caller who is remembered."""
        mark, places = place(caller)
        for at in places:
            found, tokens, stamp = ROW.unpack_from(self._rows, at)
            if found == mark:
                return tokens, stamp
        return None

    def put(self, caller: str, bucket: Bucket) -> None:
        """Remember it."""
        mark, places = place(caller)
        rows = {at: ROW.unpack_from(self._rows, at) for at in places}
        own = next((at for at, row in rows.items() if row[0] == mark), None)
        at = min(rows, key=lambda at: rows[at][2]) if own is None else own
        ROW.pack_into(self._rows, at, mark, *bucket)


def place(caller: str) -> tuple[int, list[int]]:
    """A caller's hash, and where in the file it may stand."""
    mark = int.from_bytes(blake2b(caller.encode(), digest_size=8).digest(), "little") or 1
    return mark, [(mark + n) % ROWS * ROW.size for n in range(NEAR)]
