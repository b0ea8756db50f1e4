"""One repair, and the document that repairs are looked for in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from moderation.text.tables import Tables


class Fix(NamedTuple):
    """Code points [start, end) of the original stand as `after` in the clean text."""

    start: int
    end: int
    after: str
    kind: str


@dataclass(frozen=True)
class Page:
    """A document. codes: uint32 (n,), its code points; keep: bool (n,), which of them stay.

    marks, lines: what kernel/repair.py says of it; lines: int64 (m, 3), [start, end) and bits. known: what one kind of
    repair has found out and another asks for as well.
    """

    codes: NDArray[np.uint32]
    keep: NDArray[np.bool_]
    marks: int
    lines: NDArray[np.int64]
    tables: Tables
    known: dict[str, bool] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def text(self) -> str:
        """All of it."""
        return self.piece(0, self.codes.size)

    @cached_property
    def stays(self) -> bytes:
        """One byte a character, 0 where it goes: bytes are searched many times faster than short arrays."""
        return self.keep.tobytes()

    def kept(self, start: int, end: int) -> bool:
        """Whether all of [start, end) stays."""
        return self.stays.find(0, start, end) < 0

    def piece(self, start: int, end: int) -> str:
        """The text of [start, end): long documents are not decoded for the sake of a few lines."""
        return self.codes[start:end].tobytes().decode("utf-32-le")

    def marked(self, bits: int) -> Iterator[tuple[int, str]]:
        """Offset and text of the lines that bear one of the marks."""
        for start, end, found in self.lines.tolist():
            if found & bits:
                yield start, self.piece(start, end)
