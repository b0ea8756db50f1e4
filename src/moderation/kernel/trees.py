"""Boosted trees over the context features: the log-odds that a line is content."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import always, inline, kernel
from moderation.kernel.network import ABREAST
from moderation.kernel.vector import (
    LANES,
    N_LABELS,
    exp,
    larger,
    load_floats,
    load_labels,
    log,
    spread,
    store_labels,
    total,
)

OTHERS = np.array([0] + [1] * (N_LABELS - 1) + [0] * (LANES - N_LABELS), np.float32)
"""The labels beside content."""
FIRST = np.array([1] + [0] * (LANES - 1), np.float32)


@inline
def walks(
    threshold: NDArray[np.float32], child: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int32]]:
    """Where each node leads, up to which limit, and how high what stands below it is. A leaf leads to itself."""
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
    return ahead, limit, height


@always
def walk_trees(
    x: NDArray[np.float32],
    width: int,
    root: NDArray[np.int32],
    feature: NDArray[np.int16],
    limit: NDArray[np.float32],
    ahead: NDArray[np.int32],
    height: NDArray[np.int32],
    value: NDArray[np.float32],
    baseline: np.float32,
    out: NDArray[np.float32],
) -> None:
    """The probability of content of ABREAST rows of `width` features, which lie in x one behind the other.

    They walk down a tree side by side, in as many steps as its longest path has, and wait at leaves: without a branch
    that depends on the features, and with eight walks to wait for, the processor is never idle. A line's sum runs tree
    by tree, so that its bits do not depend on its company.
    """
    r1 = np.uint64(width)
    r2, r3, r4, r5, r6, r7 = (
        r1 * np.uint64(2),
        r1 * np.uint64(3),
        r1 * np.uint64(4),
        r1 * np.uint64(5),
        r1 * np.uint64(6),
        r1 * np.uint64(7),
    )
    t0 = t1 = t2 = t3 = t4 = t5 = t6 = t7 = baseline
    for t in range(root.size):
        i0 = i1 = i2 = i3 = i4 = i5 = i6 = i7 = np.uint64(root[t])
        for _ in range(height[root[t]]):
            i0 = np.uint64(ahead[i0]) + np.uint64(x[np.uint64(feature[i0])] > limit[i0])
            i1 = np.uint64(ahead[i1]) + np.uint64(x[r1 + np.uint64(feature[i1])] > limit[i1])
            i2 = np.uint64(ahead[i2]) + np.uint64(x[r2 + np.uint64(feature[i2])] > limit[i2])
            i3 = np.uint64(ahead[i3]) + np.uint64(x[r3 + np.uint64(feature[i3])] > limit[i3])
            i4 = np.uint64(ahead[i4]) + np.uint64(x[r4 + np.uint64(feature[i4])] > limit[i4])
            i5 = np.uint64(ahead[i5]) + np.uint64(x[r5 + np.uint64(feature[i5])] > limit[i5])
            i6 = np.uint64(ahead[i6]) + np.uint64(x[r6 + np.uint64(feature[i6])] > limit[i6])
            i7 = np.uint64(ahead[i7]) + np.uint64(x[r7 + np.uint64(feature[i7])] > limit[i7])
        t0 += value[i0]
        t1 += value[i1]
        t2 += value[i2]
        t3 += value[i3]
        t4 += value[i4]
        t5 += value[i5]
        t6 += value[i6]
        t7 += value[i7]
    out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7] = t0, t1, t2, t3, t4, t5, t6, t7
    for r in range(ABREAST):
        out[r] = np.float32(1) / (np.float32(1) + np.exp(-out[r]))


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
    """
    m = features.shape[0]
    ahead, limit, height = walks(threshold, child)
    width = features.shape[1]
    rows = np.zeros((ABREAST, width), np.float32)
    flat = rows.reshape(-1)
    found = np.empty(ABREAST, np.float32)
    out = np.empty(m, np.float32)
    for v in range(0, m, ABREAST):
        n = min(ABREAST, m - v)
        rows[:n] = features[v : v + n]
        walk_trees(flat, width, root, feature, limit, ahead, height, value, np.float32(baseline), found)
        out[v : v + n] = found[:n]
    return out


@always
def blend_line(
    probabilities: NDArray[np.float32],
    at: int,
    keep: np.float32,
    first: NDArray[np.float32],
    of: int,
    trust: np.float32,
    out: NDArray[np.float32],
    to: int,
) -> None:
    """blend for one line: places are of its first probability in each flat array."""
    near = log(larger(load_labels(probabilities, at), spread(np.float32(1e-6))))
    own = log(larger(load_labels(first, of), spread(np.float32(1e-6))))
    shares = exp(near * spread(np.float32(1) - trust) + own * spread(trust)) * load_floats(OTHERS, 0)
    content = np.float32(0.5) * (probabilities[at] + keep)
    scale = (np.float32(1) - content) / total(shares)
    store_labels(out, to, shares * spread(scale) + load_floats(FIRST, 0) * spread(content))


@kernel
def blend(
    probabilities: NDArray[np.float32], keep: NDArray[np.float32], first: NDArray[np.float32], trust: float
) -> None:
    """Bring three opinions together, in place.

    Content gets the mean of probabilities[:, 0] and keep. What it leaves is shared by the other labels as
    probabilities^(1 - trust) * first^trust: a label of which the line itself is sure is not talked out of it by its
    neighbours alone. first: the first stage's probabilities, (m, n_labels).
    """
    flat = probabilities.reshape(-1)
    for v in range(keep.size):
        at = v * N_LABELS
        blend_line(flat, at, keep[v], first, at, np.float32(trust), flat, at)
