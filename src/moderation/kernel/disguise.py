"""Second half of folding: characters written apart, pictures between them, and characters written as two.

`澳·门·新·葡`, `加 V 信`, `皇❤冠` and `亻言` become `澳门新葡`, `加微信`, `皇冠` and `信` in the scorer's copy. Two
characters with a gap (`目　录`) stay as they are: that is how honest headings are set.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import inline, kernel

SPACE = 32
SEPARATOR = 11
SYMBOL = 15
PICTURES = 0x2300
"""Symbols from here on are pictures; below lie the signs of arithmetic, units and currencies."""
LONGEST_GAP = 3
BLOOM_BITS = 1 << 15
FEWEST = 3
FEWEST_LATIN = 4
"""So many single characters in a row count as written apart; with fewer than two Chinese ones among them, more."""


@inline
def is_han(f: np.uint32) -> bool:
    """Whether a folded character is Chinese."""
    return bool((f >= 0x3400 and f < 0xA000) or (f >= 0x20000 and f < 0x32000))


@inline
def is_token(f: np.uint32) -> bool:
    """Whether a folded character is Chinese, a Latin letter or a digit."""
    return bool(is_han(f) or (f >= 97 and f <= 122) or f == 48)


@inline
def class_of(f: np.uint32, page: NDArray[np.uint16], char_class: NDArray[np.uint8]) -> np.uint8:
    """The class of a character."""
    return char_class[page[f >> 8], f & 255] if np.int64(f >> 8) < page.size else np.uint8(0)


@inline
def is_filler(f: np.uint32, page: NDArray[np.uint16], char_class: NDArray[np.uint8]) -> bool:
    """Whether the character may stand between characters written apart: a blank, separator, symbol or full stop."""
    if f in (SPACE, 46):
        return True
    kind = class_of(f, page, char_class)
    return kind in (SEPARATOR, SYMBOL)


@inline
def same_gap(folded: NDArray[np.uint32], a: int, b: int, size: int) -> bool:
    """Whether the `size` characters at a and at b are the same."""
    for k in range(size):  # noqa: SIM110 - numba knows no generators
        if folded[a + k] != folded[b + k]:
            return False
    return True


@inline
def gap_at(
    folded: NDArray[np.uint32], i: int, end: int, page: NDArray[np.uint16], char_class: NDArray[np.uint8]
) -> int:
    """How many fillers stand at i before the next token: 1 to LONGEST_GAP, or 0 where there is no such gap."""
    j = i
    while j < end and not is_token(folded[j]):
        if j - i == LONGEST_GAP or not is_filler(folded[j], page, char_class):
            return 0
        j += 1
    return j - i if j < end else 0


@inline
def apart_end(
    folded: NDArray[np.uint32], i: int, end: int, page: NDArray[np.uint16], char_class: NDArray[np.uint8]
) -> int:
    """Where the run of single characters ends that begins at i, all with the same gap between.

    folded[i] is a token and nothing that is one stands before it. Where the run is too short to count, the negative of
    the place before which no other one can begin: without it, a long row of digits would be read over and over.
    """
    if i + 1 == end or is_token(folded[i + 1]):
        return -(i + 1)
    gap = gap_at(folded, i + 1, end, page, char_class)
    han = int(is_han(folded[i]))
    digits = int(folded[i] == 48)
    n = 1
    j = i
    while gap:
        after = j + 1 + gap
        if not same_gap(folded, i + 1, j + 1, gap) or (after + 1 < end and is_token(folded[after + 1])):
            break
        han += int(is_han(folded[after]))
        digits += int(folded[after] == 48)
        n += 1
        j = after
        if gap_at(folded, j + 1, end, page, char_class) != gap:
            break
    enough = n >= FEWEST if han >= 2 else n >= FEWEST_LATIN and n - digits >= 2
    return j + 1 if enough else -max(j, i + 1)


@inline
def bloom_place(first: np.uint32, second: np.uint32) -> np.uint32:
    """The bit of the bloom filter that stands for two characters."""
    return np.uint32(((first * np.uint32(0x9E3779B1)) ^ second) & np.uint32(BLOOM_BITS - 1))


@kernel
def bloom_of(pair_key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The bloom filter of a table of pairs: 4 KB in which nearly every other pair finds a zero."""
    bloom = np.zeros(BLOOM_BITS // 64, np.uint64)
    for k in range(pair_key.size):
        place = bloom_place(np.uint32(pair_key[k] >> np.uint64(32)), np.uint32(pair_key[k] & np.uint64(0xFFFFFFFF)))
        bloom[place >> np.uint32(6)] |= np.uint64(1) << np.uint64(place & np.uint32(63))
    return bloom


@inline
def may_pair(first: np.uint32, second: np.uint32, bloom: NDArray[np.uint64]) -> bool:
    """Whether two characters may be in the table of pairs."""
    place = bloom_place(first, second)
    return bool((bloom[place >> np.uint32(6)] >> np.uint64(place & np.uint32(63))) & np.uint64(1))


@inline
def pair_of(key: np.uint64, pair_key: NDArray[np.uint64]) -> int:
    """The place of two characters in the table of pairs, or -1."""
    low = 0
    high = pair_key.size
    while low < high:
        middle = (low + high) >> 1
        if pair_key[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < pair_key.size and pair_key[low] == key else -1


@inline
def undisguise(
    folded: NDArray[np.uint32],
    source: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    first: int,
    end: int,
    page: NDArray[np.uint16],
    char_class: NDArray[np.uint8],
    pair_key: NDArray[np.uint64],
    pair_to: NDArray[np.uint32],
    bloom: NDArray[np.uint64],
) -> int:
    """Close the gaps of one folded line and join its pairs, [first, end) of the arrays, in place. Returns its new end.

    pair_key: ascending, (first character << 32) + second. pair_to: (n, 2), what stands for both; 0 for nothing.
    bloom: of pair_key.
    """
    m = first
    i = first
    run_end = first
    known = first
    while i < end:
        f = folded[i]
        token = is_token(f)
        if i >= known and token and (i == first or not is_token(folded[i - 1])):
            found = apart_end(folded, i, end, page, char_class)
            known = abs(found)
            run_end = max(found, run_end)
        if not token:
            inside = i < run_end
            if not inside and f >= PICTURES and m > first and i + 1 < end:
                inside = (
                    is_token(folded[m - 1])
                    and folded[m - 1] != 48
                    and is_token(folded[i + 1])
                    and folded[i + 1] != 48
                    and class_of(f, page, char_class) == SYMBOL
                )
            if inside:
                i += 1
                continue
        at = source[i]
        kind = kinds[i]
        i += 1
        while m > first and may_pair(folded[m - 1], f, bloom):
            place = pair_of((np.uint64(folded[m - 1]) << np.uint64(32)) | np.uint64(f), pair_key)
            if place < 0:
                break
            if pair_to[place, 1]:
                folded[m - 1] = pair_to[place, 0]
                f = pair_to[place, 1]
                break
            m -= 1  # what both make may pair with the character before
            f = pair_to[place, 0]
            at = source[m]
            kind = kinds[m]
        folded[m] = f
        source[m] = at
        kinds[m] = kind
        m += 1
    return m
