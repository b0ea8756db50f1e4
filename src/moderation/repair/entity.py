"""`&nbsp;`, `&amp;`, `&#x4e2d;`: character references that were meant to be decoded before anybody read them."""

import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from moderation.repair.code import ENTITY, is_source, lines_with_markup
from moderation.repair.fix import Fix, Page

AMPERSANDS: Final = re.compile(r"^&(?:amp;)+(?=.)")
SPACES: Final = "\t\n"
INVISIBLE: Final = ("\u200b", "\u2060", "\ufeff", "\u00ad")
"""Decoded, these would be damage of the next kind."""


def decode_entities(page: Page) -> Iterator[Fix]:
    """Every well-formed reference in prose, decoded by the rules of HTML; twice where it was escaped twice."""
    for start, line in lines_with_markup(page):
        for match in ENTITY.finditer(line):
            after = decode(match.group())
            fix = Fix(start + match.start(), start + match.end(), after or "", "entity")
            if after is not None and page.kept(fix.start, fix.end):
                if is_source(page):
                    return
                yield fix


def decode(reference: str) -> str | None:
    """What a reference stands for; None for an unknown name, and for what no text should hold."""
    plain = AMPERSANDS.sub("&", reference)
    if plain == "&amp;" or plain == reference[: len(plain)] == "&":
        return "&"
    after = html.unescape(plain)
    if after == plain or (after.endswith(";") and len(after) > 1):
        return None
    if after in INVISIBLE:
        return ""
    usable = all(c in SPACES or unicodedata.category(c) not in {"Cc", "Cs", "Co", "Cn"} for c in after)
    return after if usable and after and "\ufffd" not in after else None
