"""Damage in kept text that can be mended with certainty: a table of the kinds, and the search for all of them."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.repair import DAMAGE, INVISIBLE, MARKUP, MOJIBAKE, READING
from moderation.repair.damage import damaged_runs, find_damage
from moderation.repair.entity import decode_entities
from moderation.repair.fix import Fix, Page
from moderation.repair.invisible import remove_invisible
from moderation.repair.marks import Marks, marks_of, page_of
from moderation.repair.mojibake import decode_mojibake
from moderation.repair.reading import remove_readings
from moderation.repair.tag import remove_tags
from moderation.text.tables import Tables

__all__ = [
    "DAMAGE",
    "KINDS",
    "Fix",
    "Kind",
    "Marks",
    "Page",
    "damaged_runs",
    "find_damage",
    "find_repairs",
    "marks_of",
    "page_of",
    "repairs_of",
]


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


def find_repairs(text: str, keep: NDArray[np.bool_] | None, tables: Tables) -> list[Fix]:
    """The repairs of one text. keep: bool, one a character; None where all stays."""
    return repairs_of(page_of(text, keep, tables))


def repairs_of(page: Page) -> list[Fix]:
    """The repairs of one document, sorted, not overlapping, only of characters that stay."""
    found = [fix for kind in KINDS if kind.mark & page.marks for fix in kind.find(page) if page.kept(*fix[:2])]
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
