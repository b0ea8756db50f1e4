"""What conversions and crawlers do to text: lost bytes, spaces, widths, invisible characters, markup, other digits.

A damaged line keeps its label: damage is no junk. Only markup left inside a content line is marked, as noise.
"""

import re
from collections.abc import Callable
from random import Random
from typing import Final

from moderation.train.generate.draft import Draft, Row
from moderation.train.generate.grammar import load_grammar
from moderation.train.generate.inject import PAUSE
from moderation.train.generate.stock import Stock

NUMBER: Final = re.compile(r"[0-9]{2,}")
HAN: Final = range(0x4E00, 0xA000)
REMNANTS: Final = "鎶鍏绱涓浠鐨勫彂灞曠鑳芥簮闂埌鏃堕棿鍚庢湁鏉冩潈閲嶈鐜繚璇锋煡鐪嬪唴瀹圭綉绔欓〉鏂伴椈鐗規晥甯傚満"
"""Characters that UTF-8 bytes read as GBK come out as."""
INVISIBLES: Final = ("\u200b", "\u200c", "\u200d", "\ufeff", "\u2060", "\u00ad", "\u200e")
TO_ASCII: Final = dict(zip("，。：；！？（）【】“”", ',.:;!?()[]""', strict=True))
TO_WIDE: Final = dict(zip(",:;!?()", "，：；！？（）", strict=True))


def some_rows(draft: Draft, rng: Random) -> list[Row]:
    """All rows with text, half of them, or a handful."""
    rows = [row for row in draft.rows if row.text.strip()]
    share = rng.choice((1.0, 0.5, 0.15))
    return [row for row in rows if rng.random() < share]


def lost_bytes(draft: Draft, rng: Random) -> bool:
    """`上?;鶎狱h`: a character becomes question marks, what a wrong conversion left of it, or U+FFFD."""
    rate = rng.choice((0.003, 0.01, 0.03))
    form = rng.choice(("?", "?", "??", "?;", "\ufffd", "\ufffd\ufffd", "?^", "□"))
    remnant = 0.7 if form == "?;" else rng.choice((0.0, 0.0, 0.5))

    def write(char: str) -> str:
        if ord(char) not in HAN or rng.random() >= rate:
            return char
        return form + (rng.choice(REMNANTS) if rng.random() < remnant else "")

    return rewrite_all(some_rows(draft, rng), write)


def rewrite_all(rows: list[Row], write: Callable[[str], str]) -> bool:
    """`write` for each character of the rows. Whether anything changed."""
    before = [row.text for row in rows]
    for row in rows:
        row.rewrite([write(char) for char in row.text])
    return any(row.text != text for row, text in zip(rows, before, strict=True))


def spacing(draft: Draft, rng: Random) -> bool:
    """`通  知`: spaces between the characters of short lines, or here and there in long ones."""
    gap = rng.choice((" ", " ", "  ", "　"))
    done = False
    for row in some_rows(draft, rng):
        short = 2 <= len(row.text) <= 12
        rate = 1.0 if short else 0.02
        if short and rng.random() < 0.7:
            continue
        last = len(row.text) - 1
        pieces = [c + gap if i < last and ord(c) in HAN and rng.random() < rate else c for i, c in enumerate(row.text)]
        done = done or any(len(piece) > 1 for piece in pieces)
        row.rewrite(pieces)
    return done


def widths(draft: Draft, rng: Random) -> bool:
    """Punctuation to ASCII or to full width, digits and letters to full width."""
    way = rng.choice(("ascii", "ascii", "wide", "letters", "digits"))

    def write(char: str) -> str:
        if way == "ascii":
            return TO_ASCII.get(char, char)
        if way == "wide":
            return TO_WIDE.get(char, char)
        wide = char.isascii() and (char.isdigit() if way == "digits" else char.isalnum())
        return chr(ord(char) + 0xFEE0) if wide else char

    return rewrite_all(some_rows(draft, rng), write)


def invisibles(draft: Draft, rng: Random) -> bool:
    """Zero-width characters, as page builders and word processors leave them."""
    char, rate = rng.choice(INVISIBLES), rng.choice((0.005, 0.02, 0.1))
    return rewrite_all(some_rows(draft, rng), lambda c: c + char if rng.random() < rate else c)


def markup(draft: Draft, rng: Random) -> bool:
    """`&nbsp;`, `</p>`: remains of HTML at the ends of content lines and at their pauses, each under a noise mark."""
    rows = draft.content(least=12)
    words = load_grammar("noise")
    same = words.expand("fragment", rng)
    done = False
    for row in rng.sample(rows, min(len(rows), rng.choice((1, 2, 4, 10)))):
        junk = same if rng.random() < 0.7 else words.expand("fragment", rng)
        pauses = [match.end() for match in PAUSE.finditer(row.text)] or [0]
        at = rng.choice((0, len(row.text), len(row.text), rng.choice(pauses)))
        if row.free(at) and (row.junk_chars() + len(junk)) * 2 <= len(row.text) + len(junk):
            row.insert_junk(at, junk, "noise")
            done = True
    return done


def noise_lines(draft: Draft, rng: Random) -> bool:
    """Lines of markup, script, placeholders and separators anywhere."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        text = load_grammar("noise").expand("line", rng)
        draft.rows.insert(rng.randint(0, len(draft.rows)), Row(text, "noise"))
    return True


def digits(draft: Draft, rng: Random) -> bool:
    """Other digits: the same dates, prices and numbers do not come back on every page made from one.

    The first digit of a number stays, and the first three of a year.
    """
    done = False
    for row in draft.rows:
        pieces = list(row.text)
        for number in NUMBER.finditer(row.text):
            year = number.group().startswith(("19", "20")) and len(number.group()) == 4
            for i in range(number.start() + (3 if year else 1), number.end()):
                pieces[i] = rng.choice("0123456789") if rng.random() < 0.6 else pieces[i]
        done = done or "".join(pieces) != row.text
        row.rewrite(pieces)
    return done


def indents(draft: Draft, rng: Random) -> bool:
    """Indents of content lines: taken off, or two wide spaces put before."""
    rows = draft.content()
    indent = rng.choice(("", "　　", "    ", "\u00a0\u00a0", "\t"))
    done = False
    for row in rows:
        lead = len(row.text) - len(row.text.lstrip())
        if (not row.marks or row.marks[0].start >= lead) and row.text[:lead] != indent:
            row.splice(0, lead, indent)
            done = True
    return done


WAYS: Final = (
    lost_bytes,
    lost_bytes,
    spacing,
    widths,
    widths,
    invisibles,
    markup,
    markup,
    noise_lines,
    digits,
    digits,
    indents,
)


def damage(draft: Draft, rng: Random, stock: Stock) -> bool:
    """One to three of the ways."""
    ways = dict.fromkeys(rng.sample(WAYS, rng.choice((1, 1, 2, 3))))
    done = [way(draft, rng) for way in ways]
    return any(done)
