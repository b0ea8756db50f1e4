"""The scorer's copy of a text: width, case, script and digits folded, disguises seen through.

The copy never leaves the scorer. `source` leads from each of its characters back to the original.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.disguise import mask_of, undisguise
from moderation.kernel.jit import inline, kernel

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


@kernel
def fold_lines(
    codes: NDArray[np.uint32],
    line_start: NDArray[np.int64],
    line_end: NDArray[np.int64],
    page: NDArray[np.uint16],
    fold_delta: NDArray[np.uint32],
    char_class: NDArray[np.uint8],
    reading_char: NDArray[np.uint32],
    reading_start: NDArray[np.int32],
    reading: NDArray[np.uint32],
    pair_key: NDArray[np.uint64],
    pair_to: NDArray[np.uint32],
) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.int64]]:
    """Fold every line; see kernel/disguise.py for pair_key and pair_to.

    Returns folded (m,) code points, fold_start (n + 1,) offsets into it, source (m,) index of each into codes.
    Runs of white space become one blank, white space at either end goes; a line of white space and invisible
    characters alone is empty.
    """
    n = line_start.size
    total = 0
    for k in range(n):
        total += line_end[k] - line_start[k]
    folded = np.empty(total, np.uint32)
    source = np.empty(total, np.int64)
    fold_start = np.zeros(n + 1, np.int64)
    pair_mask = mask_of(pair_key)
    m = 0
    for k in range(n):
        first = m
        end = line_end[k]
        i = line_start[k]
        while i < end:
            c = codes[i]
            high = c >> 8
            if high >= page.size:
                f = c
                kind = np.uint8(0)
            else:
                p = page[high]
                f = np.uint32(c + fold_delta[p, c & 255])
                kind = char_class[p, c & 255]
            if f == DROPPED:
                i += 1
                continue
            if f == SPACE:
                if m > first and folded[m - 1] != SPACE:
                    folded[m] = SPACE
                    source[m] = i
                    m += 1
                i += 1
                continue
            folded[m] = f
            source[m] = i
            m += 1
            i += 1
            if kind == HAN and i + 1 < end and (codes[i] == 0x28 or codes[i] == 0xFF08):
                behind = bracket_end(codes, i, end, page, fold_delta, reading_char, reading_start, reading)
                if behind:
                    i = behind
        if m > first and folded[m - 1] == SPACE:
            m -= 1
        m = undisguise(folded, source, first, m, page, char_class, pair_key, pair_to, pair_mask)
        fold_start[k + 1] = m
    return folded[:m].copy(), fold_start, source[:m].copy()
