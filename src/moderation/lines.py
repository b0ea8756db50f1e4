"""The lines of a batch: split, folded, and their shape taken."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.fold import fold_lines
from moderation.kernel.lines import split_lines
from moderation.kernel.ngrams import count_grams
from moderation.kernel.shape import shape_rows
from moderation.text.batch import Batch
from moderation.text.tables import Tables


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a batch: where they stand, their folded copy and their shape.

    line_start, line_end (without the break), line_next (behind it): int64 (n,), offsets into the batch's codes.
    first_line: int64 (n_docs + 1,). blank: bool (n,), lines without a visible character. The other arrays are the
    kernels' own, see kernel/fold.py and kernel/shape.py.
    """

    batch: Batch
    line_start: NDArray[np.int64]
    line_end: NDArray[np.int64]
    line_next: NDArray[np.int64]
    first_line: NDArray[np.int64]
    folded: NDArray[np.uint32]
    fold_start: NDArray[np.int64]
    source: NDArray[np.int64]
    shape_rows: NDArray[np.int32]
    counts: NDArray[np.int32]
    ends: NDArray[np.int8]
    n_grams: NDArray[np.int64]
    blank: NDArray[np.bool_]


def read_lines(batch: Batch, tables: Tables) -> Lines:
    """Split and fold the batch."""
    return read_ranges(batch, *split_lines(batch.codes, batch.doc_start), tables)


def read_ranges(
    batch: Batch,
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    behind: NDArray[np.int64],
    first_line: NDArray[np.int64],
    tables: Tables,
) -> Lines:
    """Fold the ranges as lines; the arguments are the fields line_start to first_line."""
    folded, fold_start, source = fold_lines(
        batch.codes,
        start,
        end,
        tables.page,
        tables.fold_delta,
        tables.char_class,
        tables.reading_char,
        tables.reading_start,
        tables.reading,
        tables.pair_key,
        tables.pair_to,
    )
    rows, counts, ends = shape_rows(batch.codes, start, end, tables.page, tables.char_class)
    n_grams = count_grams(fold_start)
    blank = n_grams == 0
    return Lines(batch, start, end, behind, first_line, folded, fold_start, source, rows, counts, ends, n_grams, blank)
