"""The shape of a line as a few row numbers: length, ending, punctuation, scripts, separators.

The rows stand behind the n-gram rows in the weight table, so that shape costs a dozen more look-ups a line.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.characters import kind_of
from moderation.kernel.function_words import MULTIPLIER, SLOT_BITS, WORD_AT
from moderation.kernel.jit import always, inline

N_CLASSES = 16
GROUPS = 14
"""Shape rows a line has."""
LENGTHS = 16
RATIOS = 8
COUNTS = 8
ROWS = LENGTHS + N_CLASSES * 4 + N_CLASSES * 4 + COUNTS * 4 * 3 + RATIOS * 4 * 4 + COUNTS * 4 + COUNTS * RATIOS * 3
"""Shape rows in all."""
LATIN = 2
SPACE = 4
SENTENCE_END = 6
LETTER = 13
LETTERS = np.uint32(1 << LATIN | 1 << LETTER)
FULL_STOP = 46
ONE = np.uint64(1)
SHIFT = np.uint32(32 - SLOT_BITS)


@inline
def is_capital(c: np.uint32) -> bool:
    """Whether the character is a capital of the Latin, Greek or Cyrillic alphabet."""
    return bool(
        (c >= 65 and c <= 90) or (c >= 0xC0 and c <= 0xDE) or (c >= 0x391 and c <= 0x3A9) or (c >= 0x400 and c <= 0x42F)
    )


@inline
def is_function_word(packed: np.uint32) -> bool:
    """Whether a packed word is in FUNCTION_WORDS."""
    return bool(WORD_AT[np.uint32(packed * MULTIPLIER) >> SHIFT] == packed)


@inline
def is_letter(
    c: np.uint32, entries: NDArray[np.uint32], page: NDArray[np.uint16], char_class: NDArray[np.uint8]
) -> bool:
    """Whether the character is a letter, but no Chinese one."""
    return bool(LETTERS >> kind_of(c, entries, page, char_class) & np.uint32(1))


@inline
def word_counts(
    codes: NDArray[np.uint32],
    start: int,
    end: int,
    entries: NDArray[np.uint32],
    page: NDArray[np.uint16],
    char_class: NDArray[np.uint8],
) -> tuple[int, int, int, int, int]:
    """Words of letters other than Chinese: how many, with a capital, function words; full stops behind words; and
    where the last such full stop stands, -1 where there is none.

    A full stop counts behind a word of two letters or more, before a blank or the end.
    """
    words = 0
    capitals = 0
    functions = 0
    stops = 0
    last_stop = -1
    i = np.uint64(start)
    stop = np.uint64(end)
    while True:
        while i < stop and not is_letter(codes[i], entries, page, char_class):
            i += ONE
        if i == stop:
            return words, capitals, functions, stops, last_stop
        words += 1
        capitals += int(is_capital(codes[i]))
        first = i
        packed = np.uint32(0)
        plain = True
        while i < stop and is_letter(codes[i], entries, page, char_class):
            letter = (codes[i] | np.uint32(32)) - np.uint32(96)
            plain &= letter - np.uint32(1) < np.uint32(26)
            packed = (packed << np.uint32(5)) | (letter & np.uint32(31))
            i += ONE
        if plain and i - first <= np.uint64(5):
            functions += int(is_function_word(packed))
        if i < stop and codes[i] == FULL_STOP and i - first >= np.uint64(2):
            after = i + ONE
            if after == stop or kind_of(codes[after], entries, page, char_class) == SPACE:
                stops += 1
                last_stop = np.int64(i)


def lengths() -> NDArray[np.int8]:
    """Length in characters on a scale of sixteen steps, each about 1.5 times the one before."""
    limits = [2.0]
    while len(limits) < LENGTHS - 1:
        limits.append(limits[-1] * 1.5 + 0.5)
    return np.searchsorted(limits, np.arange(int(limits[-1]) + 2), "right").astype(np.int8)


LENGTH_STEPS = lengths()
STEPS = np.array([0, 1, 2, 3, 4, 4, 5, 5, 5, 6, 6, 6, 6, 6, 6, 7], np.int8)


@always
def bucket(value: int) -> int:
    """0, 1, 2, 3, 4-5, 6-8, 9-14, more: counts on a rough logarithmic scale, 0 to COUNTS - 1."""
    return np.int64(STEPS[min(value, 15)])


@always
def ratio(part: int, whole: int) -> int:
    """part / whole in steps: none, up to 1/32, 1/12, 1/6, 1/3, 2/3, nearly all, all."""
    if part == 0:
        return 0
    if part == whole:
        return 7
    over = part * 10000  # without a division
    return (
        1
        + np.int64(part * 32 >= whole)
        + np.int64(over >= whole * 833)
        + np.int64(over >= whole * 1667)
        + np.int64(over >= whole * 3333)
        + np.int64(over >= whole * 6667)
    )


@inline
def write_shape(
    counts: NDArray[np.int32],
    k: int,
    first: int,
    last: int,
    words: int,
    capitals: int,
    functions: int,
    rows: NDArray[np.int32],
) -> None:
    """The shape rows of line k, values in [0, ROWS), from its counts and the classes it begins and ends with.

    counts: (n, N_CLASSES). first, last: -1 for a line without a visible character, whose rows stay as they are.
    words, capitals, functions: as word_counts finds them.
    """
    seen = 0
    for kind in range(N_CLASSES):
        seen += counts[k, kind]
    seen -= counts[k, 4] + counts[k, 5]
    if seen == 0:
        return
    length = np.int64(LENGTH_STEPS[min(seen, LENGTH_STEPS.size - 1)])
    coarse = min(3, length >> 2)
    base = 0
    rows[k, 0] = base + length
    base += LENGTHS
    rows[k, 1] = base + last * 4 + coarse
    base += N_CLASSES * 4
    rows[k, 2] = base + first * 4 + coarse
    base += N_CLASSES * 4
    rows[k, 3] = base + bucket(counts[k, 7]) * 4 + coarse
    base += COUNTS * 4
    rows[k, 4] = base + bucket(counts[k, 6]) * 4 + coarse
    base += COUNTS * 4
    rows[k, 5] = base + bucket(counts[k, 11]) * 4 + coarse
    base += COUNTS * 4
    rows[k, 6] = base + ratio(counts[k, 1], seen) * 4 + coarse
    base += RATIOS * 4
    rows[k, 7] = base + ratio(counts[k, 2], seen) * 4 + coarse
    base += RATIOS * 4
    digits = ratio(counts[k, 3], seen)
    rows[k, 8] = base + digits * 4 + coarse
    base += RATIOS * 4
    rows[k, 9] = base + ratio(counts[k, 13] + counts[k, 14] + counts[k, 15], seen) * 4 + coarse
    base += RATIOS * 4
    rows[k, 10] = base + bucket(counts[k, 4]) * 4 + coarse
    base += COUNTS * 4
    rows[k, 11] = base + bucket(counts[k, 8] + counts[k, 9]) * RATIOS + digits
    base += COUNTS * RATIOS
    rows[k, 12] = base + bucket(words) * RATIOS + ratio(capitals, max(words, 1))
    base += COUNTS * RATIOS
    rows[k, 13] = base + bucket(words) * RATIOS + ratio(functions, max(words, 1))
