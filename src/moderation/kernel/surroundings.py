"""The second stage from end to end: features, the page read both ways, and verdicts, for some lines at a time.

What is computed for a line takes a kilobyte and more: for a batch it would go out to memory and come back three times.
Here a thousand lines at most are under way, in a cache, and a document of any length needs no more room.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.context import FEATURES, page_views, write_features
from moderation.kernel.jit import kernel
from moderation.kernel.network import ABREAST, clip_rows, multiply_rows
from moderation.kernel.recurrence import EMBEDDED, GATED, KNOWN, MEMORY, read_both_ways
from moderation.kernel.vector import LANES, N_LABELS, larger, load_floats, softmax_of, spread, store, store_labels

PIECE = 1024
"""Lines of a document that are read together: a longer one is read piece by piece. What was remembered goes on into the
next piece; what comes is looked ahead at, no farther than AHEAD lines beyond the piece."""
AHEAD = 128
ROOM = PIECE + AHEAD + ABREAST
"""Lines under way, with those of a block that is not full."""
CACHE_LINE = 64
"""Bytes."""

Ready: TypeAlias = tuple[
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
    NDArray[np.float32],
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
    say: NDArray[np.float32],
    bias: NDArray[np.float32],
    onwards: NDArray[np.float32],
    backwards: NDArray[np.float32],
    w2: NDArray[np.float32],
    b2: NDArray[np.float32],
) -> Ready:
    """The model's arrays as the second stage wants them: padded to whole vectors, those of the recurrence flat.

    Made once for each model: for a single page it would cost as much as judging it.
    """
    memories = widened(onwards).reshape(-1), widened(backwards).reshape(-1)
    first = widened(low), widened(high), widened(w1), widened(b1), widened(say), widened(bias)
    return *first, *memories, widened(w2), widened(b2, -1e30)


@kernel
def embed_block(
    rows: NDArray[np.float32],
    clipped: NDArray[np.float32],
    weights: Ready,
    known: NDArray[np.float32],
    said: NDArray[np.float32],
    row: int,
) -> None:
    """ABREAST rows of features to what the lines are made into, and what they say either way, from `row` on."""
    low, high, w1, b1, say, bias, _, _, _, _ = weights
    clip_rows(rows, low, high, clipped)
    multiply_rows(clipped, 0, low.size, FEATURES, w1, b1, known, row * KNOWN, KNOWN)
    for r in range(row, row + ABREAST):
        for at in range(r * KNOWN, r * KNOWN + EMBEDDED, LANES):
            store(known, at, larger(load_floats(known, at), spread(np.float32(0))))
    multiply_rows(known, row * KNOWN, KNOWN, EMBEDDED, say, bias, said, row * 2 * GATED, 2 * GATED)


@kernel
def settle(
    pieces: NDArray[np.int64],
    n_pieces: int,
    visible: NDArray[np.int64],
    weights: Ready,
    known: NDArray[np.float32],
    said: NDArray[np.float32],
    memory: NDArray[np.float32],
    behind: NDArray[np.float32],
    found: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Read the pieces that are under way, and write the probabilities of their lines.

    pieces: (n_pieces, 4) first row, lines that are judged, lines that are read, and the first line among the visible
    ones; a piece that goes on where the one before ended has -1 - that.
    """
    _, _, _, _, _, _, onwards, backwards, w2, b2 = weights
    for p in range(n_pieces):
        first, kept, n, line = pieces[p]
        if line >= 0:
            for k in range(MEMORY):
                memory[k] = 0
        else:
            line = -1 - line
        read_both_ways(said, first, kept, n, onwards, backwards, memory, behind, known, KNOWN, EMBEDDED)
        for i in range(0, kept, ABREAST):
            multiply_rows(known, (first + i) * KNOWN, KNOWN, KNOWN, w2, b2, found, 0, LANES)
            for r in range(min(ABREAST, kept - i)):
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
    judged = probabilities.copy()
    out = judged.reshape(-1)
    seen_of, lengths, fact, set_of, ahead, page, place = page_views(
        probabilities, facts, sets, outlook, visible, doc_first
    )
    width = weights[0].size
    rows = np.zeros(ABREAST * width, np.float32)
    clipped = np.zeros(ABREAST * width, np.float32)
    known = np.empty((ROOM + ABREAST) * KNOWN, np.float32)
    said = np.empty(ROOM * 2 * GATED, np.float32)
    memory, behind = np.zeros(MEMORY, np.float32), np.zeros(MEMORY, np.float32)
    found = np.zeros(ABREAST * LANES, np.float32)
    pieces = np.empty((ROOM, 4), np.int64)
    n_pieces = 0
    filled = 0
    for d in range(doc_first.size - 1):
        first = doc_first[d]
        n = doc_first[d + 1] - first
        for begin in range(0, n, PIECE):
            kept = min(PIECE, n - begin)
            read = min(kept + AHEAD, n - begin)
            if filled + read > PIECE + AHEAD:
                embed_block(rows, clipped, weights, known, said, filled // ABREAST * ABREAST)
                settle(pieces, n_pieces, visible, weights, known, said, memory, behind, found, out)
                filled = n_pieces = 0
            pieces[n_pieces] = filled, kept, read, first + begin if begin == 0 else -1 - first - begin
            n_pieces += 1
            for i in range(begin, begin + read):
                v = first + i
                at = filled % ABREAST * width
                write_features(seen_of, lengths, fact, set_of, ahead, page, place, d, i, n, v, rows, at)
                filled += 1
                if filled % ABREAST == 0:
                    embed_block(rows, clipped, weights, known, said, filled - ABREAST)
    embed_block(rows, clipped, weights, known, said, filled // ABREAST * ABREAST)
    settle(pieces, n_pieces, visible, weights, known, said, memory, behind, found, out)
    return judged
