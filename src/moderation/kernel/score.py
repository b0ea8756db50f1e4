"""From sums of weight rows to probabilities: float32 arrays (n_lines, n_labels)."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import kernel
from moderation.kernel.vector import (
    LANES,
    N_LABELS,
    labels_or_never,
    load_ints,
    load_labels,
    multiply_add,
    softmax_of,
    spread,
    store_labels,
    to_floats,
)


@kernel
def line_logits(
    sums: NDArray[np.int32],
    n_grams: NDArray[np.int64],
    shape_rows: NDArray[np.int32],
    gram_scale: NDArray[np.float32],
    shape_weights: NDArray[np.float32],
    bias: NDArray[np.float32],
) -> NDArray[np.float32]:
    """bias + scale * sums / sqrt(grams) + shape rows. A line without grams gets the bias alone.

    sums: (n, LANES), of which the first N_LABELS count. gram_scale, bias: (N_LABELS,).
    shape_weights: (shape rows, N_LABELS).
    """
    n = sums.shape[0]
    groups = shape_rows.shape[1]
    out = np.empty((n, N_LABELS), np.float32)
    start = load_labels(bias, 0)
    scale = load_labels(gram_scale, 0)
    for k in range(n):
        logits = start
        if n_grams[k] > 0:
            norm = np.float32(1.0 / np.sqrt(n_grams[k]))
            logits = multiply_add(scale * spread(norm), to_floats(load_ints(sums, k * LANES)), logits)
            for group in range(groups):
                logits += load_labels(shape_weights, np.int64(shape_rows[k, group]) * N_LABELS)
        store_labels(out, k * N_LABELS, logits)
    return out


@kernel
def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row of (n, N_LABELS) as probabilities."""
    n = logits.shape[0]
    out = np.empty((n, N_LABELS), np.float32)
    for k in range(n):
        store_labels(out, k * N_LABELS, softmax_of(labels_or_never(logits, k * N_LABELS)))
    return out
