"""Twelve weights in sixteen bytes: a row of the first stage's table as it is stored.

A row is four words of 32 bits with three whole numbers each: word w holds column w in its upper eleven bits, column
w + 4 in the eleven below them and column w + 8 in the lower ten. Eight bits a weight are too few: a small
number of rows weigh far more than the others, and with those clipped, or with steps wide enough for them, too many
verdicts are others than full weights give (benchmarks/sweep.py).
"""

import numpy as np
from numpy.typing import NDArray

WORDS = 4
"""Words of a row."""
WIDTHS = (11, 11, 10)
"""Bits of a word's three numbers, from the upper end."""
UP = (0, 11, 22)
"""By how many bits a number is moved up until its sign is that of the word."""
DOWN = (21, 21, 22)
"""By how many bits it is moved down again, with its sign."""
MOST = np.repeat([(1 << width - 1) - 1 for width in WIDTHS], WORDS)
"""The largest number that is stored in each column; the smallest is as far below zero."""


def packed(numbers: NDArray[np.integer]) -> NDArray[np.int32]:
    """Whole numbers of at most MOST, (rows, 12), as rows of words: (rows, WORDS)."""
    fields = numbers.astype(np.int32).reshape(-1, len(WIDTHS), WORDS)
    words = np.zeros((len(fields), WORDS), np.int32)
    for field, (up, down, width) in enumerate(zip(UP, DOWN, WIDTHS, strict=True)):
        words |= (fields[:, field] & (1 << width) - 1) << down - up
    return words


def unpacked(words: NDArray[np.int32]) -> NDArray[np.int32]:
    """The whole numbers of rows of words: (rows, 12)."""
    return np.concatenate([(words << up) >> down for up, down in zip(UP, DOWN, strict=True)], axis=1)
