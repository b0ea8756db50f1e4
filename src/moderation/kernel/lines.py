"""Where the lines of a batch of documents begin and end."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import kernel

NEWLINE = 10
RETURN = 13


@kernel
def split_lines(
    codes: NDArray[np.uint32], doc_start: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Split every document at `\\n`; a `\\r` before it belongs to the break.

    codes: code points of all documents, one after the other. doc_start: (n_docs + 1,), offsets into codes.
    Returns, with n lines in all: line_start (n,), line_end (n,) without the break, line_next (n,) behind the break,
    and first_line (n_docs + 1,). A document of n breaks has n + 1 lines; the empty document has one empty line.
    """
    n_docs = doc_start.size - 1
    first_line = np.zeros(n_docs + 1, np.int64)
    for d in range(n_docs):
        count = 1
        for i in range(doc_start[d], doc_start[d + 1]):
            if codes[i] == NEWLINE:
                count += 1
        first_line[d + 1] = first_line[d] + count
    n = first_line[n_docs]
    line_start = np.empty(n, np.int64)
    line_end = np.empty(n, np.int64)
    line_next = np.empty(n, np.int64)
    k = 0
    for d in range(n_docs):
        start = doc_start[d]
        for i in range(doc_start[d], doc_start[d + 1]):
            if codes[i] == NEWLINE:
                line_start[k] = start
                line_end[k] = i - 1 if i > start and codes[i - 1] == RETURN else i
                line_next[k] = i + 1
                start = i + 1
                k += 1
        line_start[k] = start
        line_end[k] = doc_start[d + 1]
        line_next[k] = doc_start[d + 1]
        k += 1
    return line_start, line_end, line_next, first_line
