"""Contestants that take turns in one run, in seconds of one core: what the scripts of this folder measure with.

The time is that of the processor, not of the wall: a machine that others use as well then tells nearly the same. All
take turns round by round, so that a slow minute hits them alike, and the best round of each counts. What remains of
the noise cancels in the ratios, which are what the scripts print and keep.
"""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

ROUNDS: Final = 5


def one_core() -> None:
    """Stay on one core, with everything that would start threads of its own."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def take_turns(contestants: Mapping[str, Callable[[], Any]], rounds: int = ROUNDS) -> dict[str, float]:
    """The best seconds of each; a first round that does not count compiles, fits and warms."""
    best = dict.fromkeys(contestants, float("inf"))
    for n in range(rounds + 1):
        for name, call in contestants.items():
            start = time.process_time()
            call()
            if n:
                best[name] = min(best[name], time.process_time() - start)
    return best


def best_of(call: Callable[[], Any], rounds: int = ROUNDS, clock: Callable[[], float] = time.process_time) -> float:
    """The best seconds of one that has been called before. clock: time.perf_counter for those of the wall."""
    best = float("inf")
    for _ in range(rounds):
        start = clock()
        call()
        best = min(best, clock() - start)
    return best


def table(seconds: Mapping[str, float], megabytes: float, floors: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Seconds, MB/s, and the share of the floor's speed that each reaches; floors: whose floor is which."""
    rows = {}
    for name, spent in seconds.items():
        rows[name] = {"seconds": round(spent, 5), "megabytes_per_second": round(megabytes / spent, 2)}
        if name in floors:
            rows[name]["of_floor"] = round(seconds[floors[name]] / spent, 3)
    return rows


def print_table(rows: Mapping[str, Mapping[str, float]]) -> None:
    """One row a contestant."""
    print(f"{'':<34}{'seconds':>10}{'MB/s':>10}{'of floor':>10}")
    for name, row in rows.items():
        share = f"{row['of_floor']:>10.2f}" if "of_floor" in row else ""
        print(f"{name:<34}{row['seconds']:>10.3f}{row['megabytes_per_second']:>10.1f}{share}")
