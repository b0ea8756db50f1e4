"""What the lines around a line foretell of it, each by its own words.

`相关阅读` says little about itself and much about what follows; a byline says that a title stands before it. The first
stage's probabilities of a line hold none of that. A second table of weights gives, for every line, three numbers about
each of four places around it: how much rather content, a link to other pages, or spam stands there than other chrome.
"""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import kernel
from moderation.kernel.vector import (
    LANES,
    N_LABELS,
    larger,
    load_floats,
    load_labels,
    multiply_add,
    no_floats,
    smaller,
    spread,
    store,
    store_labels,
)

PLACES = ("next", "previous", "later", "earlier")
"""Seen from a line: the one after it, the one before it, and any of those 2 to FARTHEST after or before it."""
SAID = 3
"""Numbers a place: log odds of content, related and spam or noise against other chrome."""
OUTLOOK = len(PLACES) * SAID
FARTHEST = 12
MOST = np.float32(8.0)
"""Log odds beyond that count as these."""
SCALE = np.float32(0.25)
MASKS = np.zeros((len(PLACES), LANES), np.float32)
"""Which lanes belong to a place."""
for _place in range(len(PLACES)):
    MASKS[_place, _place * SAID : (_place + 1) * SAID] = 1
MASKS = MASKS.reshape(-1)


@kernel
def heard(
    foretold: NDArray[np.float32], visible: NDArray[np.int64], doc_first: NDArray[np.int64]
) -> NDArray[np.float32]:
    """(m, OUTLOOK): what each visible line hears of itself, in four parts of SAID numbers.

    From the line before, what it says of the next; from the line after, what it says of the previous; and the means of
    what lines 2 to FARTHEST before say of later ones, and those after of earlier ones. 0 where no line is.
    foretold: (n, OUTLOOK), log odds that each line gives for its four places.
    """
    n_docs = doc_first.size - 1
    out = np.zeros((visible.size, OUTLOOK), np.float32)
    said = np.zeros((visible.size + FARTHEST * (n_docs + 1)) * LANES, np.float32)
    flat = foretold.reshape(-1)
    target = out.reshape(-1)
    of_next, of_previous = load_floats(MASKS, 0), load_floats(MASKS, LANES)
    of_later, of_earlier = load_floats(MASKS, 2 * LANES), load_floats(MASKS, 3 * LANES)
    for d in range(n_docs):  # rows of zeros between the pages, so that nobody has to ask where one ends
        for v in range(doc_first[d], doc_first[d + 1]):
            row = load_labels(flat, visible[v] * N_LABELS)
            row = smaller(larger(row, spread(-MOST)), spread(MOST)) * spread(SCALE)
            store(said, (v + FARTHEST * (d + 1)) * LANES, row)
    for d in range(n_docs):
        first = doc_first[d]
        n = doc_first[d + 1] - first
        for i in range(n):
            row = first + i + FARTHEST * (d + 1)
            before = no_floats()
            after = no_floats()
            for step in range(2, FARTHEST + 1):
                before += load_floats(said, (row - step) * LANES)
                after += load_floats(said, (row + step) * LANES)
            so_many = np.float32(max(1, min(FARTHEST, i) - 1))
            so_many_after = np.float32(max(1, min(FARTHEST, n - 1 - i) - 1))
            total = of_later * (before / spread(so_many))
            total = multiply_add(of_earlier, after / spread(so_many_after), total)
            total = multiply_add(of_next, load_floats(said, (row - 1) * LANES), total)
            total = multiply_add(of_previous, load_floats(said, (row + 1) * LANES), total)
            store_labels(target, (first + i) * OUTLOOK, total)
    return out
