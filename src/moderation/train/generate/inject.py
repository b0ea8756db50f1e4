"""Spam put into a page, as hijacked pages show it: header runs, titles, sentences, menus, link blocks, comments."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from moderation.train.generate.cloak import Script, script_of
from moderation.train.generate.compose import Form, compose, draw_label
from moderation.train.generate.draft import Draft, Row
from moderation.train.generate.grammar import load_grammar
from moderation.train.generate.stock import Stock

TAILS: Final = (
    "_",
    "_",
    "_",
    "-",
    "-",
    "-",
    " - ",
    " - ",
    "|",
    " | ",
    "",
    "",
    " ",
    "－",
    "｜",
    "—",
    "--",
    "·",
    "　",
    ",",
    "，",
    ":",
    " _ ",
)
WRAPS: Final = ("{}",) * 24 + (
    "【{}】", "【{}】", "【{}】", "（{}）", "（{}）", "({})", "[{}]", "[{}]", "“{}”", "《{}》", " {} ", " {} ", "_{}_",
    "-{}-", "▶{}◀", "❤{}❤", "「{}」", "({})，", "★{}★", "『{}』", "_{}", "-{}", "|{}|", "；{}；", "{}：", "→{}←",
    "〖{}〗",
)  # fmt: skip
PAUSE: Final = re.compile(r"[，。；：、！？,;!?”」）)…]")
HAN_PAIR: Final = re.compile(r"(?<=[㐀-鿿])(?=[㐀-鿿])")
LAST_STOP: Final = re.compile(r"[。！？.!?…”」）]+\s*$")
FROM_DONORS: Final = 0.35
LOCAL_SPAMMERS: Final = 0.4
"""How often spam on a traditional page is traditional too."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """One spammer's visit: a label, and the terms that come back all over the page (none: new ones each time)."""

    label: str
    terms: tuple[str, ...]
    donated: bool
    rng: Random
    stock: Stock
    script: Script

    def term(self) -> str:
        """A string of 2 to about 30 characters."""
        return self.rng.choice(self.terms) if self.terms else self.new_term()

    def new_term(self) -> str:
        """A term that need not be one of the campaign's."""
        donated = self.stock.shorts.get(self.label)
        if self.donated and donated:
            return self.rng.choice(donated)
        return self.script.write(compose(self.rng, self.label, "short"))

    def text(self, form: Form) -> str:
        """A composed string, or for lines one that a donor page has."""
        lines = self.stock.lines.get(self.label)
        if form == "line" and self.donated and lines:
            return self.rng.choice(lines)
        return self.script.write(compose(self.rng, self.label, form))


def start_campaign(draft: Draft, rng: Random, stock: Stock) -> Campaign:
    """A campaign with one to three terms of its own, or with ever new ones; in the page's script, or simplified."""
    script = script_of(draft) if rng.random() < LOCAL_SPAMMERS else Script(traditional=False)
    bare = Campaign(draw_label(rng), (), rng.random() < FROM_DONORS, rng, stock, script)
    count = rng.choice((0, 1, 1, 2, 3))
    return replace(bare, terms=tuple(bare.new_term() for _ in range(count)))


def inject(draft: Draft, rng: Random, stock: Stock) -> bool:
    """One campaign, by one to four of the ways; now and then a second one of another label."""
    done = False
    for _ in range(2 if rng.random() < 0.12 else 1):
        campaign = start_campaign(draft, rng, stock)
        ways = rng.sample(WAYS, rng.choice((1, 1, 2, 2, 3, 4)), counts=WAY_COUNTS)
        for way in dict.fromkeys(ways):
            done = way(draft, campaign) or done
    return done


