"""Simplified pages as scraper sites rewrite them: traditional characters, often wrong ones, with readings in brackets.

Styles seen in crawls: `發(fā)展` toned, `關(guan)于` toneless and on any character, `訪(訪)問` doubled, or no brackets.
"""

import json
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Final, Literal

from moderation.train.generate.draft import Draft, is_spam
from moderation.train.generate.stock import Stock

Style = Literal["toned", "toneless", "doubled", "plain"]
STYLES: Final[tuple[Style, ...]] = ("toned", "toned", "toneless", "toneless", "doubled", "plain")
TRADITIONAL_QUOTES: Final = {"“": "「", "”": "」", "‘": "『", "’": "』"}


@dataclass(frozen=True, slots=True)
class CloakTable:
    """Simplified character to traditional ones, most usual first; character to reading, with and without tone."""

    variants: dict[str, str]
    usual: dict[str, str]
    only_traditional: frozenset[str]
    toned: dict[str, str]
    toneless: dict[str, str]


@cache
def load_table() -> CloakTable:
    """The table that scripts/build_cloak_tables.py made."""
    record = json.loads(files("moderation").joinpath("data", "cloak.json").read_text("utf-8"))
    toned = {char: reading for reading, chars in record["readings"].items() for char in chars}
    plain = {reading: strip_tone(reading) for reading in record["readings"]}
    variants: dict[str, str] = record["variants"]
    return CloakTable(
        variants=variants,
        usual={char: options[0] for char, options in variants.items()},
        only_traditional=frozenset("".join(variants.values())) - variants.keys(),
        toned=toned,
        toneless={char: plain[reading] for char, reading in toned.items()},
    )


def strip_tone(reading: str) -> str:
    """`lǜ` as `lv`, as input methods spell it."""
    plain = unicodedata.normalize("NFD", reading)
    return "".join(c for c in plain.replace("u\u0308", "v") if not unicodedata.combining(c))


@dataclass(frozen=True, slots=True)
class Script:
    """The script a page is written in, for what is composed into it."""

    traditional: bool

    def write(self, text: str) -> str:
        """The text, which is simplified, in the page's script."""
        return "".join(load_table().usual.get(char, char) for char in text) if self.traditional else text


def script_of(draft: Draft) -> Script:
    """Traditional if the page has more characters that only traditional has than such that only simplified has."""
    table, text = load_table(), "".join(row.text for row in draft.rows)
    return Script(sum(map(table.only_traditional.__contains__, text)) > sum(map(table.usual.__contains__, text)))


@dataclass(frozen=True, slots=True)
class Cloak:
    """How one page is rewritten: each character's replacement is fixed for the page, its bracket is drawn each time.

    `bracketed` holds the characters that may carry a bracket; `rate` is how often they do.
    """

    style: Style
    rate: float
    brackets: str
    chosen: dict[str, str]
    bracketed: frozenset[str]

    def write(self, char: str, rng: Random) -> str:
        """One character of the page, rewritten."""
        new = self.chosen.get(char, char)
        if char not in self.bracketed or rng.random() >= self.rate:
            return new
        table = load_table()
        if self.style == "doubled":
            inner = new
        else:
            inner = (table.toned if self.style == "toned" else table.toneless).get(char, "")
        return f"{new}{self.brackets[0]}{inner}{self.brackets[1]}" if inner else new


def draw_cloak(chars: set[str], rng: Random) -> Cloak:
    """A cloak for a page with these characters."""
    table, style = load_table(), rng.choice(STYLES)
    wrong = rng.choice((0.0, 0.1, 0.3))
    chosen = {}
    for char in sorted(chars & table.variants.keys()):
        options = table.variants[char]
        chosen[char] = rng.choice(options + char) if rng.random() < wrong else options[0]
    if rng.random() < 0.3:
        chosen.update(TRADITIONAL_QUOTES)
    changed = sorted(char for char in chars if char in table.toned and chosen.get(char, char) != char)
    readable = sorted(char for char in chars if char in table.toned)
    if style == "plain":
        some: list[str] = []
    elif style == "toneless":
        share = rng.choice((0.1, 0.25, 0.5))
        some = [char for char in readable if rng.random() < share]
    else:
        share = rng.choice((0.35, 0.6, 0.9))
        some = [c for c in changed if rng.random() < share] + [c for c in readable if rng.random() < 0.02]
    rate = rng.choice((0.15, 0.5, 1.0)) if style == "toneless" else rng.choice((0.6, 0.95, 1.0))
    return Cloak(style, rate, rng.choice(("()", "()", "()", "()", "（）")), chosen, frozenset(some))


def cloak(draft: Draft, rng: Random, stock: Stock) -> bool:
    """The whole page, or all of it but its spam, which is put in after the rewriting."""
    spared = rng.random() < 0.4
    rows = [row for row in draft.rows if row.text and not (spared and is_spam(row.label))]
    how = draw_cloak({char for row in rows for char in row.text}, rng)
    touched = how.chosen.keys() | how.bracketed
    done = False
    for row in rows:
        kept = [(m.start, m.end) for m in row.marks if spared and is_spam(m.label)]
        pieces = [
            how.write(char, rng) if char in touched and not any(s <= i < e for s, e in kept) else char
            for i, char in enumerate(row.text)
        ]
        done = done or "".join(pieces) != row.text
        row.rewrite(pieces)
    return done
