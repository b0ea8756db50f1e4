"""One hidden layer over the context features: float32 in, probabilities out.

The sums run in a fixed order a line, so that a line's bits do not depend on how many lines are in the batch, which a
BLAS product would not promise.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import kernel
from moderation.kernel.score import softmax


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
    """softmax(relu(clip(features, low, high) @ w1 + b1) @ w2 + b2), (m, n_labels).

    low, high: (n_features,), the range seen in training, so that no odd page is extrapolated to.
    w1: (n_features, hidden). w2: (hidden, n_labels).
    """
    m, width = features.shape
    hidden = b1.size
    labels = b2.size
    out = np.empty((m, labels), np.float32)
    h = np.empty(hidden, np.float32)
    for v in range(m):
        for j in range(hidden):
            h[j] = b1[j]
        x = features[v]
        whole = width - width % 4
        for f in range(0, whole, 4):  # four at a time: each h[j] is read and written a quarter as often
            x0 = min(max(x[f], low[f]), high[f])
            x1 = min(max(x[f + 1], low[f + 1]), high[f + 1])
            x2 = min(max(x[f + 2], low[f + 2]), high[f + 2])
            x3 = min(max(x[f + 3], low[f + 3]), high[f + 3])
            for j in range(hidden):
                h[j] += x0 * w1[f, j] + x1 * w1[f + 1, j] + x2 * w1[f + 2, j] + x3 * w1[f + 3, j]
        for f in range(whole, width):
            x0 = min(max(x[f], low[f]), high[f])
            for j in range(hidden):
                h[j] += x0 * w1[f, j]
        for label in range(labels):
            out[v, label] = b2[label]
        for j in range(hidden):
            if h[j] > 0:
                for label in range(labels):
                    out[v, label] += h[j] * w2[j, label]
    return softmax(out)
