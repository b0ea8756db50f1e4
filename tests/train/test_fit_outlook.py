"""What lines foretell of the lines around them is learned, and heard by the right ones."""

import numpy as np
import pytest
from numpy.typing import NDArray

from moderation.judge import logits_of
from moderation.kernel.outlook import OUTLOOK, PLACES, SAID, heard
from moderation.labels import INDEX
from moderation.lines import read_lines
from moderation.model.model import LineModel
from moderation.text.batch import pack
from moderation.text.tables import built_tables
from moderation.train.features import line_features
from moderation.train.fit_outlook import OPTIONS, asked_lines, fit_outlook

CONTENT, RELATED, JUNK = range(SAID)
PAGE = [
    ("{n}月{n}日起城西水厂检修", "content"),
    ("来源：本报 记者 周{n}", "meta"),
    ("城西水厂自{n}日起分段检修，届时周边三个街道的水压会有所下降。", "content"),
    ("市民可在社区服务站领取桶装水，{n}处便民点同时开放。", "content"),
    ("检修预计持续{n}天，期间供水热线昼夜值守。", "content"),
    ("相关阅读", "nav"),
    ("供水管网改造完成{n}公里", "related"),
    ("老城区换表{n}户", "related"),
    ("水价听证会{n}人参加", "related"),
]
TEXTS = [line.format(n=n) for n in range(1, 31) for line, _ in PAGE]
LABELS = np.array([INDEX[label] for _ in range(30) for _, label in PAGE], np.int64)
PAGES = np.repeat(np.arange(30), len(PAGE))


@pytest.fixture(scope="module")
def outlook() -> LineModel:
    features = line_features(TEXTS, built_tables(), OPTIONS.bits)
    everything = np.ones(LABELS.size, np.bool_)
    return fit_outlook(features, LABELS, asked_lines(PAGES, 0), np.ones(LABELS.size), everything)


def said(outlook: LineModel, text: str, place: str) -> NDArray[np.float32]:
    """What a line says of a place, three numbers."""
    at = PLACES.index(place) * SAID
    return logits_of(read_lines(pack([text]), built_tables()), outlook)[0, at : at + SAID]


def test_a_heading_announces_what_follows_it_and_a_byline_what_stands_before(outlook: LineModel) -> None:
    heading, byline = (PAGE[n][0].format(n=7) for n in (5, 1))
    assert said(outlook, heading, "next").argmax() == RELATED
    assert said(outlook, heading, "later").argmax() == RELATED
    assert said(outlook, heading, "earlier").argmax() == CONTENT
    assert said(outlook, byline, "previous").argmax() == CONTENT
    for place in PLACES:
        assert said(outlook, heading, place)[JUNK] < -2, "no page has any"


def test_each_line_hears_what_is_said_of_its_own_place() -> None:
    """Every line says its own number of every place, a tenth apart."""
    n = 16
    foretold = np.repeat(np.arange(n, dtype=np.float32)[:, None] / np.float32(10), OUTLOOK, 1)
    found = heard(foretold, np.arange(n), np.array([0, n])) * np.float32(40)  # of what was said, 0.25 is heard
    next_, previous, later, earlier = (found[:, place * SAID] for place in range(len(PLACES)))
    assert next_[[0, 1, 9]] == pytest.approx([0, 0, 8])
    assert previous[[0, 9, n - 1]] == pytest.approx([1, 10, 0])
    assert later[[1, 2, 3, 14]] == pytest.approx([0, 0, 0.5, 7])
    assert earlier[[0, 1, 13, 14]] == pytest.approx([7, 8, 15, 0])


def test_pages_hear_nothing_of_each_other() -> None:
    foretold = np.random.default_rng(0).normal(0, 3, (12, OUTLOOK)).astype(np.float32)
    both = heard(foretold, np.arange(12), np.array([0, 5, 12]))
    np.testing.assert_array_equal(both[:5], heard(foretold[:5], np.arange(5), np.array([0, 5])))
    np.testing.assert_array_equal(both[5:], heard(foretold[5:], np.arange(7), np.array([0, 7])))


def test_a_line_is_asked_about_lines_of_its_own_page() -> None:
    page = np.repeat([0, 1, 2], [1, 5, 40])
    asked = asked_lines(page, 3)
    for lines in asked:
        own = np.flatnonzero(lines >= 0)
        assert (page[lines[own]] == page[own]).all()
    for lines, (low, high) in zip(asked, [(1, 1), (-1, -1), (2, 12), (-12, -2)], strict=True):
        own = np.flatnonzero(lines >= 0)
        step = lines[own] - own
        assert (step.min(), step.max()) == (low, high)
