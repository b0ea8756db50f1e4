"""Rows that are gathered without their number being known."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import kernel


@kernel
def doubled(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows of int64 (n, columns), and room for as many again."""
    n, columns = rows.shape
    out = np.empty((2 * n, columns), np.int64)
    out[:n] = rows
    return out
