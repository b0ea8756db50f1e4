"""Hashed character n-grams of folded lines: the rows of the weight table that a line adds up.

One gram of each order 1 to 4 begins at every character; a line stands between two boundary marks. The row of a gram
is the upper `bits` of a 32-bit multiplicative hash that is extended character by character.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import always, kernel
from moderation.kernel.packing import WORDS
from moderation.kernel.vector import LANES, load_row, no_ints, store

HASH_VERSION = 1
ORDERS = 4
MARK = np.uint32(2)
"""Boundary mark: a control character, which no folded line holds."""
SEED = np.uint32(0x9E3779B9)
MULTIPLIER = np.uint32(0x85EBCA6B)


@always
def extend(h: np.uint32, c: np.uint32) -> np.uint32:
    """The hash of a gram that is longer by the character c."""
    h = np.uint32((h ^ c) * MULTIPLIER)
    return np.uint32(h ^ (h >> np.uint32(15)))


@always
def place_of(h: np.uint32, shift: np.uint32) -> np.uint64:
    """Where the row of a hash begins in the table's words."""
    return np.uint64(h >> shift) * np.uint64(WORDS)


LONGEST = 1 << 19
"""Characters of a line that are scored: longer sums would not fit 32 bits, and change no verdict."""


@kernel
def count_grams(fold_start: NDArray[np.int64]) -> NDArray[np.int64]:
    """Grams a line has, boundary marks included: (n,). An empty line has none."""
    n = fold_start.size - 1
    out = np.zeros(n, np.int64)
    for k in range(n):
        length = min(LONGEST, fold_start[k + 1] - fold_start[k])
        if length:
            out[k] = 4 * length + 2  # one of each order at each character, and fewer at the marks
    return out


@kernel
def gram_rows(
    folded: NDArray[np.uint32], fold_start: NDArray[np.int64], gram_start: NDArray[np.int64], bits: int
) -> NDArray[np.int32]:
    """The row of every gram of every line, in order, for training: int32 (gram_start[-1],)."""
    rows = np.empty(gram_start[-1], np.int32)
    shift = np.uint32(32 - bits)
    for k in range(fold_start.size - 1):
        first = fold_start[k]
        length = min(LONGEST, fold_start[k + 1] - first)
        if length == 0:
            continue
        at = gram_start[k]
        for i in range(-1, length + 1):
            h = SEED
            for j in range(i, min(i + ORDERS, length + 1)):
                c = MARK if j < 0 or j >= length else folded[first + j]
                h = extend(h, c)
                rows[at] = h >> shift
                at += 1
    return rows


@kernel
def sum_rows(
    folded: NDArray[np.uint32],
    fold_start: NDArray[np.int64],
    weights: NDArray[np.int32],
    bits: int,
) -> NDArray[np.int32]:
    """The sum of the weight rows of each line's grams: int32 (n, LANES), of which the first N_LABELS count.

    weights: int32 (rows, WORDS), see packing.py. Integer sums do not depend on the order of adding, so that every way
    of computing them gives the same bits. The grams that begin at a character are hashed one out of the other, and four
    characters are at hand at a time.
    """
    n = fold_start.size - 1
    out = np.zeros((n, LANES), np.int32)
    shift = np.uint32(32 - bits)
    for k in range(n):
        length = min(LONGEST, fold_start[k + 1] - fold_start[k])
        if length == 0:
            continue
        first = np.uint64(fold_start[k])
        ahead = first + np.uint64(2)
        end = first + np.uint64(length)
        c0 = MARK
        c1 = folded[first]
        c2 = folded[first + np.uint64(1)] if length > 1 else MARK
        sums = no_ints()
        for _ in range(length - 1):
            c3 = folded[ahead] if ahead < end else MARK
            h = extend(SEED, c0)
            sums += load_row(weights, place_of(h, shift))
            h = extend(h, c1)
            sums += load_row(weights, place_of(h, shift))
            h = extend(h, c2)
            sums += load_row(weights, place_of(h, shift))
            h = extend(h, c3)
            sums += load_row(weights, place_of(h, shift))
            c0, c1, c2 = c1, c2, c3
            ahead += np.uint64(1)
        h = extend(SEED, c0)  # what begins at the last two characters and at the mark behind them
        sums += load_row(weights, place_of(h, shift))
        h = extend(h, c1)
        sums += load_row(weights, place_of(h, shift))
        sums += load_row(weights, place_of(extend(h, MARK), shift))
        h = extend(SEED, c1)
        sums += load_row(weights, place_of(h, shift))
        sums += load_row(weights, place_of(extend(h, MARK), shift))
        sums += load_row(weights, place_of(extend(SEED, MARK), shift))
        store(out, k * LANES, sums)
    return out
