"""Fitted weights as whole numbers, a scale for each column: weights ~ numbers * scale."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

SMALLEST: Final = 1e-9
"""The largest weight of a column counts as at least this: one of nothing but zeros gets a scale next to 0."""
CLIP: Final = 0.9999
"""In eight bits, weights beyond this quantile of a column's absolute values are clipped, so that a few rows don't cost
the rest their precision."""
MOST_OF_EIGHT: Final = 127
"""The largest eight-bit weight."""


def whole(weights: NDArray[np.float64], most: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """weights: (rows, columns). most: (columns,), the number that the largest weight of a column becomes.

    Nothing is clipped: the rows that weigh most decide verdicts.
    """
    scale = np.maximum(np.abs(weights).max(0, initial=0.0), SMALLEST) / most
    return np.rint(weights / scale).astype(np.int64), scale


def eight_bits(weights: NDArray[np.float64]) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """weights: (rows, columns). Whole numbers from -MOST_OF_EIGHT to MOST_OF_EIGHT, and each column's scale.

    Rows that are 0 do not count for the scale.
    """
    scale = np.empty(weights.shape[1])
    for column in range(scale.size):
        used = np.abs(weights[:, column][weights[:, column] != 0])
        scale[column] = max(float(np.quantile(used, CLIP)) if used.size else 0.0, SMALLEST) / MOST_OF_EIGHT
    return np.clip(np.rint(weights / scale), -MOST_OF_EIGHT, MOST_OF_EIGHT).astype(np.int8), scale
