"""Token buckets: how many requests a key, or an address, may make."""

import time
from collections import OrderedDict
from typing import Final

MOST: Final = 10_000
"""Callers that are remembered; the one longest silent is forgotten, and its bucket is full again by then."""


class RateLimiter:
    """`rate` requests a second for each caller after `burst` at once; 0 lets everything through."""

    def __init__(self, rate: float, burst: int) -> None:
        self.rate = rate
        self.burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, caller: str, now: float | None = None) -> float:
        """Seconds until the caller may ask again: 0 lets the request through, and takes a token for it."""
        if not self.rate:
            return 0.0
        now = time.monotonic() if now is None else now
        tokens, stamp = self._buckets.pop(caller, (float(self.burst), now))
        tokens = min(self.burst, tokens + (now - stamp) * self.rate)
        allowed = tokens >= 1
        self._buckets[caller] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > MOST:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) / self.rate
