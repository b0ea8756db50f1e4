"""What spam does to its own strings to get past filters: look-alikes, fillers between characters, odd widths."""

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Final

from moderation.train.generate.draft import Draft, Row, is_spam
from moderation.train.generate.grammar import load_symbols
from moderation.train.generate.stock import Stock

FILLERS: Final = (
    " ", " ", "　", ".", "·", "•", "-", "_", "*", "❤", "♥", "★", "✿", "♨", "☀", "◆", "●", "▲", "⭐", "🔥", "💗", "👑",
    "💋", "🌸",
    "\u200b", "\u200c", "\u200d", "\ufeff", "\u2060", "\u00ad", "/", "|", "~", "、", "∥", "⭕", "❌", "〇", "✔", "๑",
    "丶", "灬", "丨",
)  # fmt: skip
RATES: Final = (0.1, 0.3, 0.6, 1.0)


@cache
def look_alikes() -> dict[str, tuple[str, ...]]:
    """Character to what may stand for it, from data/words/lookalike.toml."""
    table = load_symbols("lookalike")
    return {char: tuple(str(template[0]) for template in templates) for char, templates in table.items()}


def filler(text: str, rng: Random) -> list[str]:
    """`皇❤冠❤体育`: one filler after characters, at a rate."""
    char, rate = rng.choice(FILLERS), rng.choice(RATES)
    return [c + char if rng.random() < rate and i + 1 < len(text) else c for i, c in enumerate(text)]


def look_alike(text: str, rng: Random) -> list[str]:
    """`薇亻言` for `微信`, `①` for `1`."""
    table, rate = look_alikes(), rng.choice(RATES)
    return [rng.choice(table[c]) if c in table and rng.random() < rate else c for c in text]


def full_width(text: str, rng: Random) -> list[str]:
    """`ｂｅｔ３６５`."""
    rate = rng.choice(RATES)
    return [chr(ord(c) + 0xFEE0) if "!" <= c <= "~" and rng.random() < rate else c for c in text]


def letter_case(text: str, rng: Random) -> list[str]:
    """`BeT365`."""
    return [c.swapcase() if rng.random() < 0.5 and len(c.swapcase()) == 1 else c for c in text]


WAYS: Final[tuple[Callable[[str, Random], list[str]], ...]] = (
    filler,
    filler,
    look_alike,
    look_alike,
    full_width,
    letter_case,
)


def disguise(draft: Draft, rng: Random, stock: Stock) -> bool:
    """The page's spam lines and marks, all or some, each by the same one or two ways."""
    rows = [row for row in draft.rows if is_spam(row.label) or any(is_spam(mark.label) for mark in row.marks)]
    share = rng.choice((0.3, 1.0))
    ways = rng.sample(WAYS, rng.choice((1, 1, 2)))
    for row in rows:
        if rng.random() < share:
            for way in dict.fromkeys(ways):
                disguise_row(row, way, rng)
    return bool(rows)


def disguise_row(row: Row, way: Callable[[str, Random], list[str]], rng: Random) -> None:
    """The whole of a spam line, the spam marks of a content line; what honest text has around them stays."""
    if is_spam(row.label):
        row.rewrite(way(row.text, rng))
        return
    pieces = list(row.text)
    for mark in row.marks:
        if is_spam(mark.label):
            pieces[mark.start : mark.end] = way(row.text[mark.start : mark.end], rng)
    row.rewrite(pieces)
