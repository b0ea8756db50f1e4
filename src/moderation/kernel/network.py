"""Layers of the second stage: rows of numbers times a matrix of weights, both whole numbers of 16 bits.

Two products are added at a time, as processors do with such numbers: that is twice as fast as with float32. The sums
are of whole numbers, the same in any order, so that a line's bits do not depend on how many lines are in the batch.
Eight lines are multiplied at a time: a weight is read once for all of them.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import inline
from moderation.kernel.vector import (
    LANES,
    add_products,
    larger,
    load_floats,
    load_pairs,
    multiply_add,
    no_ints,
    smaller,
    spread,
    spread_pair,
    store,
    store_rounded,
    to_floats,
)

ABREAST = 8
"""Lines that are worked on together."""
MOST_STEPS = 2047
"""Features are so many steps at most away from the middle of their range."""


@inline
def write_steps(
    rows: NDArray[np.float32],
    middle: NDArray[np.float32],
    steps: NDArray[np.float32],
    out: NDArray[np.int16],
) -> None:
    """How many steps ABREAST rows are away from the middle. steps: to a unit; rows are as long, in LANES."""
    width = steps.size
    most = spread(np.float32(MOST_STEPS))
    least = spread(np.float32(-MOST_STEPS))
    for f in range(0, width, LANES):
        center = load_floats(middle, f)
        size = load_floats(steps, f)
        for r in range(ABREAST):
            away = (load_floats(rows, r * width + f) - center) * size
            store_rounded(out, r * width + f, smaller(larger(away, least), most))


@inline
def multiply_rows(
    x: NDArray[np.int16],
    first: int,
    width: int,
    n_pairs: int,
    matrix: NDArray[np.int16],
    unit: NDArray[np.float32],
    start: NDArray[np.float32],
    out: NDArray[np.float32],
    to: int,
    spacing: int,
) -> None:
    """out = x @ matrix * unit + start for ABREAST rows of x, of `width` numbers each; the first n_pairs pairs count.

    first, to: where the first row stands in x and goes in out; a row of out is `spacing` behind the one before.
    matrix: pairs of rows of weights, see whole_weights. unit, start: (columns,), a multiple of LANES. x and out are
    flat: to make slices of them would count references, which costs as much as the work.
    """
    columns = start.size
    pitch = np.uint64(2 * columns)
    row = np.uint64(width)
    for c in range(0, columns, LANES):
        a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = no_ints()
        at = np.uint64(2 * c)
        place = np.uint64(first)
        for _ in range(n_pairs):
            w = load_pairs(matrix, at)
            a0 = add_products(a0, spread_pair(x, place), w)
            a1 = add_products(a1, spread_pair(x, place + row), w)
            a2 = add_products(a2, spread_pair(x, place + np.uint64(2) * row), w)
            a3 = add_products(a3, spread_pair(x, place + np.uint64(3) * row), w)
            a4 = add_products(a4, spread_pair(x, place + np.uint64(4) * row), w)
            a5 = add_products(a5, spread_pair(x, place + np.uint64(5) * row), w)
            a6 = add_products(a6, spread_pair(x, place + np.uint64(6) * row), w)
            a7 = add_products(a7, spread_pair(x, place + np.uint64(7) * row), w)
            at += pitch
            place += np.uint64(2)
        size = load_floats(unit, c)
        begin = load_floats(start, c)
        for r, a in enumerate((a0, a1, a2, a3, a4, a5, a6, a7)):
            store(out, to + r * spacing + c, multiply_add(to_floats(a), size, begin))
