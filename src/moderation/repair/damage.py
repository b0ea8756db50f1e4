"""Damage that can't be mended: `??h級`, `上?;鶎`, U+FFFD, 锟斤拷, mojibake with bytes missing. It is marked only."""

import re
from collections.abc import Iterator
from typing import Final

from moderation.kernel.repair import CODED, DAMAGE
from moderation.repair.fix import Page
from moderation.repair.mojibake import coded_runs

HAN: Final = "\u3400-\u9fff"
LOST: Final = re.compile(
    rf"\ufffd+|(?:锟斤拷)+[锟斤]*|(?<=[{HAN}])\?[;^][{HAN}]?|(?<!\?)\?{{2,}}+[a-z](?=[{HAN}])|"
    rf"(?<=[{HAN}])(?<![吗嗎呢吧么麼啊呀啦了的何谁誰哪])\?{{2,}}+(?=[{HAN}0-9])"
)
"""Question marks are damage inside a word; behind a particle somebody asks."""


def find_damage(page: Page) -> tuple[tuple[int, int], ...]:
    """Damaged runs [start, end) of kept text, in order."""
    if not page.marks & DAMAGE:
        return ()
    lines = page.marked(DAMAGE | CODED)
    found = ((offset + a, offset + b) for offset, line in lines for a, b in damaged_runs(line))
    return tuple(sorted(run for run in found if page.kept(*run)))


def damaged_runs(text: str) -> Iterator[tuple[int, int]]:
    """All of a text; none goes beyond a line."""
    yield from (match.span() for match in LOST.finditer(text))
    yield from ((start, end) for start, end, after in coded_runs(text) if after is None)
