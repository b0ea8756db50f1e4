"""`<br/>`, `</p>`, `<\\/a>`, `<!--more-->`: tags that were left standing in prose."""

import re
from collections.abc import Iterator
from typing import Final

from moderation.repair.code import is_source, lines_with_markup
from moderation.repair.fix import Fix, Page

TAGS: Final = """
    a abbr acronym address article aside b bdo big blockquote br button caption center cite code col colgroup dd del
    details dfn dir div dl dt em fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 header hr i iframe img
    input ins kbd label legend li main map mark marquee menu nav nobr noscript o:p object ol optgroup option p param
    picture pre q rp rt ruby s samp section select small source span st1 strike strong sub summary sup table tbody td
    textarea tfoot th thead time title tr track tt u ul var video wbr
"""
KNOWN: Final = frozenset(TAGS.split())
BREAKING: Final = frozenset(
    ("br", "dd", "div", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "p", "td", "th", "tr")
)
"""Tags that part words: where they stood between Latin letters, a blank remains."""
SHORT: Final = 1
"""Names of one letter are tags only with a partner, a slash or attributes: `若a<b>c` is none."""
CANDIDATE: Final = re.compile(r"<!--(?:(?!-->|<!--).)*-->|<[^<>]{1,500}>")
TAG: Final = re.compile(
    r"""<(?P<close>\\?/)?(?P<name>[A-Za-z][A-Za-z0-9:]*)
        (?P<attributes>(?:\s+[A-Za-z_:@][\w:.-]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=]+))?)*)\s*\\?/?>""",
    re.VERBOSE,
)


def remove_tags(page: Page) -> Iterator[Fix]:
    """Every tag and comment in prose."""
    for start, line in lines_with_markup(page):
        for match in CANDIDATE.finditer(line):
            name = tag_name(match.group(), line)
            if name is not None and page.kept(start + match.start(), start + match.end()):
                if is_source(page):
                    return
                blank = name in BREAKING and parts_words(line, match.start(), match.end())
                yield Fix(start + match.start(), start + match.end(), " " if blank else "", "tag")


def tag_name(found: str, line: str) -> str | None:
    """The tag's name, `!` for a comment, None for what is no tag: `<em>`, but not `<王小明>`, `<stdio.h>`."""
    if found.startswith("<!--"):
        return "!"
    match = TAG.fullmatch(found)
    if match is None or (name := match["name"].lower()) not in KNOWN:
        return None
    alone = len(name) == SHORT and not match["close"] and not match["attributes"]
    if alone and f"</{name}>" not in line.lower().replace("\\/", "/"):
        return None
    return name


def parts_words(line: str, start: int, end: int) -> bool:
    """Whether Latin letters or digits stand on both sides."""
    around = line[start - 1 : start] + line[end : end + 1]
    return len(around) == 2 and around.isascii() and around.isalnum()
