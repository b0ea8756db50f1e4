"""Zero-width characters: between the characters of words they are spam, in emoji and some scripts they are spelling."""

import re
from collections.abc import Iterator
from typing import Final

from moderation.kernel.repair import INVISIBLE as MARK
from moderation.repair.fix import Fix, Page

INVISIBLE: Final = "\u00ad\u180e\u200b\u200c\u200d\u2060-\u2064\ufeff"
RUN: Final = re.compile(f"[{INVISIBLE}]+")
HAN: Final = (
    "\u2e80-\u2fdf\u3000-\u303f\u3105-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uffee\U00020000-\U0003ffff"
)
CHINESE: Final = re.compile(f"[{HAN}]")
WORD: Final = re.compile(f"[{HAN}0-9A-Za-z]")
SPELLED: Final = re.compile("[\u00ad\u200c\u200d]")
"""Inside Latin words these may be hyphenation and ligatures, however many."""
MANY: Final = 3
"""So many runs inside the words of a line are spam; one or two may be left by an editor, and stay."""
BOM: Final = "\ufeff"


def remove_invisible(page: Page) -> Iterator[Fix]:
    """Byte order marks inside the text, and zero-width characters inside words where a line has many of them."""
    for offset, line in page.marked(MARK):
        runs = [match for match in RUN.finditer(line) if offset + match.start() > 0 or match.group() != BOM]
        inner = [match for match in runs if inside_word(line, match)]
        spam = {match.start() for match in inner} if len(inner) >= MANY else set()
        for match in runs:
            if match.start() in spam or (set(match.group()) == {BOM} and not joins(line, match)):
                yield Fix(offset + match.start(), offset + match.end(), "", "invisible")


def inside_word(line: str, run: re.Match[str]) -> bool:
    """Whether it parts two characters of Chinese, or of Chinese and Latin; what could be spelling does not count."""
    before, after = line[run.start() - 1 : run.start()], line[run.end() : run.end() + 1]
    if not (WORD.match(before) and WORD.match(after)):
        return False
    return not SPELLED.search(run.group()) or bool(CHINESE.match(before) or CHINESE.match(after))


def joins(line: str, run: re.Match[str]) -> bool:
    """Whether characters stand on both sides that are not words of ours: U+FEFF was once a joiner in such scripts."""
    before, after = line[run.start() - 1 : run.start()], line[run.end() : run.end() + 1]
    return before.isalpha() and after.isalpha() and not (WORD.match(before) and WORD.match(after))
