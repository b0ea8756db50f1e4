"""The second stage from end to end: features, the page read both ways, and verdicts, for some lines at a time.

What is computed for a line takes a kilobyte and more: for a batch it would go out to memory and come back three times.
Here a thousand lines at most are under way, in a cache, and a document of any length needs no more room.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.context import FEATURES, page_views, write_features
from moderation.kernel.jit import kernel
from moderation.kernel.network import ABREAST, multiply_rows, write_steps
from moderation.kernel.recurrence import EMBEDDED, GATED, KNOWN, MEMORY, forget, read_both_ways
from moderation.kernel.vector import (
    LANES,
    N_LABELS,
    larger,
    load_floats,
    no_floats,
    smaller,
    softmax_of,
    spread,
    store_labels,
    store_rounded,
)
from moderation.kernel.whole import MOST_FINE, Ready

PIECE = 1024
"""Lines of a document that are read together: a longer one is read piece by piece. What was remembered goes on into the
next piece; what comes is looked ahead at, no farther than AHEAD lines beyond the piece."""
AHEAD = 128
ROOM = PIECE + AHEAD + ABREAST
"""Lines under way, with those of a block that is not full."""


@kernel
def embed_block(
    rows: NDArray[np.float32],
    steps: NDArray[np.int16],
    inner: NDArray[np.float32],
    weights: Ready,
    known: NDArray[np.int16],
    said: NDArray[np.float32],
    row: int,
) -> None:
    """ABREAST rows of features to what the lines are made into, and what they say either way, from `row` on."""
    (middle, size), embed, say, _, _, _ = weights
    write_steps(rows, middle, size, steps)
    multiply_rows(steps, 0, size.size, (FEATURES + 1) // 2, *embed, inner, 0, EMBEDDED)
    most = spread(np.float32(MOST_FINE))
    for r in range(ABREAST):
        for at in range(0, EMBEDDED, LANES):
            fine = smaller(larger(load_floats(inner, r * EMBEDDED + at), no_floats()), most)
            store_rounded(known, (row + r) * KNOWN + at, fine)
    multiply_rows(known, row * KNOWN, KNOWN, EMBEDDED // 2, *say, said, row * 2 * GATED, 2 * GATED)


@kernel
def settle(
    pieces: NDArray[np.int64],
    n_pieces: int,
    visible: NDArray[np.int64],
    weights: Ready,
    known: NDArray[np.int16],
    said: NDArray[np.float32],
    memory: NDArray[np.float32],
    kept: NDArray[np.int16],
    found: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Read the pieces that are under way, and write the probabilities of their lines.

    pieces: (n_pieces, 4) first row, lines that are judged, lines that are read, and the first line among the visible
    ones; a piece that goes on where the one before ended has -1 - that. memory, kept: see read_both_ways.
    """
    _, _, _, onwards, backwards, last = weights
    behind, kept_behind = np.empty(MEMORY, np.float32), np.empty(MEMORY, np.int16)
    for p in range(n_pieces):
        first, judged, n, line = pieces[p]
        if line >= 0:
            forget(memory, kept)
        else:
            line = -1 - line
        read_both_ways(
            said, first, judged, n, *onwards, *backwards, memory, kept, behind, kept_behind, known, KNOWN, EMBEDDED
        )
        for i in range(0, judged, ABREAST):
            multiply_rows(known, (first + i) * KNOWN, KNOWN, KNOWN // 2, *last, found, 0, LANES)
            for r in range(min(ABREAST, judged - i)):
                store_labels(out, visible[line + i + r] * N_LABELS, softmax_of(load_floats(found, r * LANES)))


@kernel
def surrounded_probabilities(
    probabilities: NDArray[np.float32],
    facts: NDArray[np.float32],
    sets: NDArray[np.float32],
    outlook: NDArray[np.float32],
    visible: NDArray[np.int64],
    doc_first: NDArray[np.int64],
    weights: Ready,
) -> NDArray[np.float32]:
    """The probabilities of every line among its neighbours, (n, N_LABELS); rows of blank lines are left as they are.

    weights: what ready_weights returns. Lines of all pages fill blocks of ABREAST rows, and pages are gathered until
    there is no room for another.
    """
    surrounded = probabilities.copy()
    out = surrounded.reshape(-1)
    seen_of, lengths, fact, set_of, ahead, page, place = page_views(
        probabilities, facts, sets, outlook, visible, doc_first
    )
    width = weights[0][0].size
    rows = np.zeros(ABREAST * width, np.float32)
    steps = np.zeros(ABREAST * width, np.int16)
    inner = np.empty(ABREAST * EMBEDDED, np.float32)
    known = np.zeros((ROOM + ABREAST) * KNOWN, np.int16)
    said = np.empty(ROOM * 2 * GATED, np.float32)
    memory, kept = np.zeros(MEMORY, np.float32), np.zeros(MEMORY, np.int16)
    found = np.zeros(ABREAST * LANES, np.float32)
    pieces = np.empty((ROOM, 4), np.int64)
    n_pieces = 0
    filled = 0
    for d in range(doc_first.size - 1):
        first = doc_first[d]
        n = doc_first[d + 1] - first
        for begin in range(0, n, PIECE):
            judged = min(PIECE, n - begin)
            read = min(judged + AHEAD, n - begin)
            if filled + read > PIECE + AHEAD:
                embed_block(rows, steps, inner, weights, known, said, filled // ABREAST * ABREAST)
                settle(pieces, n_pieces, visible, weights, known, said, memory, kept, found, out)
                filled = n_pieces = 0
            pieces[n_pieces] = filled, judged, read, first + begin if begin == 0 else -1 - first - begin
            n_pieces += 1
            for i in range(begin, begin + read):
                v = first + i
                at = filled % ABREAST * width
                write_features(seen_of, lengths, fact, set_of, ahead, page, place, d, i, n, v, rows, at)
                filled += 1
                if filled % ABREAST == 0:
                    embed_block(rows, steps, inner, weights, known, said, filled - ABREAST)
    embed_block(rows, steps, inner, weights, known, said, filled // ABREAST * ABREAST)
    settle(pieces, n_pieces, visible, weights, known, said, memory, kept, found, out)
    return surrounded
