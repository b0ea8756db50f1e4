"""Keys of lines: the same for lines that read the same, so that repeated lines can be counted."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import kernel

KEY_VERSION = 1
BASIS = np.uint64(0xCBF29CE484222325)
PRIME = np.uint64(0x100000001B3)
MIX = np.uint64(0xFF51AFD7ED558CCD)
SHIFT = np.uint64(33)
DIGIT = 48


@kernel
def line_keys(
    codes: NDArray[np.uint32],
    folded: NDArray[np.uint32],
    fold_start: NDArray[np.int64],
    source: NDArray[np.int64],
) -> NDArray[np.uint64]:
    """A 64-bit key a line, (n,): 0 for blank lines, never 0 for others.

    Of the folded line, so that width, case, script and white space make no difference; but digits, which folding makes
    alike, are those of the original: the tenth chapter is not the ninth. FNV-1a over characters, then mixed.
    """
    n = fold_start.size - 1
    out = np.zeros(n, np.uint64)
    for k in range(n):
        if fold_start[k] == fold_start[k + 1]:
            continue
        h = BASIS
        for i in range(fold_start[k], fold_start[k + 1]):
            c = folded[i]
            if c == DIGIT:
                c = codes[source[i]]
            h = np.uint64((h ^ np.uint64(c)) * PRIME)
        h = np.uint64((h ^ (h >> SHIFT)) * MIX)
        h = np.uint64(h ^ (h >> SHIFT))
        out[k] = h if h != 0 else np.uint64(1)
    return out
