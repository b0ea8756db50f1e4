"""Trees of three questions deep, added up: what judges the runs that the tagger finds."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import kernel

DEPTH = 3
QUESTIONS = (1 << DEPTH) - 1
LEAVES = 1 << DEPTH


@kernel
def run_logits(
    facts: NDArray[np.float32],
    split_fact: NDArray[np.int8],
    split_at: NDArray[np.float32],
    leaf: NDArray[np.float32],
    accept: NDArray[np.float32],
) -> NDArray[np.float32]:
    """The log odds, (r,), that each run is junk, from its facts, (r, n).

    split_fact, split_at: (trees, QUESTIONS), whether that fact is above that number, the questions behind question q
    being 2 q + 1 where it is not and 2 q + 2 where it is. leaf: (trees, LEAVES). accept: (n + 1,), weights that are
    added, and a bias.
    """
    r = facts.shape[0]
    out = np.empty(r, np.float32)
    bias = accept.size - 1
    for q in range(r):
        logit = accept[bias]
        for f in range(bias):
            logit += facts[q, f] * accept[f]
        for t in range(leaf.shape[0]):
            at = 0
            for _ in range(DEPTH):
                at = 2 * at + 1 + (facts[q, split_fact[t, at]] > split_at[t, at])
            logit += leaf[t, at - QUESTIONS]
        out[q] = logit
    return out
