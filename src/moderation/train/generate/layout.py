"""The page's build: lines joined and split, blocks lent, moved and dropped, blank lines, heads and tails cut off."""

import re
from collections.abc import Callable
from itertools import groupby
from random import Random
from typing import Final

from moderation.train.generate.draft import CONTENT, Draft, Mark, Row
from moderation.train.generate.stock import Stock

STOP: Final = re.compile(r"[。！？!?；;][”」）)]?|[，,](?=.{8})")
FULL_STOP: Final = re.compile(r"[。！？!?][”」）)]?")
GLUED: Final = frozenset({"meta", "nav", "widget", "footer", "related"})
LISTS: Final = frozenset({"nav", "widget", "related", "footer", "adult", "gambling", "illicit", "seo"})
SEGMENT: Final = re.compile(
    r"(?<=[。！？])(?![。！？”」）])|(?<=[。！？][”」）])|(?<![0-9A-Za-z\s])\s+(?![0-9A-Za-z\s])|\s{2,}"
)
MENU_GAP: Final = re.compile(r"[ 　|｜]{1,5}")
SEPARATORS: Final = ("•", "•", "|", "|", "·", "-", "–", ">", "›", "»", "/", "◆", "■", "●", "*", "—")


def join_chrome(draft: Draft, rng: Random, stock: Stock) -> bool:
    """A short chrome line joins the content line beside it, under a mark that takes the gap along."""
    rows = draft.rows
    pairs = [
        (i, j)
        for i in draft.places(CONTENT)
        for j in (i - 1, i + 1)
        if 0 <= j < len(rows) and rows[j].label in GLUED and 0 < len(rows[j].text) * 2 <= len(rows[i].text)
    ]
    if not pairs:
        return False
    i, j = rng.choice(pairs)
    gap = rng.choice(("", "", " ", "　"))
    junk, label = rows[j].text, str(rows[j].label)
    if j > i:
        rows[i].insert_junk(len(rows[i].text), gap + junk, label)
    else:
        rows[i].insert_junk(0, junk + gap, label)
    del rows[j]
    return True


def cut_row(row: Row, at: int) -> tuple[Row, Row]:
    """The row as two; no mark may stand across the cut."""
    left = Row(row.text[:at], row.label, [mark for mark in row.marks if mark.end <= at])
    right = Row(row.text[at:], row.label, [Mark(m.start - at, m.end - at, m.label) for m in row.marks if m.start >= at])
    return left, right


def split_lines(draft: Draft, rng: Random, stock: Stock) -> bool:
    """Long content lines in two or more, at sentence ends or, as narrow columns do it, anywhere at a pause."""
    pattern = rng.choice((FULL_STOP, FULL_STOP, STOP))
    share = rng.choice((0.1, 0.4, 1.0))
    rows: list[Row] = []
    for row in draft.rows:
        if row.label != CONTENT or len(row.text) < 40 or rng.random() >= share:
            rows.append(row)
            continue
        rest, cut = row, 0
        for match in pattern.finditer(row.text):
            at = match.end() - cut
            if at >= 10 and len(rest.text) - at >= 10 and rest.free(at) and rng.random() < 0.6:
                left, rest = cut_row(rest, at)
                left.settle()
                rows.append(left)
                cut += at
        if cut:
            rest.settle()
        rows.append(rest)
    done = len(rows) > len(draft.rows)
    draft.rows = rows
    return done


def merge_paragraphs(draft: Draft, rng: Random, stock: Stock) -> bool:
    """Neighbouring content lines that end in a stop become one."""
    gap, share = rng.choice(("", "", " ", "　　")), rng.choice((0.2, 0.6, 1.0))
    rows: list[Row] = []
    for row in draft.rows:
        last = rows[-1] if rows else None
        both = last is not None and last.label == row.label == CONTENT and min(len(last.text), len(row.text)) >= 15
        if last is not None and both and last.text[-1] in "。！？”」" and rng.random() < share:
            at = len(last.text) + len(gap)
            last.text += gap + row.text
            last.marks += [Mark(m.start + at, m.end + at, m.label) for m in row.marks]
        else:
            rows.append(row)
    done = len(rows) < len(draft.rows)
    draft.rows = rows
    return done


def join_lists(draft: Draft, rng: Random, stock: Stock) -> bool:
    """Short lines of one label in a row, such as a menu, become one line."""
    gap = rng.choice((" ", " ", "　", " | ", "|", "", "  "))
    rows: list[Row] = []
    for label, group in groupby(draft.rows, key=lambda row: row.label):
        block = list(group)
        if label in LISTS and len(block) > 2 and all(len(row.text) <= 14 for row in block) and rng.random() < 0.7:
            block = [Row(gap.join(row.text for row in block), label)]
        rows.extend(block)
    done = len(rows) < len(draft.rows)
    draft.rows = rows
    return done


def split_lists(draft: Draft, rng: Random, stock: Stock) -> bool:
    """A menu or a link list in one line becomes a line an entry."""
    rows: list[Row] = []
    for row in draft.rows:
        pieces = MENU_GAP.split(row.text.strip()) if row.label in LISTS and not row.marks else []
        if len(pieces) >= 4 and all(2 <= len(piece) <= 12 for piece in pieces) and rng.random() < 0.7:
            rows.extend(Row(piece, row.label) for piece in pieces)
        else:
            rows.append(row)
    done = len(rows) > len(draft.rows)
    draft.rows = rows
    return done


