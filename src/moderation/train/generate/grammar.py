"""Word lists that expand into strings: what is composed is data (data/words/*.toml), how it expands is here.

A file holds one symbol a key. A value is an array of templates, or one string whose words are the templates. Inside a
template `{…}` stands for an expansion:

    {brand}          any template of `brand`
    {b:brand}        the same, and {b} repeats what came out;  {!b:brand} remembers it without writing it
    {word*3-6|、}    three to six expansions with 、 between them;  |$d  takes the separator from what {d} holds
    {9} {a} {A} {x}  a digit, a lower-case letter, an upper-case letter, a letter or digit;  {9*8} eight digits
    {lb} {rb}        a brace

The symbols of shared.toml are open to every file.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random

from moderation.errors import UsageError

LETTERS = "abcdefghijklmnopqrstuvwxyz"
BUILT_IN = {"9": "0123456789", "a": LETTERS, "A": LETTERS.upper(), "x": LETTERS + "0123456789", "lb": "{", "rb": "}"}
SLOT = re.compile(r"\{(!?)(?:(\w+):)?(\w+)(?:\*(\d+)(?:-(\d+))?(?:\|([^{}]*))?)?\}")


@dataclass(frozen=True, slots=True)
class Slot:
    """One `{…}`: between `low` and `high` expansions of `name`, joined by `separator`, remembered as `bind`."""

    name: str
    bind: str
    silent: bool
    low: int
    high: int
    separator: str


Template = tuple[str | Slot, ...]


def parse_template(text: str) -> Template:
    """`买{x}就送` as its literal parts and slots. Raises UsageError on a brace that opens no slot."""
    parts: list[str | Slot] = []
    at = 0
    for match in SLOT.finditer(text):
        silent, bind, name, low, high, separator = match.groups()
        parts.append(text[at : match.start()])
        least = int(low or 1)
        parts.append(Slot(name, bind or "", bool(silent), least, int(high or least), separator or ""))
        at = match.end()
    parts.append(text[at:])
    if any("{" in part or "}" in part for part in parts if isinstance(part, str)):
        raise UsageError(f"template {text!r}: a brace that opens or closes no slot")
    return tuple(part for part in parts if part != "")


@dataclass(frozen=True, slots=True)
class Grammar:
    """The symbols of one word file, with those it shares."""

    name: str
    symbols: Mapping[str, tuple[Template, ...]]

    def __contains__(self, symbol: str) -> bool:
        return symbol in self.symbols

    def expand_alike(self, symbol: str, count: int, rng: Random) -> list[str]:
        """`count` strings of `symbol`, all by the same template. Raises UsageError as expand does."""
        template = rng.choice(self.templates(symbol))
        return [self._write(template, rng, {}) for _ in range(count)]

    def expand(self, symbol: str, rng: Random) -> str:
        """One string of `symbol`. Raises UsageError that lists the known symbols."""
        return self._write(rng.choice(self.templates(symbol)), rng, {})

    def templates(self, symbol: str) -> tuple[Template, ...]:
        """What `symbol` may become. Raises UsageError that lists the known symbols."""
        if symbol not in self.symbols:
            raise UsageError(f"words of {self.name}: no symbol {symbol!r}; known: {', '.join(sorted(self.symbols))}")
        return self.symbols[symbol]

    def _write(self, template: Template, rng: Random, held: dict[str, str]) -> str:
        return "".join(part if isinstance(part, str) else self._fill(part, rng, held) for part in template)

    def _fill(self, slot: Slot, rng: Random, held: dict[str, str]) -> str:
        separator = held[slot.separator[1:]] if slot.separator.startswith("$") else slot.separator
        count = slot.low if slot.low == slot.high else rng.randint(slot.low, slot.high)
        text = separator.join([self._draw(slot.name, rng, held) for _ in range(count)])
        if slot.bind:
            held[slot.bind] = text
        return "" if slot.silent else text

    def _draw(self, name: str, rng: Random, held: dict[str, str]) -> str:
        if name in held:
            return held[name]
        if name in BUILT_IN:
            return rng.choice(BUILT_IN[name])
        return self._write(rng.choice(self.symbols[name]), rng, held)


@cache
def load_symbols(name: str) -> dict[str, tuple[Template, ...]]:
    """The symbols of data/words/NAME.toml."""
    text = files("moderation").joinpath("data", "words", f"{name}.toml").read_text("utf-8")
    values = tomllib.loads(text)
    return {
        key: tuple(parse_template(item) for item in (value.split() if isinstance(value, str) else value))
        for key, value in values.items()
    }


@cache
def load_grammar(name: str) -> Grammar:
    """The grammar of one label (or of another word file), with the shared symbols under its own."""
    return Grammar(name, {**load_symbols("shared"), **load_symbols(name)})
