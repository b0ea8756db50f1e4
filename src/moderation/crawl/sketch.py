"""Bounded summaries of a stream, which add up: the most frequent keys, a sample, the largest.

Frequent is the Misra-Gries summary in the mergeable form of Agarwal et al. (Mergeable Summaries, PODS 2012): with
k counters and a total weight of N, no weight is more than N / (k + 1) too low, however often summaries were merged.
Samples are bottom-k: those with the lowest hash, which is a uniform sample of the different keys in any order.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, TypeAlias
from zlib import crc32

Weights: TypeAlias = tuple[int, ...]
"""The weight that ranks, and counts beside it that are kept for as long as the key is."""
Sample: TypeAlias = tuple[int, Mapping[str, Any]]
"""A hash and what was sampled."""
BESIDE: Final = 1


@dataclass(frozen=True, slots=True)
class Frequent:
    """The heaviest keys. A key's true weight lies between what `found` says and that plus `lost`."""

    found: Mapping[str, Weights] = field(default_factory=dict)
    lost: int = 0


def add_up(summaries: Iterable[Frequent], capacity: int) -> Frequent:
    """One summary of all, of at most `capacity` keys."""
    total: dict[str, Weights] = {}
    lost = 0
    for each in summaries:
        lost += each.lost
        if not total:
            total = dict(each.found)
            continue
        for key, weights in each.found.items():
            known = total.get(key)
            total[key] = weights if known is None else tuple([a + b for a, b in zip(known, weights, strict=True)])
    if len(total) <= capacity:
        return Frequent(total, lost)
    cut = heapq.nlargest(capacity + 1, (weights[0] for weights in total.values()))[-1]
    left = {key: (w[0] - cut, *w[BESIDE:]) for key, w in total.items() if w[0] > cut}
    return Frequent(left, lost + cut)


def heaviest(summary: Frequent, count: int) -> list[tuple[str, Weights]]:
    """The first keys by weight, then by name."""
    return heapq.nsmallest(count, summary.found.items(), key=lambda item: (-item[1][0], item[0]))


def hashed(key: str) -> int:
    """32 bits, the same in every process."""
    return crc32(key.encode("utf-8", "surrogatepass"))


def sample(samples: Iterable[Sequence[Sample]], count: int) -> tuple[Sample, ...]:
    """The `count` samples with the lowest hash, each hash once."""
    lowest: dict[int, Mapping[str, Any]] = {}
    for key, value in sorted(chain.from_iterable(samples), key=lambda pair: pair[0]):
        if key not in lowest and len(lowest) == count:
            break
        lowest.setdefault(key, value)
    return tuple(lowest.items())
