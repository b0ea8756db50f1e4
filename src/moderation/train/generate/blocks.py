"""Composed blocks: lists of links, menus and footers as sites of any kind show them, and honest short lines."""

from collections.abc import Iterable
from random import Random
from typing import Final

from moderation.train.generate.cloak import Script, script_of
from moderation.train.generate.compose import CHROME
from moderation.train.generate.draft import CONTENT, Draft, Row
from moderation.train.generate.grammar import Grammar, load_grammar
from moderation.train.generate.stock import Stock

CYCLES: Final = (
    ("related", "meta"),
    ("related", "related"),
    ("meta", "related"),
    ("related", "related", "meta"),
    ("related", "meta", "widget"),
    ("related", "widget"),
    ("related", "related", "widget"),
    ("nav", "widget"),
    ("widget", "meta"),
)
"""Labels of the lines of one entry: a title with its date, a title with a teaser and a button."""
SIZES: Final = (1, 1, 2, 3, 4, 6, 8, 12, 20, 30)
ALIKE: Final = 0.6
"""How often the entries of a block are of one pattern, as a site's template makes them."""
FOREIGN: Final = 0.12
"""How often a block on a Chinese page is in another language."""
LATIN: Final = 0.6


def is_latin(draft: Draft) -> bool:
    """Whether most of the page's letters are Latin ones."""
    text = "".join(row.text for row in draft.rows)
    letters = sum(map(str.isalpha, text))
    latin = sum(char.isascii() and char.isalpha() for char in text)
    return letters > 0 and latin / letters > LATIN


def entries(grammar: Grammar, symbol: str, count: int, rng: Random, alike: float = ALIKE) -> list[str]:
    """`count` expansions, of one template or each of its own. alike: how often of one."""
    one = rng.random() < alike
    return grammar.expand_alike(symbol, count, rng) if one else [grammar.expand(symbol, rng) for _ in range(count)]


def in_language(grammar: Grammar, symbol: str, foreign: bool) -> str:
    """The symbol for pages in other languages, where the words have one."""
    other = f"{symbol}_foreign"
    return other if foreign and other in grammar else symbol


def written(texts: Iterable[str], label: str, script: Script) -> list[Row]:
    """The texts that are not blank as lines of a label, in the page's script."""
    return [Row(script.write(text), label) for text in texts if text.strip()]


def compose_rows(label: str, count: int, foreign: bool, script: Script, rng: Random) -> list[Row]:
    """Lines of one chrome label, those of links to other items often under a heading."""
    grammar = load_grammar(label)
    texts = entries(grammar, in_language(grammar, "line", foreign), count, rng)
    if label == "related" and rng.random() < 0.7:
        texts.insert(0, grammar.expand(in_language(grammar, "heading", foreign), rng))
    return written(texts, label, script)


def compose_cycle(foreign: bool, script: Script, rng: Random) -> list[Row]:
    """Entries of two or three lines each, over and over."""
    labels = rng.choice(CYCLES)
    count = rng.choice((3, 4, 5, 6, 8, 10, 15))
    grammars = [load_grammar(label) for label in labels]
    columns = [words.expand_alike(in_language(words, "line", foreign), count, rng) for words in grammars]
    if labels in (("related", "widget"), ("related", "meta", "widget")):
        columns[-1] = columns[-1][:1] * count  # the same button below each
    lines = [pair for texts in zip(*columns, strict=True) for pair in zip(labels, texts, strict=True)]
    return [row for label, text in lines for row in written([text], label, script)]


def place_for(label: str, draft: Draft, rng: Random) -> int:
    """Where sites have such lines: menus at the top, facts below the title, links behind the article, footers last."""
    content = draft.places(CONTENT)
    first, behind = (content[0], content[-1] + 1) if content else (0, len(draft.rows))
    below = min(first + 1, len(draft.rows))
    match label:
        case "nav":
            return rng.choice((0, first))
        case "meta":
            return below
        case "widget":
            return rng.choice((below, behind))
        case "related":
            return behind
    return len(draft.rows)


def chrome_lines(draft: Draft, rng: Random, stock: Stock) -> bool:
    """Composed blocks where sites have them."""
    script, foreign = script_of(draft), is_latin(draft) or rng.random() < FOREIGN
    for label in rng.sample(CHROME, rng.choice((1, 1, 2, 3))):
        rows = compose_rows(label, rng.choice(SIZES[:6] if label == "meta" else SIZES), foreign, script, rng)
        at = place_for(label, draft, rng)
        draft.rows[at:at] = rows
    if rng.random() < 0.3:
        at = rng.choice((0, place_for("related", draft, rng), len(draft.rows)))
        draft.rows[at:at] = compose_cycle(foreign, script, rng)
    return True


HONEST: Final = ("heading", "heading", "item", "item", "sentence")


def honest_lines(draft: Draft, rng: Random, stock: Stock) -> bool:
    """Headings, list items and sentences between the paragraphs of the page: short lines are not always chrome."""
    if len(draft.places(CONTENT)) < 3:
        return False
    words, script, foreign = load_grammar(CONTENT), script_of(draft), is_latin(draft)
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.choice(draft.places(CONTENT)[1:])
        symbol = "sentence_foreign" if foreign else rng.choice(HONEST)
        count = 1 if symbol == "heading" else rng.choice((1, 1, 2, 3, 5, 8, 12))
        texts = entries(words, symbol, count, rng, ALIKE if symbol == "item" else 0.0)
        draft.rows[at:at] = written(texts, CONTENT, script)
    return True
