"""Layers of the second stage: rows of numbers times a matrix of weights.

Eight lines are multiplied at a time, so that a weight is read once for all of them. The sums run in a fixed order a
line, so that a line's bits do not depend on how many lines are in the batch, which a BLAS product would not promise.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import inline
from moderation.kernel.vector import LANES, larger, load_floats, multiply_add, smaller, spread, store

ABREAST = 8
"""Lines that are worked on together."""


@inline
def clip_rows(
    rows: NDArray[np.float32], low: NDArray[np.float32], high: NDArray[np.float32], out: NDArray[np.float32]
) -> None:
    """min(max(row, low), high) for ABREAST rows, one behind the other; a row is as long as low, a multiple of LANES."""
    width = low.size
    for f in range(0, width, LANES):
        least = load_floats(low, f)
        most = load_floats(high, f)
        for r in range(ABREAST):
            store(out, r * width + f, smaller(larger(load_floats(rows, r * width + f), least), most))


@inline
def multiply_rows(
    x: NDArray[np.float32],
    first: int,
    width: int,
    used: int,
    matrix: NDArray[np.float32],
    start: NDArray[np.float32],
    out: NDArray[np.float32],
    to: int,
    spacing: int,
) -> None:
    """out = x @ matrix + start for ABREAST rows of x, of `width` numbers each, of which the first `used` count.

    first, to: where the first row stands in x and goes in out; a row of out is `spacing` behind the one before.
    matrix: (>= used, a multiple of LANES). start: (the same,). x and out are flat: to make slices of them would count
    references, which costs as much as the work.
    """
    columns = start.size
    wide = columns // (2 * LANES) * (2 * LANES)
    for c in range(0, wide, 2 * LANES):
        a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = load_floats(start, c)
        b0 = b1 = b2 = b3 = b4 = b5 = b6 = b7 = load_floats(start, c + LANES)
        for f in range(np.uint64(used)):
            at = f * np.uint64(columns) + np.uint64(c)
            v = load_floats(matrix, at)
            w = load_floats(matrix, at + np.uint64(LANES))
            at = f + np.uint64(first)
            s = spread(x[at])
            a0 = multiply_add(s, v, a0)
            b0 = multiply_add(s, w, b0)
            s = spread(x[at + np.uint64(width)])
            a1 = multiply_add(s, v, a1)
            b1 = multiply_add(s, w, b1)
            s = spread(x[at + np.uint64(2 * width)])
            a2 = multiply_add(s, v, a2)
            b2 = multiply_add(s, w, b2)
            s = spread(x[at + np.uint64(3 * width)])
            a3 = multiply_add(s, v, a3)
            b3 = multiply_add(s, w, b3)
            s = spread(x[at + np.uint64(4 * width)])
            a4 = multiply_add(s, v, a4)
            b4 = multiply_add(s, w, b4)
            s = spread(x[at + np.uint64(5 * width)])
            a5 = multiply_add(s, v, a5)
            b5 = multiply_add(s, w, b5)
            s = spread(x[at + np.uint64(6 * width)])
            a6 = multiply_add(s, v, a6)
            b6 = multiply_add(s, w, b6)
            s = spread(x[at + np.uint64(7 * width)])
            a7 = multiply_add(s, v, a7)
            b7 = multiply_add(s, w, b7)
        for r, (a, b) in enumerate(((a0, b0), (a1, b1), (a2, b2), (a3, b3), (a4, b4), (a5, b5), (a6, b6), (a7, b7))):
            store(out, to + r * spacing + c, a)
            store(out, to + r * spacing + c + LANES, b)
    for c in range(wide, columns, LANES):
        a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = load_floats(start, c)
        for f in range(np.uint64(used)):
            v = load_floats(matrix, f * np.uint64(columns) + np.uint64(c))
            at = f + np.uint64(first)
            a0 = multiply_add(spread(x[at]), v, a0)
            a1 = multiply_add(spread(x[at + np.uint64(width)]), v, a1)
            a2 = multiply_add(spread(x[at + np.uint64(2 * width)]), v, a2)
            a3 = multiply_add(spread(x[at + np.uint64(3 * width)]), v, a3)
            a4 = multiply_add(spread(x[at + np.uint64(4 * width)]), v, a4)
            a5 = multiply_add(spread(x[at + np.uint64(5 * width)]), v, a5)
            a6 = multiply_add(spread(x[at + np.uint64(6 * width)]), v, a6)
            a7 = multiply_add(spread(x[at + np.uint64(7 * width)]), v, a7)
        for r, a in enumerate((a0, a1, a2, a3, a4, a5, a6, a7)):
            store(out, to + r * spacing + c, a)
