"""A page read line by line from its beginning and from its end, by a small recurrent network.

What stands around a line decides what it is, and not only nearby: an article goes on until something ends it, a list
of links until the next heading. Each direction carries MEMORY numbers from line to line. At every line a gate says how
much of each number is written anew, a candidate says what:

    gate = sigmoid(g + memory @ u)    candidate = tanh(c + memory @ v)    memory += gate * (candidate - memory)

(the minimal gated unit in its form with a gate for the update alone: Zhou et al. 2016, Ravanelli et al. 2018). g and c
come from the line itself, for all lines at once; only the products with the memory have to wait for the line before.
They are of whole numbers, see network.py; the memory itself is not rounded.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import always, inline, kernel
from moderation.kernel.vector import (
    LANES,
    add_products,
    exp,
    larger,
    load_floats,
    load_pairs,
    multiply_add,
    no_floats,
    no_ints,
    spread,
    spread_pair,
    store,
    store_rounded,
    to_floats,
)

EMBEDDED = 3 * LANES
"""Numbers that a line's features are made into."""
MEMORY = 2 * LANES
"""Numbers that each direction remembers."""
GATED = 2 * MEMORY
"""Numbers that a line says to one direction: for its gates, and for its candidates."""
STEPS = 8191
"""Steps to one: what is remembered lies between -1 and 1, and is multiplied in whole steps."""
KNOWN = EMBEDDED + 2 * MEMORY
"""Numbers from which a line is judged: its own, and what is remembered of the lines before it and behind it."""


@inline
def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x); what is smaller than -80 counts as this."""
    one = spread(np.float32(1))
    return one / (one + exp(no_floats() - larger(x, spread(np.float32(-80)))))


@inline
def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    two = spread(np.float32(2))
    return two * sigmoid(two * x) - spread(np.float32(1))


@always
def step(
    said: NDArray[np.float32],
    at: int,
    weights: NDArray[np.int16],
    unit: NDArray[np.float32],
    memory: NDArray[np.float32],
    kept: NDArray[np.int16],
    out: NDArray[np.int16],
    to: int,
) -> None:
    """One line: memory and what the line says, from place `at` on, to the new memory, which is also written to `to`.

    weights: pairs of rows, see whole_weights; unit: (GATED,). kept: the memory in steps of 1 / STEPS, as it is
    multiplied and written. Every other pair is added up apart: a sum waits for the one before, and two waits run side
    by side.
    """
    g0 = g1 = c0 = c1 = h0 = h1 = d0 = d1 = no_ints()
    for k in range(np.uint64(0), np.uint64(MEMORY), np.uint64(4)):
        row = k * np.uint64(GATED)
        s = spread_pair(kept, k)
        g0 = add_products(g0, s, load_pairs(weights, row))
        g1 = add_products(g1, s, load_pairs(weights, row + np.uint64(2 * LANES)))
        c0 = add_products(c0, s, load_pairs(weights, row + np.uint64(4 * LANES)))
        c1 = add_products(c1, s, load_pairs(weights, row + np.uint64(6 * LANES)))
        s = spread_pair(kept, k + np.uint64(2))
        row += np.uint64(2 * GATED)
        h0 = add_products(h0, s, load_pairs(weights, row))
        h1 = add_products(h1, s, load_pairs(weights, row + np.uint64(2 * LANES)))
        d0 = add_products(d0, s, load_pairs(weights, row + np.uint64(4 * LANES)))
        d1 = add_products(d1, s, load_pairs(weights, row + np.uint64(6 * LANES)))
    gate0 = multiply_add(to_floats(g0 + h0), load_floats(unit, 0), load_floats(said, at))
    gate1 = multiply_add(to_floats(g1 + h1), load_floats(unit, LANES), load_floats(said, at + LANES))
    new0 = multiply_add(to_floats(c0 + d0), load_floats(unit, MEMORY), load_floats(said, at + MEMORY))
    new1 = multiply_add(to_floats(c1 + d1), load_floats(unit, MEMORY + LANES), load_floats(said, at + MEMORY + LANES))
    first, second = load_floats(memory, 0), load_floats(memory, LANES)
    first = multiply_add(sigmoid(gate0), tanh(new0) - first, first)
    second = multiply_add(sigmoid(gate1), tanh(new1) - second, second)
    store(memory, 0, first)
    store(memory, LANES, second)
    steps = spread(np.float32(STEPS))
    store_rounded(kept, 0, first * steps)
    store_rounded(kept, LANES, second * steps)
    store_rounded(out, to, first * steps)
    store_rounded(out, to + LANES, second * steps)


@inline
def forget(memory: NDArray[np.float32], kept: NDArray[np.int16]) -> None:
    """As before the first line."""
    for k in range(MEMORY):
        memory[k] = 0
        kept[k] = 0


@kernel
def read_both_ways(
    said: NDArray[np.float32],
    first: int,
    judged: int,
    n: int,
    onwards: NDArray[np.int16],
    onwards_unit: NDArray[np.float32],
    backwards: NDArray[np.int16],
    backwards_unit: NDArray[np.float32],
    memory: NDArray[np.float32],
    kept: NDArray[np.int16],
    behind: NDArray[np.float32],
    kept_behind: NDArray[np.int16],
    out: NDArray[np.int16],
    width: int,
    at: int,
) -> None:
    """Read n lines, from row `first` on, in both directions; what is remembered at the first `judged` is written.

    said: 2 * GATED numbers a row. memory and kept: what the reading onwards begins with and, after the judged lines,
    ends with. behind, kept_behind: room for as much; the reading backwards begins with zeros. out: row r has `width`
    numbers, of which those from `at` on are onwards, and behind them backwards. All arrays are flat.

    The two directions take turns: neither waits for the other, and the processor has always something to do.
    """
    forget(behind, kept_behind)
    for i in range(n):
        row = first + i
        if i < judged:
            step(said, row * 2 * GATED, onwards, onwards_unit, memory, kept, out, row * width + at)
        row = first + n - 1 - i
        step(
            said,
            row * 2 * GATED + GATED,
            backwards,
            backwards_unit,
            behind,
            kept_behind,
            out,
            row * width + at + MEMORY,
        )
