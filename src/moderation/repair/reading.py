"""`發(fā)展`, `關(guan)于`, `訪(訪)問`: readings that scraper sites put behind characters, by the evidence of the page.

Language pages write the same thing on purpose. They differ in what they gloss: whole words (`超市(chāoshì)`), rare
characters (`圂（hùn）`), every character of a verse. Cloaking glosses common traditional characters, one by one.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

import numpy as np

from moderation.kernel.repair import reading_brackets
from moderation.kernel.repair_page import toned_runs
from moderation.repair.fix import Fix, Page

TONED: Final = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
PINYIN: Final = re.compile(rf"[a-zü]*[{TONED}][a-zü{TONED}]*", re.IGNORECASE)
LETTER: Final = re.compile(f"[A-Za-zÜüİıſ\u212a{TONED}{TONED.upper()}]")
LETTERS: Final = np.array([LETTER.match(chr(code)) is not None for code in range(0x250)])
"""What PINYIN consists of, with the Kelvin sign, so that runs of it can be looked out first."""
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


class Signs(NamedTuple):
    """What a bracket says by itself. doubled: `訪(訪)`, `訪(访)`. toned: `(fā)` rather than `(fa)`. common: whether the
    character, simplified, is in everybody's use. cloaks: a traditional form of such a character: nobody who reads the
    page needs help with it. pinyin: whether PINYIN finds it as a whole.
    """

    doubled: bool
    toned: bool
    common: bool
    cloaks: bool
    pinyin: bool


class Bracket(NamedTuple):
    """A bracket that reads or doubles `before`; `inner` is what it holds, without the brackets."""

    start: int
    end: int
    before: str
    inner: str
    signs: Signs


@lru_cache(1 << 14)
def signs_of(before: str, inner: str, folded: str) -> Signs:
    """The same few thousand stand in all pages. folded: `before`, simplified."""
    common = is_common(folded)
    return Signs(
        doubled=inner in (before, folded),
        toned=not inner.isascii(),
        common=common,
        cloaks=folded != before and common,
        pinyin=PINYIN.fullmatch(inner) is not None,
    )


def is_common(simplified: str) -> bool:
    """Whether it is among the 3,755 characters of the first level of GB 2312, which are ordered by use."""
    try:
        return 0xB0 <= simplified.encode("gb2312")[0] <= 0xD7
    except UnicodeEncodeError:
        return False


def find_brackets(page: Page) -> list[Bracket]:
    """All brackets of the page that the kernel knows for readings; capitals are honest abbreviations."""
    tables = page.tables
    ranges = reading_brackets(page.codes, *tables.for_readings)
    if not len(ranges):
        return []
    text = page.text
    before = page.codes[ranges[:, 0] - 1]
    delta = tables.fold_delta[tables.page[before >> 8], before & 255]
    simplified = (before + delta).tobytes().decode("utf-32-le")
    found = []
    for (a, b), simple in zip(ranges.tolist(), simplified, strict=True):
        inner = text[a + 1 : b - 1]
        if inner == inner.lower():
            found.append(Bracket(a, b, text[a - 1], inner, signs_of(text[a - 1], inner, simple)))
    return found


def remove_readings(page: Page) -> Iterator[Fix]:
    """Every bracketed reading of a cloaked page, none of another's."""
    brackets = find_brackets(page)
    if any(page.kept(bracket.start, bracket.end) for bracket in brackets) and is_cloaked(page, brackets):
        yield from (Fix(bracket.start, bracket.end, "", "reading") for bracket in brackets)


def is_cloaked(page: Page, brackets: list[Bracket]) -> bool:
    """Whether the brackets were put in by a machine that hides a text, rather than by somebody who explains it."""
    toned = [b for b in brackets if b.signs.toned and not b.signs.doubled]
    toneless = [b for b in brackets if not b.signs.toned and not b.signs.doubled]
    usual = len(toneless) >= TONELESS_LEAST and len({b.before for b in toneless}) >= TONELESS_CHARACTERS
    signs = sum(b.signs.doubled or b.signs.cloaks or (usual and not b.signs.toned) for b in brackets)
    counts = Counter((b.before, b.inner) for b in toned if b.signs.common and not b.signs.cloaks)
    again = [count - 1 for count in counts.values() if count > 1]
    signs += sum(again) if len(again) >= AGAIN else 0
    honest = glosses(page) - sum(b.signs.pinyin for b in toned) + sum(not b.signs.common for b in toned)
    if signs <= OUTWEIGHS * (honest + annotated(page, brackets)):
        return False
    plain = sum(counts.values())
    if signs < FEW:
        # so few prove it only where they split a word, in the half-width form that the machines write
        return signs > OUTWEIGHS * plain and any(is_split(page.text, b) for b in brackets)
    return signs * PLAIN >= plain


def glosses(page: Page) -> int:
    """Words with tone marks, in brackets or not."""
    return sum(len(PINYIN.findall(page.text, a, b)) for a, b in toned_runs(page.codes, LETTERS).tolist())


def is_split(text: str, bracket: Bracket) -> bool:
    """`發(fā)展`: a half-width bracket, or a doubled character, with the word going on behind it."""
    return (text[bracket.start] == "(" or bracket.signs.doubled) and HAN.match(text, bracket.end) is not None


def annotated(page: Page, brackets: list[Bracket]) -> int:
    """Brackets in lines where nearly every character has one: a verse for children, a reader's first lesson."""
    text = page.text
    count = at = 0
    while at < len(brackets):
        stop = text.find("\n", brackets[at].start)
        stop = len(text) if stop < 0 else stop
        behind = bisect_left(brackets, stop, at, key=itemgetter(0))
        if behind - at >= ANNOTATED:
            doubled = sum(bracket.signs.doubled for bracket in brackets[at:behind])
            start = text.rfind("\n", 0, brackets[at].start) + 1
            characters = len(HAN.findall(text, start, stop)) - doubled
            count += behind - at if characters < (behind - at) * THROUGHOUT else 0
        at = behind
    return count
