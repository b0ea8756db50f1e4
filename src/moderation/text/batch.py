"""A batch of documents as one array of code points."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from moderation.errors import TextError

BATCH_CHARS = 1 << 18
"""About how many characters are worked on at a time; a longer document is a batch of its own."""


@dataclass(frozen=True, slots=True)
class Batch:
    """codes: uint32 (n_chars,). doc_start: int64 (n_docs + 1,), where each document begins in codes."""

    codes: NDArray[np.uint32]
    doc_start: NDArray[np.int64]


def pack(texts: Sequence[str]) -> Batch:
    """Encode the documents. Raises TextError that names the document and place of a lone surrogate."""
    try:
        codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    except UnicodeEncodeError:
        raise surrogate_error(texts) from None
    doc_start = np.fromiter(accumulate(map(len, texts), initial=0), np.int64, len(texts) + 1)
    return Batch(codes, doc_start)


def surrogate_error(texts: Sequence[str]) -> TextError:
    """The error that says where the first lone surrogate stands."""
    for n, text in enumerate(texts):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            return TextError(
                f"text {n} holds a lone surrogate (U+{ord(text[error.start]):04X}) at character {error.start}, "
                "which no encoding can carry; decode the source again with errors='replace'"
            )
    return TextError("a text holds a lone surrogate")


def batches(texts: Sequence[str], size: int = BATCH_CHARS) -> Iterator[Sequence[str]]:
    """Cut a sequence of documents into runs of about `size` characters, never inside a document."""
    first, chars = 0, 0
    for n, text in enumerate(texts):
        if chars and chars + len(text) > size:
            yield texts[first:n]
            first, chars = n, 0
        chars += len(text)
    if first < len(texts):
        yield texts[first:]
