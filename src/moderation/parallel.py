"""Work on several batches at a time in one process: the kernels let go of the interpreter's lock."""

import gc
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
AHEAD = 2
"""Batches a thread that are under way or wait to be fetched."""


def in_order(work: Callable[[T], R], items: Iterable[T], threads: int) -> Iterator[R]:
    """The results of `work`, in the order of the items whatever the number of threads."""
    if threads <= 1:
        yield from map(work, items)
        return
    left = iter(items)
    with ThreadPoolExecutor(threads) as pool:
        waiting: list[Future[R]] = [pool.submit(work, item) for item in islice(left, AHEAD * threads)]
        while waiting:
            done = waiting.pop(0).result()
            waiting += [pool.submit(work, item) for item in islice(left, 1)]
            yield done


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the cycle collector from looking through results while they are made.

    They hold no cycles, and with a million of them its walks cost nearly half as much as the cleaning itself.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
