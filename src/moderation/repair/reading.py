"""`發(fā)展`, `關(guan)于`, `訪(訪)問`: readings that scraper sites put behind characters, by the evidence of the page.

Language pages write the same thing on purpose. They differ in what they gloss: whole words (`超市(chāoshì)`), rare
characters (`圂（hùn）`), every character of a verse. Cloaking glosses common traditional characters, one by one.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.cloaking import (
    CAPITAL,
    CLOAKS,
    COMMON,
    DOUBLED,
    LETTER,
    PINYIN,
    TONE,
    TONED,
    UPPER,
    annotated_brackets,
    bracket_signs,
    toned_words,
)
from moderation.kernel.repair import reading_brackets
from moderation.repair.fix import Fix, Page

TONES: Final = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
SPELLING: Final = f"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzÜüİıſ{TONES}{TONES.upper()}"
"""What pinyin consists of, and what folds to a letter of it."""
LETTERS: Final = np.array(
    [
        (char in SPELLING) * LETTER | (char.lower() in TONES) * TONE | (char.lower() != char) * UPPER
        for char in map(chr, range(0x250))
    ],
    np.uint8,
)
ORDINARY: Final = bytes(byte for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF) for byte in (row, cell))
COMMONS: Final = np.zeros(1 << 16, np.bool_)
COMMONS[[ord(char) for char in ORDINARY.decode("gb2312", "ignore")]] = True
"""The 3,755 characters of the first level of GB 2312, which are ordered by use."""
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
OPENING: Final = (0x28, 0xFF08)
LONGEST: Final = 10
"""Characters of a bracket with a reading, at most."""
ANNOTATED: Final = 4
"""From so many brackets on a line is looked at for being annotated throughout."""
THROUGHOUT: Final = 1.3
"""Characters a bracket that a line annotated throughout may have; some of a verse's go without."""


class Brackets:
    """The brackets of a page that the kernel knows for readings.

    range: int64 (m, 2), [start, end). before: uint32 (m,), the character that each reads or doubles. signs: uint8 (m,),
    the kernel's bits, which are also apart, bool (m,): doubled, `訪(訪)`, `訪(访)`; toned, `(fā)` rather than `(fa)`;
    common, whether the character, simplified, is in everybody's use; cloaks, whether it is a traditional form of such
    a character, so that nobody who reads the page needs help with it; pinyin, whether it is spelled as pinyin is.
    """

    def __init__(self, page: Page) -> None:
        tables = page.tables
        found = reading_brackets(page.codes, *tables.for_readings)
        signs = bracket_signs(page.codes, found, tables.page, tables.fold_delta, LETTERS, COMMONS)
        honest = signs & CAPITAL != 0  # of an abbreviation
        self.range: NDArray[np.int64] = found[~honest]
        self.signs: NDArray[np.uint8] = signs[~honest]
        self.before: NDArray[np.uint32] = page.codes[self.range[:, 0] - 1]
        self.doubled, self.toned, self.common, self.cloaks, self.pinyin = (
            self.signs & bit != 0 for bit in (DOUBLED, TONED, COMMON, CLOAKS, PINYIN)
        )


def remove_readings(page: Page) -> Iterator[Fix]:
    """Every bracketed reading of a cloaked page, none of another's."""
    brackets = Brackets(page)
    ranges = brackets.range.tolist()
    if any(page.kept(start, end) for start, end in ranges) and is_cloaked(page, brackets):
        for start, end in ranges:
            yield Fix(start, end, "", "reading")
            yield from (Fix(*behind, "", "reading") for behind in second_readings(page, start, end))


def second_readings(page: Page, start: int, end: int) -> Iterator[tuple[int, int]]:
    """`關(guān)(guan)`, as on pages that were cloaked twice: brackets right behind one that read the same character."""
    own = page.codes[start - 1 : start]
    while end < page.codes.size and page.codes[end] in OPENING:
        alone = np.concatenate([own, page.codes[end : end + LONGEST]])
        found = reading_brackets(alone, *page.tables.for_readings).tolist()
        if not found or found[0][0] != 1:
            return
        behind = end + found[0][1] - 1
        yield end, behind
        end = behind


def is_cloaked(page: Page, brackets: Brackets) -> bool:
    """Whether the brackets were put in by a machine that hides a text, rather than by somebody who explains it."""
    toned, toneless = brackets.toned & ~brackets.doubled, ~brackets.toned
    usual = toneless.sum() >= TONELESS_LEAST and len(set(brackets.before[toneless].tolist())) >= TONELESS_CHARACTERS
    hides = brackets.doubled | brackets.cloaks
    signs = int(np.count_nonzero(hides | toneless if usual else hides))
    counts = readings(page, brackets.range[toned & brackets.common & ~brackets.cloaks])
    again = [count - 1 for count in counts.values() if count > 1]
    signs += sum(again) if len(again) >= AGAIN else 0
    honest = toned_words(page.codes, LETTERS) - np.count_nonzero(toned & brackets.pinyin)
    honest += np.count_nonzero(toned & ~brackets.common)
    annotated = annotated_brackets(page.codes, brackets.range, brackets.signs, ANNOTATED, THROUGHOUT)
    if signs <= OUTWEIGHS * (honest + annotated):
        return False
    plain = counts.total()
    if signs < FEW:
        # so few prove it only where they split a word, in the half-width form that the machines write
        return signs > OUTWEIGHS * plain and any(splits_word(page, brackets))
    return signs * PLAIN >= plain


def readings(page: Page, ranges: NDArray[np.int64]) -> Counter[tuple[str, str]]:
    """How often each character has each reading."""
    around = (page.piece(start - 1, end - 1) for start, end in ranges.tolist())
    return Counter((piece[0], piece[2:]) for piece in around)


def splits_word(page: Page, brackets: Brackets) -> Iterator[bool]:
    """`發(fā)展`: of each, whether it is half-width, or doubles the character, with the word going on behind it."""
    for (start, end), doubled in zip(brackets.range.tolist(), brackets.doubled.tolist(), strict=True):
        opens = page.piece(start, start + 1) == "("
        yield (opens or doubled) and HAN.match(page.piece(end, end + 1)) is not None
