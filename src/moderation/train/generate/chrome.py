"""Composed chrome glued to paragraphs: bylines, sources, buttons and links."""

from random import Random
from typing import Final

from moderation.train.generate.cloak import Script, script_of
from moderation.train.generate.compose import CHROME
from moderation.train.generate.draft import Draft, Row
from moderation.train.generate.grammar import load_grammar
from moderation.train.generate.stock import Stock

ENDINGS: Final = (12, 2, 4, 1, 3)
"""How often an ending is of each label of CHROME."""
PROSE: Final = 40
STOPS: Final = "。！？…”」）"
OPENINGS: Final = {"meta": 8, "nav": 1, "widget": 1}
GAPS: Final = ("", "", "", " ", " ", "　", "　　", "  ")


def glue(draft: Draft, rng: Random, stock: Stock) -> bool:
    """Endings, more rarely an opening, on content lines; the last is the likeliest, and titles are left alone."""
    rows = draft.content(least=16)
    rows = [row for row in rows if len(row.text) >= PROSE or row.text[-1] in STOPS] or rows
    if not rows:
        return False
    picked = rng.sample(rows, min(len(rows), rng.choice((1, 1, 1, 2, 3, 5))))
    if rng.random() < 0.5 and rows[-1] not in picked:
        picked.append(rows[-1])
    label, script = rng.choices(CHROME, ENDINGS)[0], script_of(draft)
    done = False
    for row in picked:
        if rng.random() < 0.4:
            label = rng.choices(CHROME, ENDINGS)[0]
        done = glue_ending(row, label, script, rng) or done
    if rng.random() < 0.2:
        done = glue_opening(rng.choice(rows[:3]), script, rng) or done
    return done


def glue_ending(row: Row, label: str, script: Script, rng: Random) -> bool:
    """`……不少。（李远 摄）`: the mark takes the gap along."""
    junk = rng.choice(GAPS) + script.write(load_grammar(label).expand("ending", rng))
    if (row.junk_chars() + len(junk)) * 2 > len(row.text) + len(junk):
        return False
    row.insert_junk(len(row.text), junk, label)
    return True


def glue_opening(row: Row, script: Script, rng: Random) -> bool:
    """`本报讯（记者 李远）……`."""
    label = rng.choices(list(OPENINGS), list(OPENINGS.values()))[0]
    junk = script.write(load_grammar(label).expand("opening", rng)) + rng.choice(("", "", " ", "　"))
    if (row.junk_chars() + len(junk)) * 2 > len(row.text) + len(junk):
        return False
    row.insert_junk(0, junk, label)
    return True
