"""The lines of a batch: split, folded, and their shape taken."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.lines import read_text
from moderation.kernel.ngrams import count_grams
from moderation.text.batch import Batch
from moderation.text.tables import Tables


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a batch: where they stand, their folded copy and their shape.

    line_start, line_end (without the break), line_next (behind it): int64 (n,), offsets into the batch's codes.
    first_line: int64 (n_docs + 1,). blank: bool (n,), lines without a visible character. The other arrays are the
    kernels' own, see kernel/lines.py and kernel/shape.py.
    """

    batch: Batch
    line_start: NDArray[np.int64]
    line_end: NDArray[np.int64]
    line_next: NDArray[np.int64]
    first_line: NDArray[np.int64]
    folded: NDArray[np.uint32]
    fold_start: NDArray[np.int64]
    source: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    shape_rows: NDArray[np.int32]
    counts: NDArray[np.int32]
    ends: NDArray[np.int8]
    n_grams: NDArray[np.int64]
    blank: NDArray[np.bool_]


def read_lines(batch: Batch, tables: Tables) -> Lines:
    """Split and fold the batch."""
    start, end, behind, first_line, folded, fold_start, source, kinds, rows, counts, ends = read_text(
        batch.codes,
        batch.doc_start,
        tables.page,
        tables.fold_delta,
        tables.char_class,
        tables.reading_char,
        tables.reading_start,
        tables.reading,
    )
    n_grams = count_grams(fold_start)
    return Lines(
        batch,
        start,
        end,
        behind,
        first_line,
        folded,
        fold_start,
        source,
        kinds,
        rows,
        counts,
        ends,
        n_grams,
        n_grams == 0,
    )
