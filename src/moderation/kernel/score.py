"""From sums of weight rows to probabilities: float32 arrays (n_lines, n_labels)."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import kernel


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

    sums: (n, columns), of which the first n_labels count. gram_scale, bias: (n_labels,).
    shape_weights: (shape rows, n_labels).
    """
    n = sums.shape[0]
    labels = bias.size
    out = np.empty((n, labels), np.float32)
    for k in range(n):
        for label in range(labels):
            out[k, label] = bias[label]
        if n_grams[k] == 0:
            continue
        norm = np.float32(1.0 / np.sqrt(n_grams[k]))
        for label in range(labels):
            out[k, label] += gram_scale[label] * norm * np.float32(sums[k, label])
        for group in range(shape_rows.shape[1]):
            row = shape_rows[k, group]
            for label in range(labels):
                out[k, label] += shape_weights[row, label]
    return out


@kernel
def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row as probabilities."""
    n, labels = logits.shape
    out = np.empty((n, labels), np.float32)
    for k in range(n):
        top = logits[k, 0]
        for label in range(1, labels):
            top = max(top, logits[k, label])
        total = np.float32(0)
        for label in range(labels):
            out[k, label] = np.exp(logits[k, label] - top)
            total += out[k, label]
        for label in range(labels):
            out[k, label] /= total
    return out
