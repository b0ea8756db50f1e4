"""Boosted trees over the context features: the log-odds that a line is content."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import kernel

ABREAST = 16
"""Lines that walk down a tree together."""


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
    node child[i], no to child[i] + 1, both behind node i. A node with child[i] == 0 is a leaf and adds value[i].

    Lines walk down a tree side by side, in as many steps as its longest path has, and wait at leaves: without a branch
    that depends on the features this is twice as fast as one line after the other. A line's sum runs tree by tree
    either way, so that its bits do not depend on the batch.
    """
    m = features.shape[0]
    nodes = child.size
    ahead = np.empty(nodes, np.int32)
    limit = np.full(nodes, np.inf, np.float32)
    height = np.zeros(nodes + 1, np.int32)
    for i in range(nodes - 1, -1, -1):
        ahead[i] = i
        if child[i] > 0:
            ahead[i] = child[i]
            limit[i] = threshold[i]
            height[i] = 1 + max(height[child[i]], height[child[i] + 1])
    out = np.empty(m, np.float32)
    at = np.empty(ABREAST, np.int32)
    total = np.empty(ABREAST, np.float32)
    for v in range(0, m, ABREAST):
        n = min(ABREAST, m - v)
        total[:] = np.float32(baseline)
        for t in range(root.size):
            at[:] = root[t]
            for _ in range(height[root[t]]):
                for b in range(n):
                    i = at[b]
                    at[b] = ahead[i] + (1 if features[v + b, feature[i]] > limit[i] else 0)
            for b in range(n):
                total[b] += value[at[b]]
        for b in range(n):
            out[v + b] = np.float32(1) / (np.float32(1) + np.exp(-total[b]))
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
