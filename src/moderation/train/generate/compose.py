"""Spam strings composed from the word lists."""

from random import Random
from typing import Final, Literal

from moderation.train.generate.grammar import load_grammar

Form = Literal["short", "clause", "menu", "run", "line"]
"""`short`: a brand or a term, as in a title's tail. `clause`: a part of a sentence with its own punctuation. `menu`: a
menu entry. `run`: a run of keywords with one delimiter. `line`: a line of its own."""

FORMS: Final[tuple[Form, ...]] = ("short", "clause", "menu", "run", "line")
SPAM: Final = ("gambling", "adult", "illicit", "promo", "seo")
CHROME: Final = ("meta", "nav", "widget", "related", "footer")
WEIGHTS: Final = (30, 24, 18, 12, 16)
"""How often each label of SPAM is drawn: about as often as crawled pages show it."""
LONGEST: Final = 400


def compose(rng: Random, label: str, form: Form) -> str:
    """One string of a spam label, of at most LONGEST characters."""
    return load_grammar(label).expand(form, rng).strip(" ")[:LONGEST]


def draw_label(rng: Random) -> str:
    """A spam label."""
    return rng.choices(SPAM, WEIGHTS)[0]