def separators(draft: Draft, rng: Random, stock: Stock) -> bool:
    """Bullets or separators of menus and link lists stand in lines of their own, before each entry or between them."""
    mark, between = rng.choice(SEPARATORS), rng.random() < 0.5
    rows: list[Row] = []
    for label, group in groupby(draft.rows, key=lambda row: row.label):
        block = list(group)
        if label not in GLUED or len(block) < 4 or any(len(row.text) > 30 for row in block) or rng.random() >= 0.7:
            rows.extend(block)
            continue
        pairs = [row for entry in block for row in (Row(mark, "noise"), entry)]
        rows.extend(pairs[1:] if between else pairs)
    done = len(rows) > len(draft.rows)
    draft.rows = rows
    return done


def blanks(draft: Draft, rng: Random, stock: Stock) -> bool:
    """Blank lines: all out, one after each line, or a few anywhere."""
    way = rng.choice(("out", "all", "some"))
    before = len(draft.rows)
    rows = [row for row in draft.rows if way != "out" or row.label is not None]
    share = {"out": 0.0, "all": 1.0, "some": 0.15}[way]
    draft.rows = []
    for row in rows:
        draft.rows.append(row)
        if rng.random() < share:
            draft.rows.append(Row("", None))
    return len(draft.rows) != before


def borrow_block(draft: Draft, rng: Random, stock: Stock) -> bool:
    """Menus, link lists and footers of other pages, where this page would have them."""
    places = {"nav": 0, "widget": rng.choice((0, len(draft.rows))), "meta": min(2, len(draft.rows))}
    done = False
    for label in rng.sample(("nav", "nav", "related", "related", "widget", "footer", "meta"), rng.choice((1, 2, 2, 3))):
        block = stock.block(label, rng)
        at = places.get(label, len(draft.rows))
        draft.rows[at:at] = block
        done = done or bool(block)
    return done


def chrome_run(draft: Draft, rng: Random) -> tuple[int, int] | None:
    """Start and end of some run of rows of one chrome label."""
    runs, at = [], 0
    for label, group in groupby(draft.rows, key=lambda row: row.label):
        size = len(list(group))
        if label in GLUED and size < len(draft.rows):
            runs.append((at, at + size))
        at += size
    return rng.choice(runs) if runs else None


def move_block(draft: Draft, rng: Random, stock: Stock) -> bool:
    """A block of chrome goes elsewhere: to the top, to the end, or between two content lines."""
    run = chrome_run(draft, rng)
    if run is None:
        return False
    block = draft.rows[run[0] : run[1]]
    del draft.rows[run[0] : run[1]]
    at = rng.choice((0, len(draft.rows), rng.randint(0, len(draft.rows))))
    draft.rows[at:at] = block
    return True


def drop_block(draft: Draft, rng: Random, stock: Stock) -> bool:
    """A block of chrome is missing."""
    run = chrome_run(draft, rng)
    if run is None:
        return False
    del draft.rows[run[0] : run[1]]
    return True


def truncate(draft: Draft, rng: Random, stock: Stock) -> bool:
    """The page's head or tail is missing."""
    size = len(draft.rows)
    if size < 8:
        return False
    cut = rng.randint(1, size // 2)
    draft.rows = draft.rows[cut:] if rng.random() < 0.5 else draft.rows[: size - cut]
    return True


def drop_paragraphs(draft: Draft, rng: Random, stock: Stock) -> bool:
    """Some content lines are missing: shorter pages, other neighbours."""
    places = draft.places(CONTENT)
    share = rng.choice((0.15, 0.4, 0.7))
    gone = {i for i in places[1:] if rng.random() < share}
    draft.rows = [row for i, row in enumerate(draft.rows) if i not in gone]
    return bool(gone)


def segments(draft: Draft, rng: Random, stock: Stock) -> bool:
    """The whole page in the pieces that a giant line is cut into: at sentence ends and at gaps between Chinese."""
    rows: list[Row] = []
    for row in draft.rows:
        pieces = [piece.strip() for piece in SEGMENT.split(row.text)] if not row.marks else []
        rows.extend([Row(piece, row.label) for piece in pieces if piece] or [row])
    done = len(rows) > len(draft.rows)
    draft.rows = [row for row in rows if row.label is not None] if done else draft.rows
    return done


Way = Callable[[Draft, Random, Stock], bool]
WAYS: Final[tuple[Way, ...]] = (
    join_chrome, split_lines, merge_paragraphs, join_lists, split_lists, separators, blanks, borrow_block, move_block,
    drop_block, truncate, drop_paragraphs, segments,
)  # fmt: skip
WAY_COUNTS: Final = (4, 2, 2, 2, 2, 1, 2, 4, 2, 1, 2, 2, 2)


def layout(draft: Draft, rng: Random, stock: Stock) -> bool:
    """One to three of the ways."""
    ways = dict.fromkeys(rng.sample(WAYS, rng.choice((1, 1, 2, 3)), counts=WAY_COUNTS))
    done = [way(draft, rng, stock) for way in ways]
    return any(done)
