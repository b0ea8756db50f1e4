"""Giant lines come apart where their twins part them, and nothing is lost on the way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.equal import assert_same
from kernel.samples import DOCUMENT_LISTS
from moderation.kernel import reference, segments
from moderation.text.batch import pack
from moderation.text.tables import built_tables

PIECES = st.lists(
    st.sampled_from(
        ["首页", "新闻 ", "  ", "　", "他说：“好。”", "是吗？！", "a b", "2024-01-01 ", "…", "\t", "）", "안녕 ", "x"]
    ),
    max_size=120,
).map("".join)


def segment_texts(text: str) -> list[str]:
    """The segments of one line, without their gaps."""
    tables = built_tables()
    batch = pack([text])
    start, end, _, _ = segments.split_segments(
        batch.codes, np.array([0]), np.array([len(text)]), tables.page, tables.char_class
    )
    return [text[a:b] for a, b in zip(start.tolist(), end.tolist(), strict=True)]


def assert_cut_alike(texts: list[str]) -> None:
    batch, tables = pack(texts), built_tables()
    start, end, _, _ = reference.split_lines(batch.codes, batch.doc_start)
    table = tables.page, tables.char_class
    assert_same(
        segments.giant_lines(batch.codes, start, end, *table), reference.giant_lines(batch.codes, start, end, *table)
    )
    cut = segments.split_segments(batch.codes, start, end, *table)
    assert_same(cut, reference.split_segments(batch.codes, start, end, *table))
    for k, (a, b) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
        own = slice(cut[3][k], cut[3][k + 1])
        assert [a, *cut[2][own].tolist()] == [*cut[0][own].tolist(), b], "segments and gaps make the line"


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=3))
def test_lines_are_cut_as_their_twin_cuts_them(texts: list[str]) -> None:
    assert_cut_alike(texts)


@settings(max_examples=60, deadline=None)
@given(DOCUMENT_LISTS)
def test_any_text_is_cut_as_its_twin_cuts_it(texts: list[str]) -> None:
    assert_cut_alike(texts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("首页 新闻 县情", ["首页", "新闻", "县情"]),
        ("用 Python 3 写成 的", ["用 Python 3 写成", "的"]),
        ("发布：2024-01-01  来源：县报", ["发布：2024-01-01", "来源：县报"]),
        ("他说：“好。”走了。版权所有", ["他说：“好。”", "走了。", "版权所有"]),
        ("他 나는 가 간다", ["他 나는 가 간다"]),
        ("", [""]),
    ],
)
def test_segments_end_at_gaps_between_chinese_and_behind_sentences(text: str, expected: list[str]) -> None:
    assert segment_texts(text) == expected
