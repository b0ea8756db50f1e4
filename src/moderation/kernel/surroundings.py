"""The second stage from end to end: features, network and trees for a few lines at a time.

The features of a line take a kilobyte: those of a batch would go out to memory and come back three times. Here they
live in the fast cache from their making to their end, and a document of any length needs no more room.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.context import (
    FEATURES,
    PAGE,
    is_prose,
    next_prose,
    page_summary,
    seen_rows,
    write_features,
)
from moderation.kernel.jit import kernel
from moderation.kernel.network import ABREAST, clip_rows, network_block, padded_row, padded_rows
from moderation.kernel.trees import blend_line, walk_trees, walks
from moderation.kernel.vector import LANES, N_LABELS, load_floats, store

DOUBT = np.float32(0.05)
"""The trees are asked only where the network's probability of content is farther than this from 0 and from 1: that
saves two thirds of their time."""
CERTAIN = np.float32(0.95)


@kernel
def surrounded_probabilities(
    probabilities: NDArray[np.float32],
    facts: NDArray[np.float32],
    sets: NDArray[np.float32],
    visible: NDArray[np.int64],
    doc_first: NDArray[np.int64],
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
    baseline: NDArray[np.float32],
    trust: NDArray[np.float32],
) -> NDArray[np.float32]:
    """The probabilities of every line among its neighbours, (n, N_LABELS); rows of blank lines are left as they are.

    The same as context_features, network_probabilities, tree_probability and blend, one after the other. Lines of all
    pages fill blocks of ABREAST rows for the network, and those of which it is in doubt fill another for the trees.
    """
    out = probabilities.copy()
    none = np.float32(0)
    low, high = padded_row(low, none), padded_row(high, none)
    w1, b1 = padded_rows(w1, none), padded_row(b1, none)
    w2, b2 = padded_rows(w2, none), padded_row(b2, np.float32(-1e30))
    ahead_of, limit, height = walks(threshold, child)
    seen = seen_rows(probabilities, facts, visible)
    page = np.zeros(PAGE, np.float32)
    width = low.size
    rows = np.zeros(ABREAST * width, np.float32)
    clipped = np.zeros(ABREAST * width, np.float32)
    hidden = np.zeros(ABREAST * b1.size, np.float32)
    found = np.zeros(ABREAST * LANES, np.float32)
    line = np.zeros(ABREAST, np.int64)
    doubtful = np.zeros(ABREAST * width, np.float32)
    opinion = np.zeros(ABREAST * LANES, np.float32)
    doubtful_line = np.zeros(ABREAST, np.int64)
    keep = np.zeros(ABREAST, np.float32)
    filled = 0
    doubts = 0
    left = visible.size
    for d in range(doc_first.size - 1):
        a = doc_first[d]
        b = doc_first[d + 1]
        if a == b:
            continue
        prose = max(1e-6, page_summary(seen, a, b, page))
        before = 0.0
        since = b - a
        ahead = a
        for v in range(a, b):
            ahead = next_prose(seen, ahead, v, b)
            until = ahead - v - 1 if ahead < b else 2 * b - a - 1 - v
            write_features(seen, facts, sets, page, a, b, v, since, until, before / prose, rows, filled * width)
            before += seen[v, N_LABELS + 3]
            since = 0 if is_prose(seen, v) else since + 1
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
                if p <= DOUBT or p >= CERTAIN:
                    blend_line(found, r * LANES, p, probabilities, k * N_LABELS, trust[0], out, k * N_LABELS)
                    continue
                for at in range(0, width, LANES):
                    store(doubtful, doubts * width + at, load_floats(rows, r * width + at))
                store(opinion, doubts * LANES, load_floats(found, r * LANES))
                doubtful_line[doubts] = k
                doubts += 1
                if doubts == ABREAST:
                    walk_trees(doubtful, width, root, feature, limit, ahead_of, height, value, baseline[0], keep)
                    for q in range(ABREAST):
                        at = doubtful_line[q] * N_LABELS
                        blend_line(opinion, q * LANES, keep[q], probabilities, at, trust[0], out, at)
                    doubts = 0
            filled = 0
    if doubts:
        walk_trees(doubtful, width, root, feature, limit, ahead_of, height, value, baseline[0], keep)
        for q in range(doubts):
            at = doubtful_line[q] * N_LABELS
            blend_line(opinion, q * LANES, keep[q], probabilities, at, trust[0], out, at)
    return out
