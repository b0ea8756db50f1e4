"""One repair, and the document that repairs are looked for in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
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
    """A document. keep: bool, one a character; None where all stays. codes: uint32, its code points."""

    text: str
    keep: NDArray[np.bool_] | None
    codes: NDArray[np.uint32]
    tables: Tables

    @cached_property
    def stays(self) -> bytes:
        """One byte a character, 0 where it goes: bytes are searched many times faster than short arrays."""
        return b"" if self.keep is None else self.keep.tobytes()

    def kept(self, start: int, end: int) -> bool:
        """Whether all of [start, end) stays."""
        return self.keep is None or self.stays.find(0, start, end) < 0

    @cached_property
    def found(self) -> dict[str, list[tuple[int, str]]]:
        """Lines that one kind of repair has looked out and another looks for as well."""
        return {}

    @cached_property
    def lines(self) -> tuple[tuple[int, str], ...]:
        """Offset and text of every line of which something stays."""
        return tuple(self._lines())

    def _lines(self) -> Iterator[tuple[int, str]]:
        start = 0
        for line in self.text.split("\n"):
            if self.keep is None or self.stays.find(1, start, start + len(line)) >= 0:
                yield start, line
            start += len(line) + 1

    def lines_with(self, sign: re.Pattern[str]) -> Iterator[tuple[int, str]]:
        """Those of the lines in which something matches, without looking at the others one by one."""
        text = self.text
        found = sign.search(text)
        while found:
            start = text.rfind("\n", 0, found.start()) + 1
            end = text.find("\n", found.start())
            end = len(text) if end < 0 else end
            if self.keep is None or self.stays.find(1, start, end) >= 0:
                yield start, text[start:end]
            found = sign.search(text, end)
