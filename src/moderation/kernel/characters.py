"""All that reading needs to know about a character, in 32 bits.

From the lowest bit: what it is folded to (21 bits), its class (4), whether it has to be looked at (1), what it is to
characters written apart (2), whether it is a picture (1), whether it may be second and first of a pair (2), and whether
it is a blank (1).
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.disguise import PICTURES, SYMBOL, class_of, is_filler, is_token
from moderation.kernel.fold import DROPPED, HAN, SPACE
from moderation.kernel.jit import inline, kernel

CODE = np.uint32(0x1FFFFF)
NOTHING = CODE
"""What stands for a character that folding drops."""
KIND = np.uint32(21)
KINDS = np.uint32(15)
STOP = np.uint32(1 << 25)
"""A line break, a character that is dropped, or an opening bracket that may hold a reading."""
CATEGORY = np.uint32(26)
GAP, TOKEN = np.uint32(1), np.uint32(2)
"""Categories: what stands between characters written apart, and what is written apart. Three tokens that stand apart
have one among them with gaps on both sides; TOKEN is one bit above GAP, so that neighbours are compared by a shift."""
PICTURE = np.uint32(1 << 28)
SECOND = np.uint32(1 << 29)
FIRST = np.uint32(1 << 30)
"""FIRST is one bit above SECOND, so that two neighbours are compared by a shift."""
BLANK = np.uint32(1 << 31)
"""What is folded to a space: the first of a run is as good as any character, those behind it are looked at."""
TABLED = np.uint32(1 << 16)
"""Characters below have their entries in a table; of the few others they are made when they come."""


@inline
def entry_of(
    c: np.uint32, page: NDArray[np.uint16], fold_delta: NDArray[np.uint32], char_class: NDArray[np.uint8]
) -> np.uint32:
    """The entry of a character, with both bits of pairs."""
    high = c >> np.uint32(8)
    f = c
    kind = np.uint32(0)
    if np.int64(high) < page.size:
        f = np.uint32(c + fold_delta[page[high], c & np.uint32(255)])
        kind = np.uint32(char_class[page[high], c & np.uint32(255)])
    entry = (kind << KIND) | FIRST | SECOND
    if f == DROPPED:
        return np.uint32(entry | NOTHING | STOP)
    entry |= f & CODE
    if is_token(f):
        entry |= TOKEN << CATEGORY
    elif kind != HAN and is_filler(f, page, char_class):
        entry |= GAP << CATEGORY
        if f >= PICTURES and class_of(f, page, char_class) == SYMBOL:
            entry |= PICTURE
    if f == SPACE and c != 10:
        entry |= BLANK
    elif kind != HAN and (c == 10 or c == 0x28 or c == 0xFF08):  # noqa: PLR1714 - wider numbers
        entry |= STOP
    return np.uint32(entry)


@inline
def kind_of(
    c: np.uint32, entries: NDArray[np.uint32], page: NDArray[np.uint16], char_class: NDArray[np.uint8]
) -> np.uint32:
    """The class of a character."""
    return (entries[c] >> KIND) & KINDS if c < TABLED else np.uint32(class_of(c, page, char_class))


@kernel
def character_entries(
    page: NDArray[np.uint16],
    fold_delta: NDArray[np.uint32],
    char_class: NDArray[np.uint8],
    pair_key: NDArray[np.uint64],
) -> NDArray[np.uint32]:
    """The entries of the characters below TABLED: uint32 (TABLED,)."""
    role = np.zeros(CODE + 1, np.uint32)  # made once, for a moment
    for k in range(pair_key.size):
        role[pair_key[k] >> np.uint64(32)] |= FIRST
        role[pair_key[k] & np.uint64(CODE)] |= SECOND
    out = np.empty(TABLED, np.uint32)
    for c in range(TABLED):
        entry = entry_of(np.uint32(c), page, fold_delta, char_class)
        out[c] = (entry & ~(FIRST | SECOND)) | role[entry & CODE]
    return out
