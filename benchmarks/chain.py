"""A linear chain over lines: transitions between labels learned by counting, the best path by Viterbi's algorithm.

A path's worth is the sum of log p(label | line), as some model gives it, and of `strength` times the log of how much
more often than by chance its labels follow each other. With strength 0 every line gets its likeliest label.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import kernel
from moderation.labels import NAMES
from moderation.train.fit_context import page_starts

STRENGTHS: Final = (0.0, 0.125, 0.25, 0.5, 0.75, 1.0)
SMOOTHING: Final = 5.0
"""Added to every count of a label, in proportion to the labels' frequency."""


def learned_transitions(labels: NDArray[np.int64], page: NDArray[np.int64]) -> NDArray[np.float64]:
    """log p(label | label before) / p(label): (n_labels + 1, n_labels); the last row is for a page's first line."""
    n = len(NAMES)
    counts = np.zeros((n + 1, n))
    before = np.concatenate([[n], labels[:-1]])
    before[page_starts(page)[:-1]] = n
    np.add.at(counts, (before, labels), 1)
    prior = (np.bincount(labels, minlength=n) + 1.0) / (labels.size + n)
    smooth = counts + SMOOTHING * prior
    worth: NDArray[np.float64] = np.log(smooth / smooth.sum(1, keepdims=True) / prior)
    return worth


@kernel
def best_paths(
    emission: NDArray[np.float64], transition: NDArray[np.float64], doc_first: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The label of each line on its page's best path, (m,). emission: (m, n_labels), log probabilities."""
    m, labels = emission.shape
    out = np.zeros(m, np.int64)
    back = np.zeros((m, labels), np.int64)
    for d in range(doc_first.size - 1):
        a = doc_first[d]
        b = doc_first[d + 1]
        if a == b:
            continue
        worth = emission[a] + transition[labels]
        for v in range(a + 1, b):
            now = np.empty(labels)
            for y in range(labels):
                best = 0
                for x in range(1, labels):
                    if worth[x] + transition[x, y] > worth[best] + transition[best, y]:
                        best = x
                back[v, y] = best
                now[y] = worth[best] + transition[best, y] + emission[v, y]
            worth = now
        out[b - 1] = np.argmax(worth)
        for v in range(b - 1, a, -1):
            out[v - 1] = back[v, out[v]]
    return out


def decoded(
    scores: NDArray[np.float32], transition: NDArray[np.float64], strength: float, page: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The label of each row, page by page. scores: (n, n_labels), probabilities."""
    emission = np.log(np.maximum(scores.astype(np.float64), 1e-6))
    return best_paths(emission, strength * transition, page_starts(page))


def chain_scores(
    scores: NDArray[np.float32], labels: NDArray[np.int64], page: NDArray[np.int64], seen: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], float]:
    """Ones at the path's labels of the rows that are not `seen`, and the strength, which is chosen on those that are.

    scores: of all rows, each by a model that has not seen its page.
    """
    transition = learned_transitions(labels[seen], page[seen])
    right = [np.mean(decoded(scores[seen], transition, s, page[seen]) == labels[seen]) for s in STRENGTHS]
    strength = STRENGTHS[int(np.argmax(right))]
    path = decoded(scores[~seen], transition, strength, page[~seen])
    return np.eye(len(NAMES), dtype=np.float32)[path], strength
