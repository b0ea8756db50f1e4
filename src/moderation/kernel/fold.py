"""Disguises that folding sees through: a character with its reading, or itself, in brackets behind it."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import inline

DROPPED = 0xFFFFFFFF
SPACE = 32
HAN = 1
LATIN = 2
CLASS_SPACE = 4
LONGEST_READING = 6


@inline
def find_reading(
    code: np.uint32,
    packed: np.uint32,
    reading_char: NDArray[np.uint32],
    reading_start: NDArray[np.int32],
    reading: NDArray[np.uint32],
) -> bool:
    """Whether `packed` (five bits a letter) is a reading of the character `code`."""
    low = 0
    high = reading_char.size
    while low < high:
        middle = (low + high) >> 1
        if reading_char[middle] < code:
            low = middle + 1
        else:
            high = middle
    if low == reading_char.size or reading_char[low] != code:
        return False
    for j in range(reading_start[low], reading_start[low + 1]):  # noqa: SIM110 - numba knows no generators
        if reading[j] == packed:
            return True
    return False


@inline
def bracket_end(
    codes: NDArray[np.uint32],
    i: int,
    end: int,
    page: NDArray[np.uint16],
    fold_delta: NDArray[np.uint32],
    reading_char: NDArray[np.uint32],
    reading_start: NDArray[np.int32],
    reading: NDArray[np.uint32],
) -> int:
    """Where a bracket that reads or doubles the character before it ends, or 0.

    codes[i] is the opening bracket and codes[i - 1] the character. Seen through are `發(fā)`, `關(guan)`, `訪(訪)`,
    with half- or full-width brackets.
    """
    before = codes[i - 1]
    packed = np.uint32(0)
    letters = 0
    j = i + 1
    while j < end and letters <= LONGEST_READING:
        c = codes[j]
        if c in (0x29, 0xFF09):
            if letters == 0:
                return 0
            return j + 1 if find_reading(before, packed, reading_char, reading_start, reading) else 0
        if c == before and letters == 0:
            return j + 2 if j + 1 < end and (codes[j + 1] == 0x29 or codes[j + 1] == 0xFF09) else 0
        if c >= 0x250:
            return 0
        folded = np.uint32(c + fold_delta[page[c >> 8], c & 255])
        if c in (0xFC, 0x1D6, 0x1D8, 0x1DA, 0x1DC):
            folded = np.uint32(118)
        if folded < 97 or folded > 122:
            return 0
        packed = np.uint32((packed << np.uint32(5)) | (folded - np.uint32(96)))
        letters += 1
        j += 1
    return 0
