"""One hidden layer over the context features: float32 in, probabilities out.

Eight lines are multiplied at a time, so that a weight is read once for all of them. The sums run in a fixed order a
line, so that a line's bits do not depend on how many lines are in the batch, which a BLAS product would not promise.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import always, inline, kernel
from moderation.kernel.vector import (
    LANES,
    N_LABELS,
    larger,
    load_floats,
    multiply_add,
    smaller,
    softmax_of,
    spread,
    store,
    store_labels,
)

ABREAST = 8
"""Lines that are worked on together."""


@always
def padded(size: int) -> int:
    """The next multiple of LANES."""
    return (size + LANES - 1) // LANES * LANES


@kernel
def padded_rows(matrix: NDArray[np.float32], filling: np.float32) -> NDArray[np.float32]:
    """The matrix with so many columns more that whole vectors can be read."""
    rows, columns = matrix.shape
    out = np.full((rows, padded(columns)), filling, np.float32)
    out[:, :columns] = matrix
    return out


@kernel
def padded_row(row: NDArray[np.float32], filling: np.float32) -> NDArray[np.float32]:
    """The same for a single row."""
    out = np.full(padded(row.size), filling, np.float32)
    out[: row.size] = row
    return out


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
    width: int,
    used: int,
    matrix: NDArray[np.float32],
    start: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """out = x @ matrix + start for ABREAST rows of `width` numbers, of which the first `used` count.

    matrix: (>= used, a multiple of LANES). start: (the same,). x and out are flat: to make them so would count
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
            s = spread(x[f])
            a0 = multiply_add(s, v, a0)
            b0 = multiply_add(s, w, b0)
            s = spread(x[f + np.uint64(width)])
            a1 = multiply_add(s, v, a1)
            b1 = multiply_add(s, w, b1)
            s = spread(x[f + np.uint64(2 * width)])
            a2 = multiply_add(s, v, a2)
            b2 = multiply_add(s, w, b2)
            s = spread(x[f + np.uint64(3 * width)])
            a3 = multiply_add(s, v, a3)
            b3 = multiply_add(s, w, b3)
            s = spread(x[f + np.uint64(4 * width)])
            a4 = multiply_add(s, v, a4)
            b4 = multiply_add(s, w, b4)
            s = spread(x[f + np.uint64(5 * width)])
            a5 = multiply_add(s, v, a5)
            b5 = multiply_add(s, w, b5)
            s = spread(x[f + np.uint64(6 * width)])
            a6 = multiply_add(s, v, a6)
            b6 = multiply_add(s, w, b6)
            s = spread(x[f + np.uint64(7 * width)])
            a7 = multiply_add(s, v, a7)
            b7 = multiply_add(s, w, b7)
        for r, (a, b) in enumerate(((a0, b0), (a1, b1), (a2, b2), (a3, b3), (a4, b4), (a5, b5), (a6, b6), (a7, b7))):
            store(out, r * columns + c, a)
            store(out, r * columns + c + LANES, b)
    for c in range(wide, columns, LANES):
        a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = load_floats(start, c)
        for f in range(np.uint64(used)):
            v = load_floats(matrix, f * np.uint64(columns) + np.uint64(c))
            a0 = multiply_add(spread(x[f]), v, a0)
            a1 = multiply_add(spread(x[f + np.uint64(width)]), v, a1)
            a2 = multiply_add(spread(x[f + np.uint64(2 * width)]), v, a2)
            a3 = multiply_add(spread(x[f + np.uint64(3 * width)]), v, a3)
            a4 = multiply_add(spread(x[f + np.uint64(4 * width)]), v, a4)
            a5 = multiply_add(spread(x[f + np.uint64(5 * width)]), v, a5)
            a6 = multiply_add(spread(x[f + np.uint64(6 * width)]), v, a6)
            a7 = multiply_add(spread(x[f + np.uint64(7 * width)]), v, a7)
        for r, a in enumerate((a0, a1, a2, a3, a4, a5, a6, a7)):
            store(out, r * columns + c, a)


@inline
def network_block(
    rows: NDArray[np.float32],
    width: int,
    used: int,
    w1: NDArray[np.float32],
    b1: NDArray[np.float32],
    w2: NDArray[np.float32],
    b2: NDArray[np.float32],
    hidden: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """The probabilities of ABREAST clipped rows, LANES numbers each; all arrays are padded, and flat but for w1, w2."""
    multiply_rows(rows, width, used, w1, b1, hidden)
    for at in range(0, hidden.size, LANES):
        store(hidden, at, larger(load_floats(hidden, at), spread(np.float32(0))))
    multiply_rows(hidden, b1.size, w2.shape[0], w2, b2, out)
    for r in range(ABREAST):
        store(out, r * LANES, softmax_of(load_floats(out, r * LANES)))


@kernel
def network_probabilities(
    features: NDArray[np.float32],
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    w1: NDArray[np.float32],
    b1: NDArray[np.float32],
    w2: NDArray[np.float32],
    b2: NDArray[np.float32],
) -> NDArray[np.float32]:
    """softmax(relu(clip(features, low, high) @ w1 + b1) @ w2 + b2), (m, N_LABELS).

    low, high: (n_features,), the range seen in training, so that no odd page is extrapolated to.
    w1: (n_features, hidden). w2: (hidden, N_LABELS).
    """
    m, width = features.shape
    out = np.empty((m, N_LABELS), np.float32)
    none = np.float32(0)
    least, most = padded_row(low, none), padded_row(high, none)
    w1, b1 = padded_rows(w1, none), padded_row(b1, none)
    w2, b2 = padded_rows(w2, none), padded_row(b2, np.float32(-1e30))
    rows = np.zeros((ABREAST, least.size), np.float32)
    flat = rows.reshape(-1)
    hidden = np.zeros(ABREAST * b1.size, np.float32)
    found = np.zeros(ABREAST * LANES, np.float32)
    for v in range(0, m, ABREAST):
        n = min(ABREAST, m - v)
        rows[:n, :width] = features[v : v + n]
        clip_rows(flat, least, most, flat)
        network_block(flat, least.size, width, w1, b1, w2, b2, hidden, found)
        for r in range(n):
            store_labels(out, (v + r) * N_LABELS, load_floats(found, r * LANES))
    return out
