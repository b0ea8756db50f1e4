"""Whether a line needs the work of disguise.py at all: a closer look at lines that reading has marked.

Reading marks a line by three characters in a row (` a `, `-7-`) or by two that each occur in some pair. Long lines
nearly always hold such a place, and next to none of them hold characters written apart or a pair.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.characters import CATEGORY, GAP, TABLED, TOKEN, entry_of
from moderation.kernel.disguise import apart_end, is_token, may_pair
from moderation.kernel.jit import inline

BITS = np.uint32(2)
"""Bits of a category."""
CATEGORIES = np.uint32(3)


def three_tokens(gap: int) -> tuple[np.uint32, np.uint32]:
    """The categories of three tokens with `gap` fillers between them, and the bits that they take."""
    bits = 0
    for category in [TOKEN, *[GAP] * gap, TOKEN, *[GAP] * gap, TOKEN]:
        bits = bits << int(BITS) | int(category)
    return np.uint32(bits), np.uint32((1 << int(BITS) * (3 + 2 * gap)) - 1)


ONE, ONE_BITS = three_tokens(1)
TWO, TWO_BITS = three_tokens(2)
THREE, THREE_BITS = three_tokens(3)


@inline
def stand_apart(
    folded: NDArray[np.uint32],
    first: int,
    end: int,
    entries: NDArray[np.uint32],
    page: NDArray[np.uint16],
    fold_delta: NDArray[np.uint32],
    char_class: NDArray[np.uint8],
) -> bool:
    """Whether [first, end) holds a run of characters written apart, as disguise.apart_end finds them.

    As there, a run that is too short is not read again from its middle: a long row of digits would take for ever.
    """
    seen = np.uint32(0)
    known = np.int64(first)
    for i in range(np.uint64(first), np.uint64(end)):
        f = folded[i]
        e = entries[f] if f < TABLED else entry_of(f, page, fold_delta, char_class)
        seen = (seen << BITS) | ((e >> CATEGORY) & CATEGORIES)
        one, two, three = (seen & ONE_BITS) == ONE, (seen & TWO_BITS) == TWO, (seen & THREE_BITS) == THREE
        if one or two or three:
            begin = np.int64(i) - (4 if one else 6 if two else 8)
            alone = is_token(folded[begin]) and (begin == first or not is_token(folded[begin - 1]))
            if alone and begin >= known:
                found = apart_end(folded, begin, end, page, char_class)
                if found > 0:
                    return True
                known = -found
    return False


@inline
def hold_pair(folded: NDArray[np.uint32], first: int, end: int, bloom: NDArray[np.uint64]) -> bool:
    """Whether two neighbours in [first, end) may be in the table of pairs."""
    for i in range(np.uint64(first + 1), np.uint64(end)):
        if may_pair(folded[i - np.uint64(1)], folded[i], bloom):
            return True
    return False
