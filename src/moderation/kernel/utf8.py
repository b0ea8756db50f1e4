"""UTF-8 to code points, and what is kept of them back to UTF-8: whole batches, no string in between."""

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.jit import kernel

ONE = np.uint64(1)
TWO = np.uint64(2)
THREE = np.uint64(3)
SIX = np.uint32(6)
LOW_SIX = np.uint32(0x3F)


@kernel
def decode_utf8(data: NDArray[np.uint8], byte_start: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Code points of all documents, and where each begins in them, (n_docs + 1,).

    data: valid UTF-8, which has to be checked before. byte_start: (n_docs + 1,), where each document begins in data.
    """
    n_docs = byte_start.size - 1
    codes = np.empty(byte_start[n_docs] - byte_start[0], np.uint32)
    doc_start = np.zeros(n_docs + 1, np.int64)
    m = np.uint64(0)
    for d in range(n_docs):
        i = np.uint64(byte_start[d])
        end = np.uint64(byte_start[d + 1])
        while i < end:
            b = np.uint32(data[i])
            if b >= 0xE0 and b < 0xF0:  # nearly every character of a Chinese text
                c1 = np.uint32(data[i + ONE]) & LOW_SIX
                c2 = np.uint32(data[i + TWO]) & LOW_SIX
                codes[m] = ((b & np.uint32(15)) << np.uint32(12)) | (c1 << SIX) | c2
                i += THREE
            elif b < 0x80:
                codes[m] = b
                i += ONE
            elif b < 0xE0:
                codes[m] = ((b & np.uint32(31)) << SIX) | (np.uint32(data[i + ONE]) & LOW_SIX)
                i += TWO
            else:
                high = (np.uint32(data[i + ONE]) & LOW_SIX) << np.uint32(12)
                c2 = (np.uint32(data[i + TWO]) & LOW_SIX) << SIX
                codes[m] = ((b & np.uint32(7)) << np.uint32(18)) | high | c2 | (np.uint32(data[i + THREE]) & LOW_SIX)
                i += np.uint64(4)
            m += ONE
        doc_start[d + 1] = m
    return codes[: np.int64(m)], doc_start


@kernel
def encode_kept(
    data: NDArray[np.uint8],
    byte_start: NDArray[np.int64],
    codes: NDArray[np.uint32],
    doc_start: NDArray[np.int64],
    keep: NDArray[np.bool_],
    place: NDArray[np.int64],
    text: NDArray[np.uint8],
    text_start: NDArray[np.int64],
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The kept characters with what is put in, as UTF-8, and where each document begins in them, (n_docs + 1,).

    data, byte_start: what codes and doc_start were decoded from. keep: one a character. place, text, text_start: as in
    assemble.gather, the text as UTF-8.
    """
    n_docs = byte_start.size - 1
    out = np.empty(byte_start[n_docs] - byte_start[0] + text.size, np.uint8)
    out_start = np.zeros(n_docs + 1, np.int64)
    m = np.uint64(0)
    k = 0
    for d in range(n_docs):
        at = np.uint64(byte_start[d])
        i = np.uint64(doc_start[d])
        end = np.uint64(doc_start[d + 1])
        while i < end:
            # runs of what stays are copied as they are
            stays = keep[i]
            run = at
            while i < end and keep[i] == stays:
                c = codes[i]
                at += ONE + np.uint64(c >= 0x80) + np.uint64(c >= 0x800) + np.uint64(c >= 0x10000)
                i += ONE
            if stays:
                size = at - run
                for j in range(size):
                    out[m + j] = data[run + j]
                m += size
                continue
            while k < place.size and np.uint64(place[k]) < i:
                for j in range(text_start[k], text_start[k + 1]):
                    out[m] = text[j]
                    m += ONE
                k += 1
        out_start[d + 1] = m
    return out[: np.int64(m)], out_start
