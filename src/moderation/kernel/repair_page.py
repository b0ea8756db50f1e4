"""What repairs ask of a whole page: lines that may be source code or about it.

What runs over the characters is apart from what makes arrays: there, every character would count references.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import inline, kernel
from moderation.kernel.rows import doubled

SUBJECT = 1
CODE = 2
FIRST = 1
SECOND = 2
NEWLINE = np.uint32(10)
ASCII = np.uint32(128)
HAN, HAN_SIZE = np.uint32(0x3400), np.uint32(0x9FFF - 0x3400)


@inline
def source_line(
    codes: NDArray[np.uint32], start: int, words: NDArray[np.uint8], signs: NDArray[np.bool_]
) -> tuple[int, int]:
    """Where the line that begins at `start` ends, and its bits."""
    i = start
    bits = 0
    chinese = 0
    before = np.uint8(0)
    while i < codes.size:
        c = codes[i]
        if c == NEWLINE:
            break
        chinese += c - HAN <= HAN_SIZE
        if c < ASCII and signs[c]:
            bits |= CODE
        word = words[c] if c < words.size else np.uint8(0)
        if before & FIRST and word & SECOND:
            bits |= SUBJECT
        before = word
        i += 1
    if chinese * 3 > i - start:
        bits &= ~CODE
    return i, bits


@inline
def any_stays(keep: NDArray[np.bool_], start: int, end: int) -> bool:
    """Whether anything of [start, end) stays."""
    for i in range(start, end):  # noqa: SIM110 - numba knows no generators
        if keep[i]:
            return True
    return False


@kernel
def source_lines(
    codes: NDArray[np.uint32], keep: NDArray[np.bool_], words: NDArray[np.uint8], signs: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Lines of which something stays that may name a subject, or be code and no Chinese: int64 (m, 3), [start, end)
    and bits.

    words: uint8 (65536,), FIRST and SECOND for the first two characters of the subjects. signs: bool (128,), characters
    of which every line of code has one.
    """
    out = np.empty((64, 3), np.int64)
    m = 0
    start = 0
    while start <= codes.size:
        end, bits = source_line(codes, start, words, signs)
        if bits and any_stays(keep, start, end):
            if m == out.shape[0]:
                out = doubled(out)
            out[m, 0] = start
            out[m, 1] = end
            out[m, 2] = bits
            m += 1
        start = end + 1
    return out[:m].copy()
