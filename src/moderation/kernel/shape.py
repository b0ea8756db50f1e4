"""The shape of a line as a few row numbers: length, ending, punctuation, scripts, separators.

The rows stand behind the n-gram rows in the weight table, so that shape costs a dozen more look-ups a line.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import always

N_CLASSES = 16
GROUPS = 12
"""Shape rows a line has."""
LENGTHS = 16
RATIOS = 8
COUNTS = 8
ROWS = LENGTHS + N_CLASSES * 4 + N_CLASSES * 4 + COUNTS * 4 * 3 + RATIOS * 4 * 4 + COUNTS * 4 + COUNTS * RATIOS
"""Shape rows in all."""


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


@always
def write_shape(counts: NDArray[np.int32], k: int, first: int, last: int, rows: NDArray[np.int32]) -> None:
    """The shape rows of line k, values in [0, ROWS), from its counts and the classes it begins and ends with.

    counts: (n, N_CLASSES). first, last: -1 for a line without a visible character, whose rows stay as they are.
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
