"""What a decision has to tell, gathered document by document: counts and cuts."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import kernel


@kernel
def count_pairs(
    rows: NDArray[np.int64],
    begin: NDArray[np.int64],
    label: NDArray[np.uint8],
    action: NDArray[np.uint8],
    line_start: NDArray[np.int64],
    line_end: NDArray[np.int64],
    shape: tuple[int, int],
) -> NDArray[np.int64]:
    """Document, label, action, and how many lines and characters have both: int64 (pairs that occur, 5).

    rows, begin: as of context.visible_lines. shape: how many labels and actions there are.
    """
    n_labels, n_actions = shape
    out = np.empty((min(rows.size, (begin.size - 1) * n_labels * n_actions), 5), np.int64)
    counts = np.zeros((n_labels, n_actions, 2), np.int64)
    m = 0
    for d in range(begin.size - 1):
        counts[:] = 0
        for n in range(begin[d], begin[d + 1]):
            k = rows[n]
            counts[label[k], action[k], 0] += 1
            counts[label[k], action[k], 1] += line_end[k] - line_start[k]
        for a in range(n_labels):
            for b in range(n_actions):
                if counts[a, b, 0]:
                    out[m, 0], out[m, 1], out[m, 2], out[m, 3], out[m, 4] = d, a, b, counts[a, b, 0], counts[a, b, 1]
                    m += 1
    return out[:m]


@kernel
def find_cuts(keep: NDArray[np.bool_], doc_start: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The runs of characters that do not stay, and where each document begins among them: int64 (c, 3), (d + 1,).

    Each run: [start, end) in its document, and how many of its characters stay before. keep: one a character of the
    batch; doc_start: (d + 1,).
    """
    n_docs = doc_start.size - 1
    n_cuts = 0
    for d in range(n_docs):
        before = True
        for i in range(doc_start[d], doc_start[d + 1]):
            if before and not keep[i]:
                n_cuts += 1
            before = keep[i]
    out = np.empty((n_cuts, 3), np.int64)
    begin = np.zeros(n_docs + 1, np.int64)
    m = 0
    for d in range(n_docs):
        kept = 0
        before = True
        for i in range(doc_start[d], doc_start[d + 1]):
            if keep[i]:
                kept += 1
                if not before:
                    out[m, 1] = i - doc_start[d]
                    m += 1
            elif before:
                out[m, 0], out[m, 2] = i - doc_start[d], kept
            before = keep[i]
        if not before:
            out[m, 1] = doc_start[d + 1] - doc_start[d]
            m += 1
        begin[d + 1] = m
    return out, begin
