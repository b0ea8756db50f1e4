"""The lines of a batch: split, folded, and their shape taken."""

from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.characters import character_entries
from moderation.kernel.lines import read_text
from moderation.kernel.ngrams import count_grams
from moderation.text.batch import Batch
from moderation.text.tables import Tables

BREAK: Final = 10


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


ENTRIES: WeakKeyDictionary[Tables, NDArray[np.uint32]] = WeakKeyDictionary()


def entries_of(tables: Tables) -> NDArray[np.uint32]:
    """What the reading kernel looks characters up in; made once for each set of tables."""
    found = ENTRIES.get(tables)
    if found is None:
        found = character_entries(tables.page, tables.fold_delta, tables.char_class, tables.pair_key)
        ENTRIES[tables] = found
    return found


def read_lines(batch: Batch, tables: Tables) -> Lines:
    """Split and fold the batch."""
    start, end, behind, first_line, folded, fold_start, source, kinds, rows, counts, ends = read_text(
        batch.codes,
        batch.doc_start,
        entries_of(tables),
        *tables.for_readings,
        tables.pair_key,
        tables.pair_to,
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


def read_ranges(
    batch: Batch,
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    behind: NDArray[np.int64],
    first_line: NDArray[np.int64],
    tables: Tables,
) -> Lines:
    """Pieces of the batch's lines as lines; the arguments are the fields line_start to first_line.

    They are read from a copy with line breaks between them. No piece may hold a line break, and every document must
    have a piece.
    """
    size = end - start + 1
    place = np.concatenate([[0], np.cumsum(size)])
    from_batch = np.arange(place[-1]) + np.repeat(start - place[:-1], size)
    codes = batch.codes[np.minimum(from_batch, batch.codes.size - 1)]
    codes[place[1:] - 1] = BREAK
    last = first_line[1:] - 1
    stays = np.ones(codes.size, np.bool_)
    stays[place[last + 1] - 1] = False
    doc_start = np.concatenate([[0], place[last + 1] - np.arange(1, last.size + 1)])
    read = read_lines(Batch(codes[stays], doc_start), tables)
    source = from_batch[stays][read.source]
    return replace(read, batch=batch, line_start=start, line_end=end, line_next=behind, source=source)
