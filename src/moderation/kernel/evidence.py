"""Evidence from outside a page, put into the probabilities of its lines."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import kernel

EDGE = 1e-7


@kernel
def add_evidence(probabilities: NDArray[np.float32], log_odds: NDArray[np.float32]) -> NDArray[np.float32]:
    """The probabilities (n, n_labels) with log_odds (n,) against content (column 0) added to each line's.

    The other labels share what content loses, or gives back, in proportion. A line with log odds of 0 stays as it is.
    """
    n, labels = probabilities.shape
    out = probabilities.copy()
    for k in range(n):
        if log_odds[k] == 0:
            continue
        p = min(max(np.float64(probabilities[k, 0]), EDGE), 1 - EDGE)
        q = 1 / (1 + np.exp(np.float64(log_odds[k]) - np.log(p / (1 - p))))
        rest = 0.0
        for label in range(1, labels):
            rest += probabilities[k, label]
        out[k, 0] = np.float32(q)
        for label in range(1, labels):
            part = probabilities[k, label] / rest if rest > 0 else 1 / (labels - 1)
            out[k, label] = np.float32((1 - q) * part)
    return out
