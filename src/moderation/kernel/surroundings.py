"""The second stage from end to end: features, network and trees for a few lines at a time.

The features of a line take a kilobyte: those of a batch would go out to memory and come back three times. Here they
live in the fast cache from their making to their end, and a document of any length needs no more room.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.context import (
    FEATURES,
    page_views,
    write_features,
)
from moderation.kernel.jit import inline, kernel
from moderation.kernel.network import ABREAST, clip_rows, network_block
from moderation.kernel.trees import ask_trees, blend_line, tree_words
from moderation.kernel.vector import LANES, N_LABELS, load_floats, store, store_labels, turn

DOUBT = np.float32(0.05)
"""The trees are asked only where the network's probability of content is farther than this from 0 and from 1: that
saves two thirds of their time."""
CERTAIN = np.float32(0.95)
CACHE_LINE = 64
"""Bytes."""


@inline
def copy_row(source: NDArray[np.float32], r: int, target: NDArray[np.float32], q: int, width: int) -> None:
    """Row r of one flat array into row q of another."""
    for at in range(0, width, LANES):
        store(target, q * width + at, load_floats(source, r * width + at))


Ready: TypeAlias = tuple[
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.int64],
    NDArray[np.bool_],
    NDArray[np.int64],
    NDArray[np.float32],
    NDArray[np.int32],
    NDArray[np.float32],
]


def widened(array: NDArray[np.float32], filling: float = 0.0) -> NDArray[np.float32]:
    """The array with so many columns more that whole vectors can be read.

    It begins where a cache line does: otherwise every vector would be read from two of them.
    """
    shape = *array.shape[:-1], array.shape[-1] + -array.shape[-1] % LANES
    room = np.empty(int(np.prod(shape)) * array.itemsize + CACHE_LINE, np.uint8)
    first = -room.ctypes.data % CACHE_LINE
    out = room[first : first + room.size - CACHE_LINE].view(np.float32).reshape(shape)
    out[...] = filling
    out[..., : array.shape[-1]] = array
    return out


def ready_weights(
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    w1: NDArray[np.float32],
    b1: NDArray[np.float32],
    w2: NDArray[np.float32],
    b2: NDArray[np.float32],
    root: NDArray[np.int32],
    feature: NDArray[np.int16],
    threshold: NDArray[np.float32],
    child: NDArray[np.int32],
    value: NDArray[np.float32],
) -> Ready:
    """The model's arrays as the second stage wants them: the network's padded to whole vectors, the trees as words.

    Made once for each model: for a single page it would cost as much as judging it.
    """
    trees = tree_words(root, feature, threshold, child, value)
    return widened(low), widened(high), widened(w1), widened(b1), widened(w2), widened(b2, -1e30), *trees


@kernel
def surrounded_probabilities(
    probabilities: NDArray[np.float32],
    facts: NDArray[np.float32],
    sets: NDArray[np.float32],
    outlook: NDArray[np.float32],
    visible: NDArray[np.int64],
    doc_first: NDArray[np.int64],
    weights: Ready,
    baseline: NDArray[np.float32],
    trust: NDArray[np.float32],
) -> NDArray[np.float32]:
    """The probabilities of every line among its neighbours, (n, N_LABELS); rows of blank lines are left as they are.

    weights: what ready_weights returns. The same as context_features, network_probabilities, tree_probability and
    blend, one after the other. Lines of all pages fill blocks of ABREAST rows for the network, and those of which it is
    in doubt fill another for the trees.
    """
    low, high, w1, b1, w2, b2, start, opens, column, limit, stay, values = weights
    blended = probabilities.copy()
    out = blended.reshape(-1)
    first = probabilities.reshape(-1)
    seen_of, lengths, fact, set_of, ahead, page, place = page_views(
        probabilities, facts, sets, outlook, visible, doc_first
    )
    width = low.size
    rows = np.zeros(ABREAST * width, np.float32)
    clipped = np.zeros(ABREAST * width, np.float32)
    hidden = np.zeros(ABREAST * b1.size, np.float32)
    found = np.zeros(ABREAST * LANES, np.float32)
    line = np.zeros(ABREAST, np.int64)
    keep = np.zeros(probabilities.shape[0], np.float32)
    doubtful = np.zeros(width * LANES, np.float32)
    columns = np.empty(width * LANES, np.float32)
    doubtful_line = np.zeros(LANES, np.int64)
    opinion = np.zeros(LANES, np.float32)
    filled = 0
    doubts = 0
    left = visible.size
    for d in range(doc_first.size - 1):
        first_of = doc_first[d]
        n = doc_first[d + 1] - first_of
        for i in range(n):
            v = first_of + i
            write_features(seen_of, lengths, fact, set_of, ahead, page, place, d, i, n, v, rows, filled * width)
            line[filled] = visible[v]
            filled += 1
            left -= 1
            if filled < ABREAST and left:
                continue
            clip_rows(rows, low, high, clipped)
            network_block(clipped, width, FEATURES, w1, b1, w2, b2, hidden, found)
            for r in range(filled):
                k = line[r]
                p = found[r * LANES]
                store_labels(out, k * N_LABELS, load_floats(found, r * LANES))
                keep[k] = p
                if p > DOUBT and p < CERTAIN:
                    copy_row(rows, r, doubtful, doubts, width)
                    doubtful_line[doubts] = k
                    doubts += 1
                if doubts == LANES or (doubts and not left and r == filled - 1):
                    for f in range(0, width, LANES):
                        turn(doubtful, f, width, columns, f * LANES)
                    ask_trees(columns, start, opens, column, limit, stay, values, baseline[0], opinion)
                    for q in range(doubts):
                        keep[doubtful_line[q]] = opinion[q]
                    doubts = 0
            filled = 0
    for v in range(visible.size):
        at = visible[v] * N_LABELS
        blend_line(out, at, keep[visible[v]], first, at, trust[0], out, at)
    return blended
