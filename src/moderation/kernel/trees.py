"""Boosted trees over the context features: the log-odds that a line is content."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import kernel


@kernel
def tree_probability(
    features: NDArray[np.float32],
    root: NDArray[np.int32],
    feature: NDArray[np.int16],
    threshold: NDArray[np.float32],
    child: NDArray[np.int32],
    value: NDArray[np.float32],
    baseline: float,
) -> NDArray[np.float32]:
    """The probability of content of each line, (m,).

    root: the first node of each tree. A node with child[i] > 0 asks features[feature[i]] <= threshold[i]: yes leads to
    node child[i], no to child[i] + 1. A node with child[i] == 0 is a leaf and adds value[i].
    """
    m = features.shape[0]
    out = np.empty(m, np.float32)
    for v in range(m):
        x = features[v]
        total = np.float32(baseline)
        for t in range(root.size):
            i = root[t]
            while child[i] > 0:
                i = child[i] if x[feature[i]] <= threshold[i] else child[i] + 1
            total += value[i]
        out[v] = np.float32(1) / (np.float32(1) + np.exp(-total))
    return out


@kernel
def blend(
    probabilities: NDArray[np.float32], keep: NDArray[np.float32], first: NDArray[np.float32], trust: float
) -> None:
    """Bring three opinions together, in place.

    Content gets the mean of probabilities[:, 0] and keep. What it leaves is shared by the other labels as
    probabilities^(1 - trust) * first^trust: a label of which the line itself is sure is not talked out of it by its
    neighbours alone. first: the first stage's probabilities, (m, n_labels).
    """
    m, labels = probabilities.shape
    for v in range(m):
        content = np.float32(0.5) * (probabilities[v, 0] + keep[v])
        total = np.float32(0)
        for label in range(1, labels):
            near = np.log(max(np.float32(1e-6), probabilities[v, label]))
            own = np.log(max(np.float32(1e-6), first[v, label]))
            share = np.float32(np.exp((1 - trust) * near + trust * own))
            probabilities[v, label] = share
            total += share
        probabilities[v, 0] = content
        scale = (np.float32(1) - content) / total
        for label in range(1, labels):
            probabilities[v, label] *= scale
