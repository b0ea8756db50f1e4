"""The fold, class and reading tables: arrays that scoring works with, stored inside every model."""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

NORMALISER_VERSION: Final = 2
"""Goes up when folding changes; a model works only with the version it was trained with."""
FIELDS: Final = ("page", "fold_delta", "char_class", "reading_char", "reading_start", "reading", "pair_key", "pair_to")
Readings: TypeAlias = tuple[
    NDArray[np.uint16],
    NDArray[np.uint32],
    NDArray[np.uint8],
    NDArray[np.uint32],
    NDArray[np.int32],
    NDArray[np.uint32],
]
"""page to reading of Tables."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Tables:
    """Two-level tables over code points: page[c >> 8] names the row, c & 255 the column.

    page: uint16 (768,). fold_delta: uint32 (pages, 256), added to the code point modulo 2^32. char_class: uint8
    (pages, 256). reading_char: uint32 (m,), ascending; its readings are reading[reading_start[i]:reading_start[i+1]],
    five bits a letter. pair_key: uint64 (p,), ascending, and pair_to: uint32 (p, 2), see kernel/disguise.py.
    """

    page: NDArray[np.uint16]
    fold_delta: NDArray[np.uint32]
    char_class: NDArray[np.uint8]
    reading_char: NDArray[np.uint32]
    reading_start: NDArray[np.int32]
    reading: NDArray[np.uint32]
    pair_key: NDArray[np.uint64]
    pair_to: NDArray[np.uint32]

    @property
    def for_readings(self) -> Readings:
        """What a kernel looks a bracket and the character before it up in, in the order of its arguments."""
        return self.page, self.fold_delta, self.char_class, self.reading_char, self.reading_start, self.reading

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The arrays by name."""
        return {name: getattr(self, name) for name in FIELDS}


@cache
def built_tables() -> Tables:
    """The tables that scripts/build_tables.py made: what a new model is trained with."""
    arrays = load((resources.files("moderation") / "data" / "tables.safetensors").read_bytes())
    return Tables(**{name: arrays[name] for name in FIELDS})
