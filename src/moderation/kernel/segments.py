"""Where a page that arrives as one giant line comes apart: at wide gaps, at gaps between Chinese, behind sentences."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.disguise import class_of
from moderation.kernel.jit import inline, kernel

LATIN = 2
DIGIT = 3
SPACE = 4
SENTENCE_END = 6
CLOSE = 10
LETTER = 13
LONG = 240
"""Characters from which on a line may be a whole page."""
FEWEST_GAPS = 6
"""Gaps from which on it is taken for one: prose has next to none."""


@inline
def class_at(codes: NDArray[np.uint32], i: int, page: NDArray[np.uint16], char_class: NDArray[np.uint8]) -> np.uint8:
    """The class of a character."""
    return class_of(codes[i], page, char_class)


@inline
def gap_end(
    codes: NDArray[np.uint32], i: int, end: int, page: NDArray[np.uint16], char_class: NDArray[np.uint8]
) -> int:
    """Where the white space at i ends."""
    while i < end and class_at(codes, i, page, char_class) == SPACE:
        i += 1
    return i


@inline
def parts(
    codes: NDArray[np.uint32], a: int, b: int, end: int, page: NDArray[np.uint16], char_class: NDArray[np.uint8]
) -> bool:
    """Whether the white space [a, b) parts two pieces: two characters wide, or with no letter or digit beside it.

    codes[a - 1] and codes[b] exist; end: of the line. One blank beside a Latin letter is how words and figures are set.
    """
    if b == end or b - a >= 2:
        return True
    before = class_at(codes, a - 1, page, char_class)
    after = class_at(codes, b, page, char_class)
    return before not in (LATIN, DIGIT, LETTER) and after not in (LATIN, DIGIT, LETTER)


@kernel
def giant_lines(
    codes: NDArray[np.uint32],
    line_start: NDArray[np.int64],
    line_end: NDArray[np.int64],
    page: NDArray[np.uint16],
    char_class: NDArray[np.uint8],
) -> NDArray[np.int64]:
    """Indices of the lines of at least LONG characters and FEWEST_GAPS gaps."""
    found = np.empty(line_start.size, np.int64)
    n = 0
    for k in range(line_start.size):
        end = line_end[k]
        if end - line_start[k] < LONG:
            continue
        gaps = 0
        i = gap_end(codes, line_start[k], end, page, char_class) + 1
        while i < end and gaps < FEWEST_GAPS:
            if class_at(codes, i, page, char_class) == SPACE:
                behind = gap_end(codes, i, end, page, char_class)
                gaps += int(behind < end and parts(codes, i, behind, end, page, char_class))
                i = behind
            i += 1
        if gaps >= FEWEST_GAPS:
            found[n] = k
            n += 1
    return found[:n].copy()


@kernel
def split_segments(
    codes: NDArray[np.uint32],
    line_start: NDArray[np.int64],
    line_end: NDArray[np.int64],
    page: NDArray[np.uint16],
    char_class: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cut every line into segments, as split_lines cuts documents into lines.

    Returns start, end (without the gap), next (behind it), int64 (m,), and first_segment (n + 1,). The segments with
    their gaps make the line again; white space before the first visible character belongs to the first segment.
    """
    total = 0
    for k in range(line_start.size):
        total += line_end[k] - line_start[k] + 1
    start = np.empty(total, np.int64)
    stop = np.empty(total, np.int64)
    behind = np.empty(total, np.int64)
    first = np.zeros(line_start.size + 1, np.int64)
    m = 0
    for k in range(line_start.size):
        end = line_end[k]
        begin = line_start[k]
        i = gap_end(codes, begin, end, page, char_class)
        while i < end:
            kind = class_at(codes, i, page, char_class)
            i += 1
            cut = i
            if kind == SENTENCE_END:
                while i < end and (
                    class_at(codes, i, page, char_class) in (SENTENCE_END, CLOSE) or codes[i] in (0x201D, 0x2019, 0x22)
                ):
                    i += 1
                cut = i
                i = gap_end(codes, i, end, page, char_class)
            elif i < end and class_at(codes, i, page, char_class) == SPACE:
                i = gap_end(codes, i, end, page, char_class)
                if not parts(codes, cut, i, end, page, char_class):
                    continue
            elif i < end:
                continue
            start[m] = begin
            stop[m] = cut
            behind[m] = i
            m += 1
            begin = i
        if begin < end or m == first[k]:
            start[m] = begin
            stop[m] = end
            behind[m] = end
            m += 1
        first[k + 1] = m
    return start[:m].copy(), stop[:m].copy(), behind[:m].copy(), first
