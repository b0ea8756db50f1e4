"""Damage in kept text that can be mended with certainty: a table of the kinds, and the search for all of them."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.repair import INVISIBLE, MARKUP, MOJIBAKE, READING, repair_marks
from moderation.repair.damage import find_damage
from moderation.repair.entity import decode_entities
from moderation.repair.fix import Fix, Page
from moderation.repair.invisible import remove_invisible
from moderation.repair.mojibake import decode_mojibake
from moderation.repair.reading import remove_readings
from moderation.repair.tag import remove_tags
from moderation.text.tables import Tables

__all__ = ["KINDS", "Fix", "Kind", "find_damage", "find_repairs"]


class Kind(NamedTuple):
    """A kind of damage: its name in the records, the mark that a document of it bears, and what finds it."""

    name: str
    mark: int
    find: Callable[[Page], Iterator[Fix]]


KINDS: Final = (
    Kind("mojibake", MOJIBAKE, decode_mojibake),
    Kind("tag", MARKUP, remove_tags),
    Kind("entity", MARKUP, decode_entities),
    Kind("reading", READING, remove_readings),
    Kind("invisible", INVISIBLE, remove_invisible),
)
"""Where repairs of two kinds would overlap, the one that is named first stands."""
ORDER: Final = {kind.name: n for n, kind in enumerate(KINDS)}


def find_repairs(text: str, keep: NDArray[np.bool_] | None, tables: Tables, marks: int | None = None) -> list[Fix]:
    """The repairs of one document, sorted, not overlapping, only of characters that stay.

    keep: bool, one a character; None where all stays. marks: what repair_marks says of it, where that is known.
    """
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    if marks is None:
        stays = np.ones(codes.size, np.bool_) if keep is None else keep
        doc_start = np.array([0, codes.size], np.int64)
        marks = int(repair_marks(codes, doc_start, stays, tables.page, tables.char_class)[0])
    page = Page(text, keep, codes, tables)
    found = [fix for kind in KINDS if kind.mark & marks for fix in kind.find(page) if page.kept(fix.start, fix.end)]
    return without_overlaps(found)


def without_overlaps(found: list[Fix]) -> list[Fix]:
    """Sorted; of two that overlap the one of the earlier kind, of one kind the first."""
    fixes: list[Fix] = []
    for fix in sorted(found):
        if not fixes or fixes[-1].end <= fix.start:
            fixes.append(fix)
        elif ORDER[fix.kind] < ORDER[fixes[-1].kind]:
            fixes[-1] = fix
    return fixes
