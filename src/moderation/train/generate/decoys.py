"""Honest look-alikes of what is injected elsewhere: site names after titles, brackets, asides. None gets a mark."""

from random import Random

from moderation.train.generate.cloak import script_of
from moderation.train.generate.draft import Draft
from moderation.train.generate.grammar import load_grammar
from moderation.train.generate.inject import PAUSE
from moderation.train.generate.stock import Stock


def decoys(draft: Draft, rng: Random, stock: Stock) -> bool:
    """A tail or head for the title, and brackets, openers and asides in some paragraphs."""
    rows = draft.content(least=8)
    if not rows:
        return False
    words, script = load_grammar("content"), script_of(draft)
    title = rows[0]
    if rng.random() < 0.6 and not title.marks and len(title.text) < 80:
        at_end = rng.random() < 0.75
        at = len(title.text) if at_end else 0
        title.splice(at, at, script.write(words.expand("tail" if at_end else "head", rng)))
    prose = [row for row in rows[1:] if len(row.text) >= 25]
    for row in rng.sample(prose, min(len(prose), rng.randint(0, 5))):
        draw = rng.random()
        if draw < 0.5:
            at = rng.choice([m.start() for m in PAUSE.finditer(row.text)] or [len(row.text)])
            text = words.expand("bracket", rng)
        elif draw < 0.8:
            at, text = 0, words.expand("opener", rng)
        else:
            at, text = len(row.text), words.expand(rng.choice(("aside", "mention")), rng)
        if row.free(at):
            row.splice(at, at, script.write(text))
    return True
