"""What bracketed readings say by themselves, as bits, and what a page says of all of them: counts."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import inline, kernel

DOUBLED = 1
TONED = 2
COMMON = 4
CLOAKS = 8
PINYIN = 16
CAPITAL = 32
"""Bits of a bracket; see repair/reading.py."""
LETTER = 1
TONE = 2
UPPER = 4
"""Bits of a letter below U+0250."""
NEWLINE = np.uint32(10)
LATIN = np.uint32(0x250)
KELVIN = np.uint32(0x212A)
"""The one letter beyond Latin; it is folded to k."""


@inline
def inner_bits(codes: NDArray[np.uint32], start: int, end: int, letters: NDArray[np.uint8]) -> int:
    """What the letters in [start, end), all of them below U+0250, say without the character before them."""
    toned = False
    word = True
    bits = 0
    for i in range(start, end):
        c = codes[i]
        toned |= (letters[c] & TONE) != 0
        word &= (letters[c] & LETTER) != 0
        if letters[c] & UPPER:
            bits |= CAPITAL
        if c >= 0x80:
            bits |= TONED
    return bits | PINYIN if word and toned else bits


@kernel
def bracket_signs(
    codes: NDArray[np.uint32],
    brackets: NDArray[np.int64],
    page: NDArray[np.uint16],
    fold_delta: NDArray[np.uint32],
    letters: NDArray[np.uint8],
    common: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """The bits of each bracket, uint8 (m,). brackets: as kernel/repair.py finds them.

    letters: uint8 (592,), bits of U+0000 to U+024F. common: bool (65536,), characters in everybody's use.
    """
    out = np.zeros(brackets.shape[0], np.uint8)
    for k in range(brackets.shape[0]):
        start = brackets[k, 0]
        before = codes[start - 1]
        folded = np.uint32(before + fold_delta[page[before >> 8], before & 255])
        if codes[start + 1] == before or codes[start + 1] == folded:
            bits = DOUBLED | TONED
        else:
            bits = inner_bits(codes, start + 1, brackets[k, 1] - 1, letters)
        if folded < common.size and common[folded]:
            bits |= COMMON if folded == before else COMMON | CLOAKS
        out[k] = bits
    return out


@inline
def behind_letters(codes: NDArray[np.uint32], i: int, letters: NDArray[np.uint8]) -> int:
    """Where the run of letters that goes on at i ends."""
    while i < codes.size:
        c = codes[i]
        if c != KELVIN and (c >= LATIN or not letters[c] & LETTER):
            break
        i += 1
    return i


@kernel
def toned_words(codes: NDArray[np.uint32], letters: NDArray[np.uint8]) -> int:
    """How many runs of letters hold one with a tone mark. letters: as above."""
    words = 0
    i = 0
    while i < codes.size:
        c = codes[i]
        if c < LATIN and letters[c] & TONE:
            words += 1
            i = behind_letters(codes, i, letters)
        else:
            i += 1
    return words


@inline
def is_han(c: np.uint32) -> bool:
    """Whether a character is Chinese, as readings are put behind."""
    return bool(0x3400 <= c <= 0x9FFF or 0x20000 <= c <= 0x2FA1F)


@kernel
def annotated_brackets(
    codes: NDArray[np.uint32], brackets: NDArray[np.int64], signs: NDArray[np.uint8], least: int, throughout: float
) -> int:
    """Brackets in lines with `least` or more of them, and fewer than `throughout` Chinese characters a bracket."""
    count = 0
    at = 0
    while at < brackets.shape[0]:
        start = brackets[at, 0]
        while start > 0 and codes[start - 1] != NEWLINE:
            start -= 1
        i = start
        characters = 0
        while i < codes.size and codes[i] != NEWLINE:
            characters += is_han(codes[i])
            i += 1
        first = at
        while at < brackets.shape[0] and brackets[at, 0] < i:
            characters -= signs[at] & DOUBLED  # the same character again
            at += 1
        if at - first >= least and characters < (at - first) * throughout:
            count += at - first
    return count
