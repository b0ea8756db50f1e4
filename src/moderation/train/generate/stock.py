"""What pages lend to each other: short spam strings, spam lines, and blocks of honest chrome."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from random import Random
from typing import Final

from moderation.train.dataset import LabelledPage
from moderation.train.generate.draft import CONTENT, Row, is_spam

SHORT: Final = range(3, 26)
SHORT_LINE: Final = 6
"""A shorter spam line, such as `业务范围`, may be spam by its neighbours alone."""
LINE: Final = range(4, 301)
BLOCK: Final = range(2, 26)
EDGES: Final = " \t　_-—－–|｜,，、;；:：。.·•/\\【】[]（）()〔〕<>《》“”\"'!！?？~*#>»"
HAN: Final = re.compile(r"[㐀-鿿]")
DATE: Final = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d|\d{1,2}:\d{2}")
SENTENCE: Final = re.compile(r"[。！？!?：]")
RUN: Final = re.compile(r"[_,，、|｜;；　\t]| {1,3}-? ?")
LENDABLE: Final = ("nav", "widget", "related", "footer", "meta")


@dataclass(frozen=True, slots=True)
class Stock:
    """Strings by label; blocks by label, each a run of consecutive lines."""

    shorts: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)
    blocks: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)

    def block(self, label: str, rng: Random) -> list[Row]:
        """Rows of a block that some page has; none when no page has one."""
        blocks = self.blocks.get(label)
        return [Row(text, label) for text in rng.choice(blocks)] if blocks else []


def take_stock(pages: Sequence[LabelledPage]) -> Stock:
    """What the pages have to lend, each string once, in the order of the pages."""
    shorts: dict[str, dict[str, None]] = defaultdict(dict)
    lines: dict[str, dict[str, None]] = defaultdict(dict)
    blocks: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for page in pages:
        for label, text in spam_strings(page):
            shorts[label].update(dict.fromkeys(short_pieces(text)))
        for text, found in zip(page.lines, page.labels, strict=True):
            if found is not None and is_spam(found) and len(text) in LINE:
                lines[found][text] = None
        for name, block in chrome_blocks(page):
            blocks[name].append(block)
    return Stock({k: list(v) for k, v in shorts.items()}, {k: list(v) for k, v in lines.items()}, dict(blocks))


def spam_strings(page: LabelledPage) -> Iterator[tuple[str, str]]:
    """Label and text of each spam line that is long enough to speak for itself, and of each spam span."""
    for text, label in zip(page.lines, page.labels, strict=True):
        if label is not None and is_spam(label) and len(text) >= SHORT_LINE:
            yield label, text
    yield from ((s.label, page.lines[s.line][s.start : s.end]) for s in page.spans if is_spam(s.label))


def short_pieces(text: str) -> list[str]:
    """The text without its outer delimiters if it is short; else, if it is a run of keywords, its pieces.

    A sentence is no run: between its commas stand words that anyone may use.
    """
    whole = text.strip(EDGES)
    if len(whole) in SHORT:
        return [whole] if telling(whole) else []
    pieces = [piece.strip(EDGES) for piece in RUN.split(text)]
    if len(pieces) < 3 or SENTENCE.search(text) or max(map(len, pieces)) not in SHORT:
        return []
    return [piece for piece in pieces if len(piece) in SHORT and telling(piece)]


def telling(text: str) -> bool:
    """Whether the piece says something alone: closed brackets, no date, four Han characters or a mix as in `bet365`."""
    if any(text.count(pair[0]) != text.count(pair[1]) for pair in ("()", "（）", "【】", "[]", "《》", "<>")):
        return False
    han = len(HAN.findall(text))
    letters = any(char.isascii() and char.isalpha() for char in text)
    mixed = letters and (han > 0 or (len(text) >= 5 and any(char.isdigit() for char in text)))
    return (han >= 4 or mixed) and not DATE.search(text)


def chrome_blocks(page: LabelledPage) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Runs of lines of one chrome label, blank lines left out."""
    rows: Iterable[tuple[str | None, str]] = zip(page.labels, page.lines, strict=True)
    filled = [(label, text) for label, text in rows if label is not None and label != CONTENT]
    for label, group in groupby(filled, key=lambda row: row[0]):
        block = tuple(text for _, text in group if text.strip())
        if label in LENDABLE and len(block) in BLOCK:
            yield label, block
