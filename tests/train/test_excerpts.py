"""Excerpts: short pages for the second stage, whose lines keep the labels and scores they have on their page."""

import numpy as np

from moderation.judge import First
from moderation.kernel.outlook import OUTLOOK
from moderation.labels import NAMES
from moderation.train.dataset import LabelledPage
from moderation.train.fit_context import EXCERPTS, Table, table_of, with_excerpts

PAGES = 3 * [
    LabelledPage(
        "town",
        ("首页 新闻", "", "青石镇秋收开镰", "天还没亮，收割机就下了田。", "版权所有"),
        ("nav", None, "content", "content", "footer"),
    ),
    LabelledPage("blank", ("",), (None,)),
    LabelledPage("line", ("明天停水八小时，请大家提前储水。",), ("content",)),
]


def grown(seed: int) -> tuple[Table, Table, First, First]:
    """The table of the pages and the one with excerpts, each with scores that tell its lines apart."""
    table = table_of(PAGES, np.array(3 * [1.0, 1.0, 0.5]))
    n = len(table.lines)
    told = np.repeat(np.arange(n, dtype=np.float32)[:, None], len(NAMES), 1)
    first = First(told, np.repeat(np.arange(n, dtype=np.float32)[:, None], OUTLOOK, 1))
    more, scores = with_excerpts(table, first, seed)
    return table, more, first, scores


def test_the_pages_stay_and_one_excerpt_for_every_three_comes_behind_them() -> None:
    table, more, first, scores = grown(1)
    n = len(table.lines)
    assert more.lines[:n] == table.lines
    assert len(more.pages) == len(PAGES) + len(PAGES) // 3
    np.testing.assert_array_equal(more.page[:n], table.page)
    np.testing.assert_array_equal(scores.probabilities[:n], first.probabilities)


def test_lines_of_an_excerpt_follow_each_other_on_one_page_and_keep_label_weight_and_scores() -> None:
    for seed in range(20):
        table, more, _, scores = grown(seed)
        n = len(table.lines)
        for number in range(len(PAGES), len(more.pages)):
            rows = np.flatnonzero(more.page == number)
            source = scores.probabilities[rows, 0].astype(np.int64)
            assert 1 <= rows.size <= max(EXCERPTS)
            assert (np.diff(source) == 1).all()
            assert len(set(table.page[source])) == 1
            assert [more.lines[i] for i in rows] == [table.lines[i] for i in source]
            assert more.labels[rows].tolist() == table.labels[source].tolist()
            assert more.weight[rows].tolist() == table.weight[source].tolist()
            assert more.pages[number].labels == tuple(NAMES[k] for k in more.labels[rows])
        assert n < len(more.lines)


def test_excerpts_hang_on_the_seed_alone() -> None:
    assert grown(3)[1].lines == grown(3)[1].lines
    assert any(grown(3)[1].lines != grown(seed)[1].lines for seed in range(4, 9))


def test_pages_without_lines_have_no_excerpts() -> None:
    table = table_of(PAGES[1:2])
    nothing = First(np.zeros((0, len(NAMES)), np.float32), np.zeros((0, OUTLOOK), np.float32))
    more, scores = with_excerpts(table, nothing, 1)
    assert more.lines == []
    assert scores.probabilities.shape == (0, len(NAMES))
