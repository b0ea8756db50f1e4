"""Repairs are looked for in marked lines alone: what is found is what a search of the whole document finds."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.repair import Fix, Page, find_damage, page_of, repairs_of
from moderation.repair.code import ABOUT, is_source, looks_like_code
from moderation.text.tables import built_tables
from moderation.train.corpus import authored_pages

T = built_tables()
PIECES = [
    *(
        "發(fā)展",
        "訪(访)問",
        "配閤(hé)",
        "關(guan)鍵開(kai)門東(dong)西買(mai)賣(mai)",
        "圂（hùn）",
        "超市(chāoshì)",
        "中国(China)",
    ),
    *("&nbsp;", "&amp;#x4e2d;", "<br/>", "<\\/a>", "<!--a-->", "<王小明>", "宝\u200b妈\u200b兼\u200b职", "\ufeff"),
    *("å†œä¸š", "ï¤€ï¤€", "å†œä", "\ufffd", "上?;鶎", "公辦??等", "锟斤拷"),
    *(
        "function f(x) { return 1; }\n",
        "a && b || c;\n",
        "HTML",
        "爬虫",
        "转义",
        "改造内容包括屋面防水。",
        "\n",
        "\r\n",
        " ",
    ),
]
TEXT = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=40
).map("".join)


def everywhere(page: Page) -> Page:
    """The same page with every mark on every line."""
    start, rows = 0, []
    for line in page.text.split("\n"):
        rows.append((start, start + len(line), 255))
        start += len(line) + 1
    return replace(page, lines=np.array(rows, np.int64), known={})


def same(page: Page) -> list[Fix]:
    whole = everywhere(page)
    found = repairs_of(page)
    assert found == repairs_of(whole)
    assert find_damage(page) == find_damage(whole)
    return found


@settings(max_examples=300, deadline=None)
@given(TEXT, st.data())
def test_marked_lines_are_enough(text: str, data: st.DataObject) -> None:
    keep = np.ones(len(text), np.bool_)
    for a, size in data.draw(st.lists(st.tuples(st.integers(0, len(text)), st.integers(0, 20)), max_size=3)):
        keep[a : a + size] = False
    same(page_of(text, keep, T))


@pytest.mark.parametrize("size", [1_000, 30_000, 1_000_000])
def test_marked_lines_are_enough_in_the_authored_pages_one_after_the_other(size: int) -> None:
    texts = [page.text for page in authored_pages()]
    random.Random(5).shuffle(texts)
    whole = "\n".join(texts)[:1_000_000]
    assert sum(len(same(page_of(whole[a : a + size], None, T))) for a in range(0, len(whole), size)) > 50


def test_only_the_lines_that_bear_a_mark_are_looked_at() -> None:
    page = page_of("头一行\n第二行&nbsp;\n第三行\n发(fā)\n第五行\ufffd\u200b", None, T)
    assert [(page.piece(a, b), bits) for a, b, bits in page.lines.tolist()] == [
        ("第二行&nbsp;", 2),
        ("第五行\ufffd\u200b", 16 | 4),
    ]
    assert page.marks == 1 | 2 | 4 | 16, "readings go by the page: no line is told apart"


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_source_code_is_known_as_by_reading_every_line(text: str) -> None:
    lines = text.split("\n")
    chinese = [sum("\u3400" <= c <= "\u9fff" for c in line) * 3 > len(line) for line in lines]
    code = sum(looks_like_code(line) and not han for line, han in zip(lines, chinese, strict=True))
    mentions = sum(len(ABOUT.findall(line)) for line in lines)
    assert is_source(page_of(text, None, T)) == (code >= 2 or mentions >= 2)
