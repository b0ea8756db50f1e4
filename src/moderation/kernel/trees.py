"""Boosted trees over the context features: the log-odds that a line is content."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import inline, kernel
from moderation.kernel.vector import (
    LANES,
    N_LABELS,
    all_bits,
    at_lowest_bits,
    exp,
    larger,
    load_floats,
    load_labels,
    log,
    smaller,
    spread,
    store,
    store_labels,
    total,
    turn,
    where_none,
    without,
)

OTHERS = np.array([0] + [1] * (N_LABELS - 1) + [0] * (LANES - N_LABELS), np.float32)
"""The labels beside content."""
FIRST = np.array([1] + [0] * (LANES - 1), np.float32)


WORD = 32
"""Leaves that a word of bits stands for."""
TreeWords: TypeAlias = tuple[
    NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64], NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]
]


@kernel
def leaf_counts(
    root: NDArray[np.int32], child: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of every node: the leaves below it, those of its tree on its left, and the tree's first word."""
    nodes = child.size
    leaves = np.ones(nodes, np.int64)
    left = np.zeros(nodes, np.int64)
    word = np.zeros(nodes + 1, np.int64)
    for i in range(nodes - 1, -1, -1):
        if child[i] > 0:
            leaves[i] = leaves[child[i]] + leaves[child[i] + 1]
    words = 0
    for t in root:
        word[t] = words
        words += (leaves[t] + WORD - 1) // WORD
    word[nodes] = words
    for i in range(nodes):
        c = child[i]
        if c > 0:
            word[c] = word[c + 1] = word[i]
            left[c] = left[i]
            left[c + 1] = left[i] + leaves[c]
    return leaves, left, word


@kernel
def tree_words(
    root: NDArray[np.int32],
    feature: NDArray[np.int16],
    threshold: NDArray[np.float32],
    child: NDArray[np.int32],
    value: NDArray[np.float32],
) -> TreeWords:
    """Trees as words of bits, a bit a leaf from left to right, and what each question leaves of them.

    A feature above the limit rules out the leaves on the left below a node; when all nodes have been asked, the leaf
    that is reached is the lowest one left. Returns, for w words with q questions in all: where a word's questions begin
    (w + 1,), whether it is the first of its tree (w,), where a question's feature stands among columns of LANES numbers
    (q,), its limit (q,), the bits that stay above it (q,), and the values of a word's leaves with a zero behind them.
    """
    _, left, word = leaf_counts(root, child)
    start = np.zeros(word[child.size] + 1, np.int64)
    opens = np.zeros(start.size - 1, np.bool_)
    for t in root:
        opens[word[t]] = True
    values = np.zeros(opens.size * (WORD + 1), np.float32)
    for i in range(child.size):
        if child[i] > 0:
            for w in range(left[i] // WORD, (left[child[i] + 1] - 1) // WORD + 1):
                start[word[i] + w + 1] += 1
        else:
            values[(word[i] + left[i] // WORD) * (WORD + 1) + left[i] % WORD] = value[i]
    for w in range(opens.size):
        start[w + 1] += start[w]
    column = np.empty(start[opens.size], np.int64)
    limit = np.empty(column.size, np.float32)
    stay = np.empty(column.size, np.int32)
    done = start.copy()
    for i in range(child.size):
        if child[i] > 0:
            behind = left[child[i] + 1]
            for w in range(left[i] // WORD, (behind - 1) // WORD + 1):
                low, high = max(left[i], w * WORD) % WORD, min(behind, w * WORD + WORD) - w * WORD
                q = done[word[i] + w]
                done[word[i] + w] = q + 1
                column[q] = np.int64(feature[i]) * LANES
                limit[q] = threshold[i]
                stay[q] = np.int32(~((np.int64(1) << high) - (np.int64(1) << low)))
    return start, opens, column, limit, stay, values


@inline
def ask_trees(
    x: NDArray[np.float32],
    start: NDArray[np.int64],
    opens: NDArray[np.bool_],
    column: NDArray[np.int64],
    limit: NDArray[np.float32],
    stay: NDArray[np.int32],
    values: NDArray[np.float32],
    baseline: np.float32,
    out: NDArray[np.float32],
) -> None:
    """The probability of content of LANES lines, whose features lie in x column by column.

    All questions of a tree are asked of all lines: no branch and no address hangs on an answer, so that it costs less
    than walking down. A line's sum runs tree by tree, so that its bits do not depend on its company.
    """
    sums = spread(baseline)
    unread = all_bits()
    for w in range(opens.size):
        left = unread
        if opens[w]:
            left = all_bits()
        for q in range(np.uint64(start[w]), np.uint64(start[w + 1])):
            left = without(left, stay[q], load_floats(x, column[q]), limit[q])
        sums += at_lowest_bits(values, w * (WORD + 1), left)
        unread = where_none(left) if opens[w] else unread & where_none(left)
    against = exp(smaller(spread(np.float32(0)) - sums, spread(np.float32(80))))
    store(out, 0, spread(np.float32(1)) / (spread(np.float32(1)) + against))


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
    m, width = features.shape
    start, opens, column, limit, stay, values = tree_words(root, feature, threshold, child, value)
    long = (width + LANES - 1) // LANES * LANES
    rows = np.zeros((LANES, long), np.float32)
    flat = rows.reshape(-1)
    columns = np.empty(long * LANES, np.float32)
    found = np.empty(LANES, np.float32)
    out = np.empty(m, np.float32)
    for v in range(0, m, LANES):
        n = min(LANES, m - v)
        rows[:n, :width] = features[v : v + n]
        for f in range(0, long, LANES):
            turn(flat, f, long, columns, f * LANES)
        ask_trees(columns, start, opens, column, limit, stay, values, np.float32(baseline), found)
        out[v : v + n] = found[:n]
    return out


@inline
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
