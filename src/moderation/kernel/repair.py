"""What may need mending: one pass over a batch that says which lines to look at, and the bracketed readings."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.fold import HAN, LONGEST_READING, bracket_end
from moderation.kernel.jit import always, inline, kernel
from moderation.kernel.rows import doubled

READING = 1
MARKUP = 2
INVISIBLE = 4
MOJIBAKE = 8
DAMAGE = 16
CODED = 32
"""Of lines alone: bytes of rarer characters, which are mended where the document bears MOJIBAKE for others."""
SIGNED = 64
"""Not shown: a bracket with a letter or the same character behind it, without which no reading is looked for."""
OF_DOCUMENT = CODED - 1
OF_LINES = MARKUP | INVISIBLE | MOJIBAKE | DAMAGE | CODED
NEWLINE = 10
NEAR = LONGEST_READING + 4
"""A character with the longest bracket, and one more."""
AMPERSAND, BRACKET, LESS, QUESTION = np.uint32(0x26), np.uint32(0x28), np.uint32(0x3C), np.uint32(0x3F)
WIDE_BRACKET, REPLACEMENT, LOST_HAN, BOM = np.uint32(0xFF08), np.uint32(0xFFFD), np.uint32(0x951F), np.uint32(0xFEFF)
SOFT_HYPHEN, VOWEL, ZERO_WIDTH, JOINER = np.uint32(0xAD), np.uint32(0x180E), np.uint32(0x200B), np.uint32(0x2060)
FIRST_BYTE = np.uint32(0xE3)
"""Of types that are compared without widening."""
BLOCK = 32
"""Characters that are passed at a time where none of them is looked at: sixteen lanes, two at once."""


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


@always
def is_looked_at(c: np.uint32) -> bool:
    """Whether a character may stand for damage. Without a branch, so that many are asked at a time."""
    ascii_sign = (c == AMPERSAND) | (c == BRACKET) | (c == LESS) | (c == QUESTION)
    odd = (c == WIDE_BRACKET) | (c == REPLACEMENT) | (c == LOST_HAN) | (c == BOM) | (c == SOFT_HYPHEN) | (c == VOWEL)
    zero_width = ((c - ZERO_WIDTH) <= np.uint32(2)) | ((c - JOINER) <= np.uint32(4))
    return ascii_sign | odd | zero_width | ((c - FIRST_BYTE) <= np.uint32(13))


@inline
def next_sign(codes: NDArray[np.uint32], i: int, end: int) -> int:
    """The first place in [i, end) of a character that is looked at, or end: whole blocks are passed at a time."""
    while i < end:
        stop = min(i + BLOCK, end)
        hit = False
        for j in range(np.uint64(i), np.uint64(stop)):
            hit |= is_looked_at(codes[j])
        if hit:
            for j in range(np.uint64(i), np.uint64(stop)):
                if is_looked_at(codes[j]):
                    return np.int64(j)
        i = stop
    return end


@inline
def line_around(codes: NDArray[np.uint32], i: int, first: int, end: int) -> tuple[int, int]:
    """The line that holds place i, without its break; it begins at `first` at the earliest."""
    start = i
    while start > first and codes[start - 1] != NEWLINE:
        start -= 1
    stop = i
    while stop < end and codes[stop] != NEWLINE:
        stop += 1
    return start, stop


@inline
def markup_bits(c: np.uint32, after: np.uint32) -> int:
    """The marks of a character that only the one behind it has a say in."""
    letter = 0x41 <= after <= 0x7A
    if c == 0x26:
        return MARKUP if letter or after == 0x23 else 0
    if c == 0x3C:
        return MARKUP if letter or after in (0x21, 0x2F, 0x5C) else 0
    if c == 0x3F:
        return DAMAGE if after in (0x3F, 0x3B, 0x5E) else 0
    if c in (0xFFFD, 0x951F):
        return DAMAGE
    return INVISIBLE if is_invisible(c) else 0


@inline
def coded_bits(codes: NDArray[np.uint32], i: int, end: int) -> int:
    """The marks of what may be the first byte of a Chinese character, shown as a character."""
    if i + 2 >= end or not is_trailing(codes[i + 1]) or not is_trailing(codes[i + 2]):
        return 0
    return MOJIBAKE | DAMAGE | CODED if codes[i] <= 0xE9 else CODED


@inline
def bracket_behind(
    codes: NDArray[np.uint32],
    i: int,
    end: int,
    page: NDArray[np.uint16],
    fold_delta: NDArray[np.uint32],
    reading_char: NDArray[np.uint32],
    reading_start: NDArray[np.int32],
    reading: NDArray[np.uint32],
    near: NDArray[np.uint32],
) -> int:
    """Where the bracket that opens at i ends, if it reads or doubles the Chinese character before it; else 0.

    fold.bracket_end decides, as it does for the scorer, about the character or else about its simplified form: wrong
    conversions leave `閤(hé)` for 合. near: room for NEAR characters.
    """
    before = codes[i - 1]
    behind = bracket_end(codes, i, end, page, fold_delta, reading_char, reading_start, reading)
    folded = np.uint32(before + fold_delta[page[before >> 8], before & 255])
    if behind or folded == before:
        return np.int64(behind)
    n = min(NEAR - 1, end - i)
    near[0] = folded
    for j in range(n):
        near[j + 1] = codes[i + j]
    behind = bracket_end(near, 1, n + 1, page, fold_delta, reading_char, reading_start, reading)
    return np.int64(behind + i - 1 if behind else 0)


@inline
def bits_at(
    codes: NDArray[np.uint32],
    i: int,
    first: int,
    end: int,
    page: NDArray[np.uint16],
    fold_delta: NDArray[np.uint32],
    char_class: NDArray[np.uint8],
    reading_char: NDArray[np.uint32],
    reading_start: NDArray[np.int32],
    reading: NDArray[np.uint32],
    near: NDArray[np.uint32],
) -> int:
    """The marks of the character at i of the document [first, end)."""
    c = codes[i]
    after = codes[i + 1] if i + 1 < end else np.uint32(0)
    if c == BRACKET or c == WIDE_BRACKET:  # noqa: PLR1714, SIM109 - a tuple would be compared as wider numbers
        before = codes[i - 1] if i > first else np.uint32(0)
        if np.int64(before >> 8) >= page.size or char_class[page[before >> 8], before & 255] != HAN:
            return 0
        signed = SIGNED if after == before or 0x40 < after < 0x250 else 0
        behind = bracket_behind(codes, i, end, page, fold_delta, reading_char, reading_start, reading, near)
        return signed | READING if behind else signed
    if 0xE3 <= c <= 0xF0:
        return coded_bits(codes, i, end)
    return markup_bits(c, after)


@kernel
def repair_marks(
    codes: NDArray[np.uint32],
    doc_start: NDArray[np.int64],
    keep: NDArray[np.bool_],
    page: NDArray[np.uint16],
    fold_delta: NDArray[np.uint32],
    char_class: NDArray[np.uint8],
    reading_char: NDArray[np.uint32],
    reading_start: NDArray[np.int32],
    reading: NDArray[np.uint32],
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Which kinds of damage each document, and each line of it, may have in its kept characters; bits as above.

    Returns marks, uint8 (n_docs,); lines, int64 (m, 3), [start, end) in codes without the break, and bits, of the lines
    that bear any but READING, in order; first (n_docs + 1,), which lines are whose. READING, of the document alone,
    says that a bracket reads or doubles. The others may say too much, never too little: what is really there is for
    the slow path to find.
    """
    n_docs = doc_start.size - 1
    marks = np.zeros(n_docs, np.uint8)
    first = np.zeros(n_docs + 1, np.int64)
    lines = np.empty((64, 3), np.int64)
    near = np.empty(NEAR, np.uint32)
    m = 0
    for d in range(n_docs):
        begin = doc_start[d]
        end = doc_start[d + 1]
        found = 0
        known = begin  # where the last of its lines ends
        i = next_sign(codes, begin, end)
        while i < end:
            bits = 0
            if keep[i]:
                bits = bits_at(
                    codes, i, begin, end, page, fold_delta, char_class, reading_char, reading_start, reading, near
                )
            found |= bits
            bits &= OF_LINES
            if bits:
                if i >= known:
                    if m == lines.shape[0]:
                        lines = doubled(lines)
                    start, known = line_around(codes, i, known, end)
                    lines[m, 0] = start
                    lines[m, 1] = known
                    lines[m, 2] = 0
                    m += 1
                lines[m - 1, 2] |= bits
            i = next_sign(codes, i + 1, end)
        marks[d] = found & OF_DOCUMENT if found & SIGNED else found & OF_DOCUMENT & ~READING
        first[d + 1] = m
    return marks, lines[:m].copy(), first


@inline
def next_bracket(codes: NDArray[np.uint32], i: int, page: NDArray[np.uint16], char_class: NDArray[np.uint8]) -> int:
    """The first place from i, which is at least 1, of a bracket that opens behind a Chinese character, or the end."""
    for j in range(np.uint64(i), np.uint64(codes.size)):
        c = codes[j]
        if c == BRACKET or c == WIDE_BRACKET:  # noqa: PLR1714, SIM109 - a tuple would be compared as wider numbers
            before = codes[j - np.uint64(1)]
            if np.int64(before >> 8) < page.size and char_class[page[before >> 8], before & 255] == HAN:
                return np.int64(j)
    return codes.size


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

    A second bracket behind the first has no character before it.
    """
    out = np.empty((64, 2), np.int64)
    near = np.empty(NEAR, np.uint32)
    m = 0
    i = next_bracket(codes, 1, page, char_class)
    while i < codes.size:
        behind = bracket_behind(codes, i, codes.size, page, fold_delta, reading_char, reading_start, reading, near)
        if behind:
            if m == out.shape[0]:
                out = doubled(out)
            out[m, 0] = i
            out[m, 1] = behind
            m += 1
        i = next_bracket(codes, max(i + 1, behind), page, char_class)
    return out[:m].copy()
