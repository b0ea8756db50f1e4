"""A page read line by line from its beginning and from its end, by a small recurrent network.

What stands around a line decides what it is, and not only nearby: an article goes on until something ends it, a list
of links until the next heading. Each direction carries MEMORY numbers from line to line. At every line a gate says how
much of each number is written anew, a candidate says what:

    gate = sigmoid(g + memory @ u)    candidate = tanh(c + memory @ v)    memory += gate * (candidate - memory)

(the minimal gated unit in its form with a gate for the update alone: Zhou et al. 2016, Ravanelli et al. 2018). g and c
come from the line itself, for all lines at once; only the products with the memory have to wait for the line before.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import inline, kernel
from moderation.kernel.vector import LANES, exp, larger, load_floats, multiply_add, no_floats, spread, store

EMBEDDED = 3 * LANES
"""Numbers that a line's features are made into."""
MEMORY = 2 * LANES
"""Numbers that each direction remembers."""
GATED = 2 * MEMORY
"""Numbers that a line says to one direction: for its gates, and for its candidates."""
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


@inline
def step(
    said: NDArray[np.float32],
    at: int,
    weights: NDArray[np.float32],
    memory: NDArray[np.float32],
    out: NDArray[np.float32],
    to: int,
) -> None:
    """One line: memory and what the line says, from place `at` on, to the new memory, which is also stored at `to`.

    weights: (MEMORY * GATED,), row by row. The even and the odd rows are added up apart: a sum waits for the one
    before, and two waits run side by side.
    """
    g0, g1 = load_floats(said, at), load_floats(said, at + LANES)
    c0, c1 = load_floats(said, at + MEMORY), load_floats(said, at + MEMORY + LANES)
    h0 = h1 = d0 = d1 = no_floats()
    for k in range(np.uint64(0), np.uint64(MEMORY), np.uint64(2)):
        row = k * np.uint64(GATED)
        s = spread(memory[k])
        g0 = multiply_add(s, load_floats(weights, row), g0)
        g1 = multiply_add(s, load_floats(weights, row + np.uint64(LANES)), g1)
        c0 = multiply_add(s, load_floats(weights, row + np.uint64(MEMORY)), c0)
        c1 = multiply_add(s, load_floats(weights, row + np.uint64(MEMORY + LANES)), c1)
        s = spread(memory[k + np.uint64(1)])
        row += np.uint64(GATED)
        h0 = multiply_add(s, load_floats(weights, row), h0)
        h1 = multiply_add(s, load_floats(weights, row + np.uint64(LANES)), h1)
        d0 = multiply_add(s, load_floats(weights, row + np.uint64(MEMORY)), d0)
        d1 = multiply_add(s, load_floats(weights, row + np.uint64(MEMORY + LANES)), d1)
    first, second = load_floats(memory, 0), load_floats(memory, LANES)
    first = multiply_add(sigmoid(g0 + h0), tanh(c0 + d0) - first, first)
    second = multiply_add(sigmoid(g1 + h1), tanh(c1 + d1) - second, second)
    store(memory, 0, first)
    store(memory, LANES, second)
    store(out, to, first)
    store(out, to + LANES, second)


@kernel
def read_both_ways(
    said: NDArray[np.float32],
    first: int,
    kept: int,
    n: int,
    onwards: NDArray[np.float32],
    backwards: NDArray[np.float32],
    memory: NDArray[np.float32],
    behind: NDArray[np.float32],
    out: NDArray[np.float32],
    width: int,
    at: int,
) -> None:
    """Read n lines, from row `first` on, in both directions; what is remembered at the first `kept` is stored.

    said: 2 * GATED numbers a row. memory: what the reading onwards begins with and, after the kept lines, ends with.
    behind: room for as many numbers; the reading backwards begins with zeros. out: row r has `width` numbers, of which
    those from `at` on are onwards, and behind them backwards. All arrays are flat.

    The two directions take turns: neither waits for the other, and the processor has always something to do.
    """
    for k in range(MEMORY):
        behind[k] = 0
    for i in range(n):
        row = first + i
        if i < kept:
            step(said, row * 2 * GATED, onwards, memory, out, row * width + at)
        row = first + n - 1 - i
        step(said, row * 2 * GATED + GATED, backwards, behind, out, row * width + at + MEMORY)
