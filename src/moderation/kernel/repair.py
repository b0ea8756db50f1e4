"""What may need mending: one pass over a batch that says which documents to look at, and the bracketed readings."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.fold import HAN, LONGEST_READING, bracket_end
from moderation.kernel.jit import inline, kernel

READING = 1
MARKUP = 2
INVISIBLE = 4
MOJIBAKE = 8
DAMAGE = 16
ONE = np.uint64(1)
NEAR = LONGEST_READING + 4
"""A character with the longest bracket, and one more."""


@inline
def is_invisible(c: np.uint32) -> bool:
    """Soft hyphen, zero-width space, (non-)joiner, word joiner and its invisible kin, vowel separator, BOM."""
    return bool(0x200B <= c <= 0x200D or 0x2060 <= c <= 0x2064 or c in (0xAD, 0x180E, 0xFEFF))


@inline
def is_trailing(c: np.uint32) -> bool:
    """Whether windows-1252 or Latin-1 may show a UTF-8 continuation byte (0x80-0xBF) as this character."""
    if c < 0x2013:
        return bool(0x80 <= c <= 0xBF or c in (0x152, 0x153, 0x160, 0x161, 0x178, 0x17D, 0x17E, 0x192, 0x2C6, 0x2DC))
    return bool(c <= 0x203A or c in (0x20AC, 0x2122))


def looked_at() -> NDArray[np.uint64]:
    """A bit a character below 0x10000: whether it may stand for damage, or begin a bracket with a reading."""
    few = [0x26, 0x28, 0x3C, 0x3F, 0xFF08, 0xFFFD, 0x951F, 0xAD, 0x180E, 0xFEFF]
    few += [*range(0xE3, 0xEA), *range(0x200B, 0x200E), *range(0x2060, 0x2065)]
    bits = np.zeros(1 << 16, np.uint8)
    bits[few] = 1
    return np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64)


LOOKED_AT = looked_at()


@kernel
def repair_marks(
    codes: NDArray[np.uint32],
    doc_start: NDArray[np.int64],
    keep: NDArray[np.bool_],
    page: NDArray[np.uint16],
    char_class: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """Which kinds of damage each document may have in its kept characters: uint8 (n_docs,), bits as above.

    May say too much, never too little: what is really there is for the slow path to find.
    """
    n_docs = doc_start.size - 1
    out = np.zeros(n_docs, np.uint8)
    for d in range(n_docs):
        first = doc_start[d]
        end = doc_start[d + 1]
        marks = 0
        for i in range(first, end):
            c = codes[i]
            # nearly every character leaves here
            if c >= 0x10000 or not (LOOKED_AT[c >> np.uint32(6)] >> np.uint64(c & np.uint32(63))) & ONE or not keep[i]:
                continue
            after = codes[i + 1] if i + 1 < end else np.uint32(0)
            if c in (0x28, 0xFF08):
                if i > first and (after == codes[i - 1] or (after < 0x250 and after > 0x40)):
                    before = codes[i - 1]
                    if np.int64(before >> 8) < page.size and char_class[page[before >> 8], before & 255] == HAN:
                        marks |= READING
            elif c == 0x26:
                if after == 0x23 or 0x41 <= after <= 0x7A:
                    marks |= MARKUP
            elif c == 0x3C:
                if after in (0x21, 0x2F, 0x5C) or 0x41 <= after <= 0x7A:
                    marks |= MARKUP
            elif c == 0x3F:
                if after in (0x3F, 0x3B, 0x5E):
                    marks |= DAMAGE
            elif c in (0xFFFD, 0x951F):
                marks |= DAMAGE
            elif is_invisible(c):
                marks |= INVISIBLE
            elif 0xE3 <= c <= 0xE9 and i + 2 < end and is_trailing(after) and is_trailing(codes[i + 2]):
                marks |= MOJIBAKE | DAMAGE
        out[d] = marks
    return out


@inline
def next_bracket(
    codes: NDArray[np.uint32],
    i: int,
    page: NDArray[np.uint16],
    fold_delta: NDArray[np.uint32],
    char_class: NDArray[np.uint8],
    reading_char: NDArray[np.uint32],
    reading_start: NDArray[np.int32],
    reading: NDArray[np.uint32],
    near: NDArray[np.uint32],
) -> tuple[int, int]:
    """The first bracket from i on that reads or doubles the character before it, and its end; (0, 0) for none.

    i: at least 1. near: room for NEAR characters.
    """
    half, full = np.uint32(0x28), np.uint32(0xFF08)
    while i < codes.size:
        c = codes[i]
        if c != half and c != full:  # noqa: PLR1714 - a tuple would be compared as wider numbers
            i += 1
            continue
        behind = 0
        before = codes[i - 1]
        if np.int64(before >> 8) < page.size and char_class[page[before >> 8], before & 255] == HAN:
            behind = bracket_end(codes, i, codes.size, page, fold_delta, reading_char, reading_start, reading)
            folded = np.uint32(before + fold_delta[page[before >> 8], before & 255])
            if behind == 0 and folded != before:
                n = min(NEAR - 1, codes.size - i)
                near[0] = folded
                for j in range(n):
                    near[j + 1] = codes[i + j]
                behind = bracket_end(near, 1, n + 1, page, fold_delta, reading_char, reading_start, reading)
                if behind:
                    behind += i - 1
        if behind:
            return i, behind
        i += 1
    return 0, 0


@kernel
def reading_brackets(
    codes: NDArray[np.uint32],
    page: NDArray[np.uint16],
    fold_delta: NDArray[np.uint32],
    char_class: NDArray[np.uint8],
    reading_char: NDArray[np.uint32],
    reading_start: NDArray[np.int32],
    reading: NDArray[np.uint32],
) -> NDArray[np.int64]:
    """The brackets of one document that read or double the Chinese character before them: int64 (m, 2), [start, end).

    fold.bracket_end decides, as it does for the scorer, about the character or else about its simplified form: wrong
    conversions leave `閤(hé)` for 合. A second bracket behind the first has no character before it.
    """
    out = np.empty((64, 2), np.int64)
    near = np.empty(NEAR, np.uint32)
    m = 0
    i = 1
    while True:
        start, end = next_bracket(codes, i, page, fold_delta, char_class, reading_char, reading_start, reading, near)
        if end == 0:
            return out[:m].copy()
        if m == out.shape[0]:
            more = np.empty((2 * m, 2), np.int64)
            more[:m] = out
            out = more
        out[m, 0] = start
        out[m, 1] = end
        m += 1
        i = end
