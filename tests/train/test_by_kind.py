"""Figures by kind of page and by spam label, on pages small enough to be worked out by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.labels import INDEX
from moderation.model.card import card
from moderation.model.store import load_model
from moderation.train.by_kind import Figure, by_kind_record, honest_chars_kept, interval, kind_table, spam_recall
from moderation.train.corpus import authored_pages
from moderation.train.dataset import LabelledPage
from moderation.train.fit import measure
from moderation.train.metrics import Judged, metrics
from moderation.train.page_kind import HONEST, LOOKALIKES, ORDER, OTHER, WORDS, group_of

LINES = [
    # page, truth, label, kept, chars
    (0, "content", "content", True, 90),
    (0, "content", "gambling", False, 10),
    (1, "content", "content", True, 50),
    (1, "gambling", "related", False, 20),
    (1, "gambling", "content", True, 20),
    (2, "gambling", "gambling", False, 30),
    (2, "seo", "content", True, 30),
    (2, "nav", "nav", False, 40),
    (3, "content", "content", True, 10),
]
PAGES = [
    LabelledPage(f"p{n}", (), (), kind=kind) for n, kind in enumerate(["honest", "hk-forum", "en-forum-hijacked", ""])
]


def judged(rows: list[tuple[Any, ...]]) -> Judged:
    """Rows as columns; neither probabilities nor spans."""
    page, truth, label, kept, chars = (np.array(column) for column in zip(*rows, strict=True))
    none = np.zeros(page.size, np.int64)
    true, found = (np.array([INDEX[name] for name in names], np.int64) for names in (truth, label))
    return Judged(true, found, kept, chars, none.astype(np.float64), page, none, none, none)


FOUND = judged(LINES)


def test_spam_counts_as_caught_where_it_is_removed_by_whatever_label() -> None:
    gambling, seo = spam_recall(FOUND)
    assert (gambling.label, gambling.lines, gambling.pages) == ("gambling", 3, 2)
    assert gambling.recall.value == round(2 / 3, 4)
    assert (seo.label, seo.recall.value) == ("seo", 0.0)


def test_every_kind_has_its_row_and_pages_without_a_kind_have_none() -> None:
    rows = {row.kind: row for row in kind_table(FOUND, PAGES)}
    assert list(rows) == [HONEST, "hijacked page", "forum"]
    assert [(row.pages, row.lines) for row in rows.values()] == [(1, 2), (1, 3), (1, 3)]


def value(figure: Figure | None) -> float | None:
    """The figure without its interval."""
    return figure.value if figure else None


def test_a_figure_that_has_nothing_to_speak_of_is_left_out_instead_of_being_nought() -> None:
    honest, hijacked, forum = (row.figures for row in kind_table(FOUND, PAGES))
    assert value(honest["spam_lines_removed"]) is None
    assert value(hijacked["keep_f1"]) is None
    assert value(hijacked["content_chars_kept"]) is None
    assert value(forum["spam_lines_removed"]) == 0.5


def test_characters_kept_on_honest_look_alikes_are_those_of_their_content() -> None:
    assert value(honest_chars_kept(kind_table(FOUND, PAGES))) == 0.9
    assert honest_chars_kept(kind_table(FOUND, PAGES[1:] + PAGES[3:])) is None


def test_pages_without_kinds_and_single_lines_have_no_table() -> None:
    for kind in ("", "line"):
        pages = [LabelledPage(f"p{n}", (), (), kind=kind) for n in range(4)]
        assert by_kind_record(FOUND, pages)["kinds"] == []
    assert by_kind_record(judged(LINES[:1]), PAGES)["spam_recall"] == []


def test_held_out_pages_without_a_labelled_line_are_measured_as_nothing() -> None:
    page = LabelledPage("p", ("", "没有标注的一行。"), (None, None), kind="forum", split="dev")
    found = measure(load_model(), [page], lambda _: None)["dev"]
    assert (found["pages"], found["lines"], found["spam_recall"]) == (1, 0, [])
    assert [row["figures"]["label_accuracy"] for row in found["kinds"]] == [None]
    assert "| forum | 1 | 0 | - |" in card(
        {"name": "a", "digest": "0" * 64, "format": 1, "labels": [], "metrics": {"dev": found}}
    )


def test_all_pages_of_one_kind_give_the_figures_of_the_whole() -> None:
    (row,) = kind_table(FOUND, [LabelledPage(f"p{n}", (), (), kind="forum") for n in range(4)])
    whole = metrics(FOUND)
    assert {name: value(figure) for name, figure in row.figures.items()} == {
        name: round(whole[name], 4) for name in row.figures
    }


@pytest.mark.parametrize(
    ("part", "whole", "figure"),
    [
        ([], [], None),
        ([0.0, 0.0], [0.0, 0.0], None),
        ([3.0], [4.0], Figure(0.75, 0.0, 1.0)),
        ([4.0], [4.0], Figure(1.0, 0.025, 1.0)),
        ([4.0, 1.0, 0.0], [4.0, 1.0, 0.0], Figure(1.0, round(0.025**0.5, 4), 1.0)),
        ([0.0, 0.0], [4.0, 1.0], Figure(0.0, 0.0, round(1 - 0.025**0.5, 4))),
    ],
    ids=["no page", "nothing", "one page", "one right page", "two right pages", "two wrong pages"],
)
def test_few_pages_have_wide_intervals(part: list[float], whole: list[float], figure: Figure | None) -> None:
    assert interval(np.array(part), np.array(whole)) == figure


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=30))
def test_a_value_lies_within_its_interval_and_both_between_nought_and_one(pages: list[tuple[int, int]]) -> None:
    whole = np.array([right + wrong for right, wrong in pages], np.float64)
    part = np.array([right for right, _ in pages], np.float64)
    found = interval(part, whole)
    assert found
    assert 0 <= found.low <= found.high <= 1
    assert found.low <= round(float(np.sum(part) / np.sum(whole)), 4) + 1e-9
    assert found == interval(part, whole), "drawn with a fixed seed"


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("honest-court-list", HONEST),
        ("chess-real-not-gambling", HONEST),
        ("gambling-hospital", "hijacked page"),
        ("gambling-doorway", "spam doorway"),
        ("word_salad", "spam doorway"),
        ("hk-news-list", "list or portal"),
        ("en-news", "other language"),
        ("HK-News", "article"),
        ("system-403", "system"),
        ("forum-thread-tieba", "forum"),
        ("product-pump-clean", "shop"),
        ("wiki", "documentation"),
        ("school-notice", "government or school"),
        ("factory-clean", "company"),
        ("", OTHER),
        ("哪里都不是", OTHER),
    ],
)
def test_a_kind_belongs_to_the_first_group_that_knows_one_of_its_words(kind: str, group: str) -> None:
    assert group_of(kind) == group
    assert group in ORDER


def test_no_word_stands_in_two_groups_and_each_can_be_met() -> None:
    words = [word for _, known in WORDS for word in known]
    assert sorted(words) == sorted(set(words))
    assert [word for word in words if not word.isalnum() or word != word.lower()] == []


def test_the_authored_kinds_fall_into_groups_and_the_named_look_alikes_are_there() -> None:
    pages = authored_pages()
    found = [group_of(page.kind) for page in pages]
    assert set(found) == set(ORDER)
    assert found.count(OTHER) < 0.03 * len(found)
    assert {page.kind for page in pages} >= LOOKALIKES