def header_lines(draft: Draft, campaign: Campaign) -> bool:
    """Keyword runs above the page."""
    rng = campaign.rng
    forms: tuple[Form, ...] = ("run", "run", "run", "line", "short")
    rows = [Row(campaign.text(rng.choice(forms)), campaign.label) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    draft.rows[0:0] = rows
    return True


def title(draft: Draft, campaign: Campaign) -> bool:
    """The title, and sometimes the heading below it, gets terms before or after it."""
    rng = campaign.rng
    rows = [row for row in draft.rows[:40] if row.label == "content" and len(row.text) >= 6][: rng.choice((1, 1, 1, 2))]
    for row in rows:
        delimiter = rng.choice(TAILS)
        junk = (rng.choice(TAILS) or delimiter).join(campaign.term() for _ in range(rng.choice((1, 1, 1, 2, 3))))
        if delimiter and rng.random() < 0.08:
            junk = f"【{junk}】"
        if rng.random() < 0.7:
            row.insert_junk(len(row.text), delimiter + junk, campaign.label)
        else:
            row.insert_junk(0, junk + delimiter, campaign.label)
        row.settle()
    return bool(rows)


def splice_place(row: Row, rng: Random) -> int:
    """Where a term goes into a line: after a pause, amid a sentence, before the last stop, at an end."""
    draw = rng.random()
    pauses = [match.end() for match in PAUSE.finditer(row.text)]
    if draw < 0.55 and pauses:
        return rng.choice(pauses)
    if draw < 0.78:
        gaps = [match.start() for match in HAN_PAIR.finditer(row.text)]
        return rng.choice(gaps) if gaps else len(row.text)
    stop = LAST_STOP.search(row.text)
    if draw < 0.88 and stop:
        return stop.start()
    return 0 if draw < 0.93 else len(row.text)


def splice(draft: Draft, campaign: Campaign) -> bool:
    """Terms or clauses into sentences of a few content lines."""
    rng = campaign.rng
    rows = draft.content(least=12)
    if not rows:
        return False
    done = False
    wrap = rng.choice(WRAPS)
    loyal = rng.random() < 0.5
    for row in rng.sample(rows, min(len(rows), rng.choice((1, 1, 2, 3, 4, 6, 8)))):
        for _ in range(1 if len(row.text) < 80 else rng.choice((1, 1, 2, 3))):
            if rng.random() < 0.2:
                junk = campaign.text("clause")
            else:
                junk = (wrap if loyal else rng.choice(WRAPS)).format(campaign.term())
                junk += "，" if junk[-1].isalnum() and rng.random() < 0.12 else ""
            at = splice_place(row, rng)
            if row.free(at) and (row.junk_chars() + len(junk)) * 2 <= len(row.text) + len(junk):
                row.insert_junk(at, junk, campaign.label)
                done = True
    return done


def spam_lines(draft: Draft, campaign: Campaign) -> bool:
    """Lines of spam between the lines of the page."""
    rng = campaign.rng
    places = draft.places("content", "meta", "related") or [len(draft.rows)]
    together = rng.random() < 0.4
    at = rng.choice(places)
    for _ in range(rng.choice((1, 1, 2, 3, 5))):
        at = at if together else rng.choice(places)
        draft.rows.insert(at, Row(campaign.text(rng.choice(("line", "line", "run"))), campaign.label))
    return True


def link_block(draft: Draft, campaign: Campaign) -> bool:
    """A list of links before the footer, a line each or all in one, under an honest heading or none."""
    rng = campaign.rng
    footers = draft.places("footer")
    at = footers[0] if footers and footers[0] > len(draft.rows) // 2 else len(draft.rows)
    at = rng.choice((at, at, at, len(draft.rows), 0))
    terms = [campaign.new_term() for _ in range(rng.randint(3, 14))]
    heading = load_grammar("related").expand(rng.choice(("friend", "friend", "heading")), rng)
    draw = rng.random()
    if draw < 0.5:
        rows = [Row(term, campaign.label) for term in terms]
        rows[0:0] = [Row(heading, "related")] if rng.random() < 0.6 else []
    else:
        gap = rng.choice((" ", "　", " | ", "、", "|", "  ", "，"))
        rows = [Row((heading if draw < 0.75 else "") + gap.join(terms), campaign.label)]
    draft.rows[at:at] = rows
    return True


def menu(draft: Draft, campaign: Campaign) -> bool:
    """Menu entries, or the site's name, become the spammer's."""
    rng = campaign.rng
    places = [i for i in draft.places("nav") if len(draft.rows[i].text) <= 20]
    if not places:
        return False
    for i in rng.sample(places, min(len(places), rng.choice((1, 1, 2, 4)))):
        text = campaign.term() if i == places[0] else campaign.text("menu")
        draft.rows[i] = Row(text, campaign.label)
    return True


def hijacked_list(draft: Draft, campaign: Campaign) -> bool:
    """Some entries of the list of other items become the spammer's."""
    rng = campaign.rng
    places = draft.places("related")
    if len(places) < 4:
        return False
    for i in rng.sample(places, rng.randint(1, len(places) // 2)):
        draft.rows[i] = Row(campaign.text(rng.choice(("line", "short", "run"))), campaign.label)
    return True


def chrome_brand(draft: Draft, campaign: Campaign) -> bool:
    """A term inside a line of chrome makes it a spam line (labelling guide)."""
    rng = campaign.rng
    places = [i for i in draft.places("nav", "meta", "footer", "related") if 4 <= len(draft.rows[i].text) <= 60]
    if not places:
        return False
    for i in rng.sample(places, min(len(places), rng.choice((1, 1, 2, 3)))):
        text, term = draft.rows[i].text, campaign.term()
        colon = max(text.find("："), text.find(":")) + 1
        at = rng.choice((0, len(text), colon))
        if len(term) * 2 >= len(text) or rng.random() < 0.6:
            draft.rows[i] = Row(text[:at] + term + text[at:], campaign.label)
    return True


def comments(draft: Draft, campaign: Campaign) -> bool:
    """Comment spam after the last content line: a user's line, the comment, perhaps a button."""
    rng = campaign.rng
    places = draft.places("content")
    if not places:
        return False
    at = places[-1] + 1
    meta = load_grammar("meta")
    button = rng.choice(("", "", "回复", "回复 举报", "赞 回复", "支持(0) 反对(0)"))
    rows = []
    for _ in range(rng.choice((1, 2, 3))):
        rows.append(Row(meta.expand("comment", rng), "meta"))
        rows.append(Row(campaign.text("line"), campaign.label))
        rows += [Row(button, "widget")] if button else []
    draft.rows[at:at] = rows
    return True


WAYS: Final[tuple[Callable[[Draft, Campaign], bool], ...]] = (
    header_lines, title, splice, spam_lines, link_block, menu, chrome_brand, comments,
    hijacked_list,
)  # fmt: skip
WAY_COUNTS: Final = (3, 5, 8, 4, 3, 2, 2, 2, 1)
