"""Threads and processes on the same pages: python -m benchmarks.threads [-o] [--rounds N] [--megabytes M]

The authored pages, repeated, are cleaned by clean_many with one thread and with two, and by one process and by two that
take half each. Here seconds are those of the wall: what is asked is how much sooner two are done than one, which a
machine that others use as well answers too low. The results of all are compared, text by text and record by record.
"""

import argparse
import hashlib
import os
import time
from collections.abc import Sequence
from functools import partial
from itertools import cycle, islice
from multiprocessing import get_context
from multiprocessing.pool import Pool
from typing import Final

from benchmarks.contest import best_of
from benchmarks.data import circumstances, megabytes, pages, write_result
from moderation.moderate import Moderator
from moderation.result import Result

COUNTS: Final = (1, 2)
LOADED: list[Moderator] = []
"""The moderator of a worker process."""


def load() -> None:
    """A worker loads the model once and has its kernels at hand before anything is measured."""
    LOADED.append(Moderator.load())
    LOADED[0].clean_many(pages()[:20])


def half(piece: tuple[Sequence[str], bool]) -> list[str]:
    """Clean texts or, if told, digests of text and record of each, in a worker."""
    texts, compare = piece
    results = LOADED[0].clean_many(texts)
    return [digest(result) for result in results] if compare else [result.text for result in results]


def digest(result: Result) -> str:
    """Of clean text and record."""
    return hashlib.sha256(result.text.encode() + result.to_json()).hexdigest()


def shared(pool: Pool, texts: Sequence[str], number: int, compare: bool = False) -> list[str]:
    """The texts in as many pieces as there are processes."""
    size = -(-len(texts) // number)
    pieces = [(texts[a : a + size], compare) for a in range(0, len(texts), size)]
    return [row for part in pool.map(half, pieces, chunksize=1) for row in part]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--store", action="store_true", help="store in benchmarks/results/threads.json")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=float, default=14.0)
    args = parser.parse_args()
    given = pages()
    texts = tuple(islice(cycle(given), max(len(given), int(args.megabytes / megabytes(given) * len(given)))))
    moderator = Moderator.load()
    expected = [digest(result) for result in moderator.clean_many(texts)]
    seconds: dict[str, dict[int, float]] = {"threads": {}, "processes": {}}
    same = True
    for number in COUNTS:
        same &= [digest(result) for result in moderator.clean_many(texts, threads=number)] == expected
    for number in COUNTS:
        with get_context("spawn").Pool(number, load) as pool:
            same &= shared(pool, texts, number, compare=True) == expected
            shared(pool, texts, number)
            seconds["processes"][number] = best_of(partial(shared, pool, texts, number), args.rounds, time.perf_counter)
    for _ in range(args.rounds):  # turn by turn: a slow minute hits both alike
        for number in COUNTS:
            spent = best_of(partial(moderator.clean_many, texts, threads=number), 1, time.perf_counter)
            seconds["threads"][number] = min(spent, seconds["threads"].get(number, spent))
    size = megabytes(texts)
    rows = {}
    for way, found in seconds.items():
        for number, spent in found.items():
            times = round(found[1] / spent, 2)
            rows[f"{way}: {number}"] = {"megabytes_per_second": round(size / spent, 1), "times_one": times}
            print(f"{way + ': ' + str(number):<16}{size / spent:>9.1f} MB/s {times:>6.2f} times one")
    print("the results are", "the same" if same else "DIFFERENT")
    if args.store and same:
        result = {"threads": rows, "same": same, "rounds": args.rounds, "megabytes": round(size, 2)}
        result["load"] = round(os.getloadavg()[0], 2)
        print(f"stored in {write_result('threads', result | circumstances(moderator.model))}")
    return 0 if same else 1


if __name__ == "__main__":
    raise SystemExit(main())
