"""Whole pages: cloaked ones are repaired to the last bracket, honest ones untouched. The figures are floors."""

import re
from functools import cache
from random import Random
from typing import Final

import pytest

from moderation.repair import find_repairs
from moderation.text.tables import built_tables
from moderation.train.corpus import authored_pages
from moderation.train.generate.cloak import draw_cloak

TONED: Final = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ"
HAN: Final = "[\u3400-\u9fff]"
READING: Final = re.compile(rf"(?<={HAN})[(（](?:[a-zü]*[{TONED}][a-zü]*|[a-zü]{{1,6}})[)）]|(?<=({HAN}))[(（]\1[)）]")
CLOAKED: Final = (
    "a2-026 a2-041 a3-037 a5-031 a6-030 a6-031 a6-033 a6-034 a6-035 a6-037 a6-038 a6-039 a6-041 w1-043 w2-011 w2-047 "
    "w5-085"
)
HONEST: Final = "w4-019 w5-041 a4-008 w4-095 a1-039 a3-035 w1-050 w5-030"
"""Language courses, a rare character, and units in brackets."""


@cache
def texts() -> dict[str, str]:
    """The authored pages."""
    return {page.id: "\n".join(page.lines) for page in authored_pages()}


def without_readings(text: str) -> str:
    """The text with its bracketed readings taken out, and nothing else done."""
    for fix in reversed(find_repairs(text, None, built_tables())):
        if fix.kind == "reading":
            text = text[: fix.start] + fix.after + text[fix.end :]
    return text


@pytest.mark.parametrize("name", CLOAKED.split())
def test_a_cloaked_page_loses_every_bracketed_reading_and_nothing_else(name: str) -> None:
    text = texts()[name]
    assert without_readings(text) == READING.sub("", text) != text


@pytest.mark.parametrize("name", HONEST.split())
def test_an_honest_page_keeps_every_bracket(name: str) -> None:
    text = texts()[name]
    assert re.search(r"[(（][A-Za-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ ]+[)）]", text)
    assert without_readings(text) == text


def test_no_authored_page_loses_a_bracket_that_does_not_read_or_double() -> None:
    for text in texts().values():
        own, behind = "", -1
        for fix in find_repairs(text, None, built_tables()):
            if fix.kind == "reading":
                own = own if fix.start == behind else text[fix.start - 1]  # `網(wǎng)(wǎng)`
                behind = fix.end
                assert READING.fullmatch(own + text[fix.start : fix.end], 1), text[fix.start - 5 : fix.end + 5]


@pytest.mark.parametrize(
    ("style", "pages", "characters"), [("toned", 0.985, 0.995), ("toneless", 0.99, 0.997), ("doubled", 0.995, 0.9995)]
)
def test_generated_cloaks_come_off(style: str, pages: float, characters: float) -> None:
    """The share of pages with ten brackets and more that come back exactly, and of inserted characters that go.

    Pages with fewer, in other languages or of a few lines, may keep them: that a page is cloaked shows in their number.
    """
    rng = Random(style)
    exact = total = left = put = 0
    for text in list(texts().values())[::4]:
        if READING.search(text):
            continue
        how = draw_cloak(set(text), rng)
        while how.style != style:
            how = draw_cloak(set(text), rng)
        plain = "".join(how.chosen.get(char, char) for char in text)
        cloaked = "".join(how.write(char, rng) for char in text)
        if brackets(cloaked) - brackets(plain) < 10 or in_another_language(text):
            continue
        found = without_readings(cloaked)
        exact += found == plain
        total += 1
        put += len(cloaked) - len(plain)
        left += len(found) - len(plain)
    assert total > 100
    assert exact / total >= pages
    assert 1 - left / put >= characters


def in_another_language(text: str) -> bool:
    """Whether most letters are no Chinese characters."""
    return 2 * sum("\u4e00" <= char <= "\u9fff" for char in text) < sum(map(str.isalpha, text))


def brackets(text: str) -> int:
    """How many open."""
    return text.count("(") + text.count("（")
