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


@inline
def padded_rows(matrix: NDArray[np.float32], filling: np.float32) -> NDArray[np.float32]:
    """The matrix with so many columns more that whole vectors can be read."""
    rows, columns = matrix.shape
    out = np.full((rows, padded(columns)), filling, np.float32)
    out[:, :columns] = matrix
    return out


@inline
def padded_row(row: NDArray[np.float32], filling: np.float32) -> NDArray[np.float32]:
    """The same for a single row."""
    out = np.full(padded(row.size), filling, np.float32)
    out[: row.size] = row
    return out


@always
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


@always
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
    for c in range(0, columns, LANES):
        s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = load_floats(start, c)
        for f in range(np.uint64(used)):
            w = load_floats(matrix, f * np.uint64(columns) + np.uint64(c))
            s0 = multiply_add(spread(x[f]), w, s0)
            s1 = multiply_add(spread(x[f + np.uint64(width)]), w, s1)
            s2 = multiply_add(spread(x[f + np.uint64(2 * width)]), w, s2)
            s3 = multiply_add(spread(x[f + np.uint64(3 * width)]), w, s3)
            s4 = multiply_add(spread(x[f + np.uint64(4 * width)]), w, s4)
            s5 = multiply_add(spread(x[f + np.uint64(5 * width)]), w, s5)
            s6 = multiply_add(spread(x[f + np.uint64(6 * width)]), w, s6)
            s7 = multiply_add(spread(x[f + np.uint64(7 * width)]), w, s7)
        store(out, c, s0)
        store(out, columns + c, s1)
        store(out, 2 * columns + c, s2)
        store(out, 3 * columns + c, s3)
        store(out, 4 * columns + c, s4)
        store(out, 5 * columns + c, s5)
        store(out, 6 * columns + c, s6)
        store(out, 7 * columns + c, s7)


@always
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
