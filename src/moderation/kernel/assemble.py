"""Which characters stay, and the clean text made of them."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import kernel

DROP = 2
ONE = np.uint64(1)


@kernel
def kept_characters(
    doc_start: NDArray[np.int64],
    first_line: NDArray[np.int64],
    line_start: NDArray[np.int64],
    line_end: NDArray[np.int64],
    line_next: NDArray[np.int64],
    blank: NDArray[np.bool_],
    action: NDArray[np.uint8],
) -> NDArray[np.bool_]:
    """True for every character of the batch that stays.

    A dropped line goes with its line break. A blank line goes where a line before it was dropped and the text kept so
    far is empty or ends in a blank line already; behind the last kept line all goes if anything there was dropped,
    but for the break at the end of the document. A document of which nothing is dropped stays as it is.
    """
    keep = np.ones(doc_start[doc_start.size - 1], np.bool_)
    for d in range(doc_start.size - 1):
        gap = False
        open_blank = True
        last = -1
        for k in range(first_line[d], first_line[d + 1]):
            if blank[k]:
                if gap and open_blank:
                    keep[line_start[k] : line_next[k]] = False
                open_blank = True
            elif action[k] == DROP:
                keep[line_start[k] : line_next[k]] = False
                gap = True
            else:
                gap = False
                open_blank = False
                last = k
        if gap:
            end = doc_start[d + 1]
            start = doc_start[d]
            if last >= 0:
                closed = line_end[first_line[d + 1] - 1] == line_start[first_line[d + 1] - 1]
                start = line_next[last] if closed else line_end[last]
            keep[start:end] = False
    return keep


@kernel
def cut_spans(keep: NDArray[np.bool_], start: NDArray[np.int64], end: NDArray[np.int64]) -> None:
    """Take the characters of the spans out of `keep`, in place."""
    for k in range(start.size):
        keep[start[k] : end[k]] = False


@kernel
def gather(
    codes: NDArray[np.uint32],
    keep: NDArray[np.bool_],
    doc_start: NDArray[np.int64],
    place: NDArray[np.int64],
    text: NDArray[np.uint32],
    text_start: NDArray[np.int64],
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The kept characters with what is put in, and where each document begins in them.

    place: int64 (k,), ascending, characters that do not stay; text[text_start[j] : text_start[j + 1]] stands for that
    of place[j].
    """
    n_docs = doc_start.size - 1
    out = np.empty(codes.size + text.size + 1, np.uint32)
    out_start = np.zeros(n_docs + 1, np.int64)
    m = np.uint64(0)
    i = np.uint64(0)
    j = 0
    for d in range(n_docs):
        end = doc_start[d + 1]
        while True:
            put_in = j < place.size and place[j] < end
            stop = np.uint64(place[j] if put_in else end)
            while i < stop:  # each is written, the next one over it where it does not stay: no branch to guess wrong
                out[m] = codes[i]
                m += np.uint64(keep[i])
                i += ONE
            if not put_in:
                break
            for k in range(text_start[j], text_start[j + 1]):
                out[m] = text[k]
                m += ONE
            j += 1
        out_start[d + 1] = m
    return out[: np.int64(m)], out_start


@kernel
def kept_prefix(keep: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many characters stay before each one: (n + 1,)."""
    out = np.zeros(keep.size + 1, np.int64)
    for i in range(keep.size):
        out[i + 1] = out[i] + (1 if keep[i] else 0)
    return out
