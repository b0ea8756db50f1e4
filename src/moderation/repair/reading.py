"""`發(fā)展`, `關(guan)于`, `訪(訪)問`: readings that scraper sites put behind characters, by the evidence of the page.

Language pages write the same thing on purpose. They differ in what they gloss: whole words (`超市(chāoshì)`), rare
characters (`圂（hùn）`), every character of a verse. Cloaking glosses common traditional characters, one by one.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

import numpy as np

from moderation.kernel.lines import NEWLINE
from moderation.kernel.repair import reading_brackets
from moderation.repair.fix import Fix, Page

TONED: Final = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
PINYIN: Final = re.compile(rf"[a-zü]*[{TONED}][a-zü{TONED}]*", re.IGNORECASE)
LETTERS: Final = re.compile(f"[A-Za-zÜüİıſ\u212a{TONED}{TONED.upper()}]+")
"""What PINYIN consists of: runs of it are found many times faster than PINYIN in a Chinese text."""
HAN: Final = re.compile(r"[\u3400-\u9fff\U00020000-\U0002fa1f]")
TONELESS_LEAST: Final = 5
TONELESS_CHARACTERS: Final = 3
"""Toneless readings count from so many on, of so many characters: `他(ta)` alone is somebody's way of writing."""
OUTWEIGHS: Final = 3
"""How many times stronger the signs of cloaking must be than those of honest glosses."""
FEW: Final = 5
"""Below so many signs more is asked for."""
PLAIN: Final = 2
"""How many characters that are written alike in both scripts may bear a tone for each sign."""
AGAIN: Final = 3
"""So many characters that are explained more than once are explained to nobody."""
ANNOTATED: Final = 4
"""From so many brackets on a line is looked at for being annotated throughout."""
THROUGHOUT: Final = 1.3
"""Characters a bracket that a line annotated throughout may have; some of a verse's go without."""


class Bracket(NamedTuple):
    """A bracket that reads or doubles `before`; `inner` is what it holds, without the brackets."""

    start: int
    end: int
    before: str
    inner: str
    folded: str

    @property
    def doubled(self) -> bool:
        """`訪(訪)`, `訪(访)`."""
        return self.inner in (self.before, self.folded)

    @property
    def toned(self) -> bool:
        """`(fā)` rather than `(fa)`."""
        return not self.inner.isascii()

    @property
    def cloaks(self) -> bool:
        """A traditional form of a common character: nobody who reads the page needs help with it."""
        return self.folded != self.before and is_common(self.folded)


@lru_cache(1 << 13)
def is_common(simplified: str) -> bool:
    """Whether it is among the 3,755 characters of the first level of GB 2312, which are ordered by use."""
    try:
        return 0xB0 <= simplified.encode("gb2312")[0] <= 0xD7
    except UnicodeEncodeError:
        return False


def find_brackets(page: Page) -> list[Bracket]:
    """All brackets of the page that the kernel knows for readings; capitals are honest abbreviations."""
    tables = page.tables
    ranges = reading_brackets(
        page.codes,
        tables.page,
        tables.fold_delta,
        tables.char_class,
        tables.reading_char,
        tables.reading_start,
        tables.reading,
    )
    if not len(ranges):
        return []
    text = page.text
    before = page.codes[ranges[:, 0] - 1]
    delta = tables.fold_delta[tables.page[before >> 8], before & 255]
    simplified = (before + delta).tobytes().decode("utf-32-le")
    found = (
        Bracket(a, b, text[a - 1], text[a + 1 : b - 1], simple)
        for (a, b), simple in zip(ranges.tolist(), simplified, strict=True)
    )
    return [bracket for bracket in found if bracket.inner == bracket.inner.lower()]


def remove_readings(page: Page) -> Iterator[Fix]:
    """Every bracketed reading of a cloaked page, none of another's."""
    brackets = find_brackets(page)
    if brackets and is_cloaked(page, brackets):
        yield from (Fix(bracket.start, bracket.end, "", "reading") for bracket in brackets)


def is_cloaked(page: Page, brackets: list[Bracket]) -> bool:
    """Whether the brackets were put in by a machine that hides a text, rather than by somebody who explains it."""
    toned = [b for b in brackets if b.toned and not b.doubled]
    toneless = [b for b in brackets if not b.toned and not b.doubled]
    usual = len(toneless) >= TONELESS_LEAST and len({b.before for b in toneless}) >= TONELESS_CHARACTERS
    signs = sum(b.doubled or b.cloaks or (usual and not b.toned) for b in brackets)
    glosses = sum(len(PINYIN.findall(run)) for run in LETTERS.findall(page.text) if not run.isascii()) - sum(
        PINYIN.fullmatch(b.inner) is not None for b in toned
    )
    counts = Counter((b.before, b.inner) for b in toned if not b.cloaks and is_common(b.folded))
    again = [count - 1 for count in counts.values() if count > 1]
    signs += sum(again) if len(again) >= AGAIN else 0
    honest = glosses + annotated(page, brackets) + sum(not is_common(b.folded) for b in toned)
    if signs <= OUTWEIGHS * honest:
        return False
    plain = sum(counts.values())
    if signs < FEW:
        # so few prove it only where they split a word, in the half-width form that the machines write
        return signs > OUTWEIGHS * plain and any(is_split(page.text, b) for b in brackets)
    return signs * PLAIN >= plain


def is_split(text: str, bracket: Bracket) -> bool:
    """`發(fā)展`: a half-width bracket, or a doubled character, with the word going on behind it."""
    return (text[bracket.start] == "(" or bracket.doubled) and HAN.match(text, bracket.end) is not None


def annotated(page: Page, brackets: list[Bracket]) -> int:
    """Brackets in lines where nearly every character has one: a verse for children, a reader's first lesson."""
    breaks = np.flatnonzero(page.codes == NEWLINE)
    line_of = np.searchsorted(breaks, [bracket.start for bracket in brackets])
    edges = [-1, *breaks.tolist(), len(page.text)]
    count = 0
    for line, own in groupby(zip(line_of.tolist(), brackets, strict=True), key=itemgetter(0)):
        doubled = [bracket.doubled for _, bracket in own]
        if len(doubled) >= ANNOTATED:
            characters = len(HAN.findall(page.text, edges[line] + 1, edges[line + 1])) - sum(doubled)
            count += len(doubled) if characters < len(doubled) * THROUGHOUT else 0
    return count
