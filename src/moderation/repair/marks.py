"""Which documents of a batch may need mending, and which of their lines."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.repair import repair_marks
from moderation.repair.fix import Page
from moderation.text.tables import Tables


@dataclass(frozen=True, slots=True)
class Marks:
    """What kernel/repair.py says of a batch.

    document: uint8 (n_docs,), bits. lines: int64 (m, 3), [start, end) in the batch's codes and bits. first: int64
    (n_docs + 1,), which lines are whose. tables: the model's, for what repairs look up.
    """

    document: NDArray[np.uint8]
    lines: NDArray[np.int64]
    first: NDArray[np.int64]
    tables: Tables

    def page(self, index: int, codes: NDArray[np.uint32], begin: int, end: int, keep: NDArray[np.bool_]) -> Page:
        """One of the documents, [begin, end) of the batch. codes, keep: the batch's."""
        lines = self.lines[self.first[index] : self.first[index + 1]] - np.array([begin, begin, 0])
        return Page(codes[begin:end], keep[begin:end], int(self.document[index]), lines, self.tables)


def marks_of(codes: NDArray[np.uint32], doc_start: NDArray[np.int64], keep: NDArray[np.bool_], tables: Tables) -> Marks:
    """The marks of a batch. tables: the model's."""
    return Marks(*repair_marks(codes, doc_start, keep, *tables.for_readings), tables)


def page_of(text: str, keep: NDArray[np.bool_] | None, tables: Tables) -> Page:
    """A text by itself. keep: None where all stays."""
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    stays = np.ones(codes.size, np.bool_) if keep is None else keep
    return marks_of(codes, np.array([0, codes.size], np.int64), stays, tables).page(0, codes, 0, codes.size, stays)
