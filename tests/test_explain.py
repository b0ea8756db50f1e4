"""The words that decided: the model's own weights, none lost and none invented."""

import numpy as np
import pytest

from moderation.errors import TextError
from moderation.explain import SHAPE, Reason, contributions, explain, read_line, runner_up, spread
from moderation.judge import line_scores
from moderation.labels import CONTENT, INDEX
from moderation.model.model import Model
from moderation.moderate import Moderator

LINES = [
    "澳门新葡京娱乐城开户送88元彩金",
    "版权所有 江口日报社 京ICP备12345678号",
    "據介紹，改造內容包括屋面防水、外墻保溫和加裝電梯等。",
    "加 薇❤信：ＡＢＣ１２３ 免費領取",
    "發(fā)布于昨天",
    "笋",
    "\u200b　江口 \t 市　",
]


@pytest.fixture(scope="module")
def model() -> Model:
    return Moderator.load().model


def line_odds(line: str, model: Model, wanted: int, against: int) -> float:
    """Log odds as the first stage gives them."""
    scores = line_scores(read_line(line, model), model.lines)[0].astype(np.float64)
    return float(np.log(scores[wanted]) - np.log(scores[against]))


@pytest.mark.parametrize("line", LINES)
def test_contributions_add_up_to_the_log_odds(model: Model, line: str) -> None:
    wanted = INDEX["gambling"]
    parts = contributions(read_line(line, model), model, wanted, CONTENT)
    assert parts.chars.shape == (len(line),)
    total = parts.chars.sum() + parts.shape + parts.rest
    assert total == pytest.approx(line_odds(line, model, wanted, CONTENT), abs=1e-3)


@pytest.mark.parametrize("line", LINES)
def test_reasons_are_words_of_the_original_line_by_weight(model: Model, line: str) -> None:
    reasons = explain(line, "gambling", model, top=100)
    assert all(line[r.start : r.end] == r.word for r in reasons if r.word != SHAPE)
    weights = [abs(reason.weight) for reason in reasons]
    assert weights == sorted(weights, reverse=True)
    assert all(isinstance(reason, Reason) and not reason.word.isspace() for reason in reasons)


def test_invisible_characters_have_no_weight_of_their_own(model: Model) -> None:
    line = "江\u200b口市民"
    parts = contributions(read_line(line, model), model, INDEX["seo"], CONTENT)
    assert parts.chars[1] == 0


def test_top_limits_the_number(model: Model) -> None:
    assert len(explain(LINES[0], "gambling", model, top=2)) == 2


def test_content_is_weighed_against_its_likeliest_rival(model: Model) -> None:
    line = LINES[2]
    read = read_line(line, model)
    rival = runner_up(read, model)
    assert rival == int(line_scores(read, model.lines)[0, 1:].argmax()) + 1
    chars = contributions(read, model, CONTENT, rival).chars
    words = [reason for reason in explain(line, "content", model, top=100) if reason.word != SHAPE]
    assert [reason.weight for reason in words] == pytest.approx([chars[r.start : r.end].sum() for r in words])


@pytest.mark.parametrize("line", ["", "   ", "\u200b\u200d"])
def test_a_line_without_visible_characters_has_no_reasons(model: Model, line: str) -> None:
    assert explain(line, "nav", model) == ()


def test_a_lone_surrogate_is_a_text_error(model: Model) -> None:
    with pytest.raises(TextError, match="lone surrogate"):
        explain("江\ud800口", "nav", model)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 9])
def test_spreading_gives_each_character_its_share(length: int) -> None:
    grams = [range(i, j + 1) for i in range(-1, length + 1) for j in range(i, min(i + 4, length + 1))]
    weight = np.random.default_rng(1).normal(size=len(grams))
    expected = np.zeros(length)
    marks = 0.0
    for gram, w in zip(grams, weight, strict=True):
        covered = [i for i in gram if 0 <= i < length]
        marks += 0.0 if covered else w
        for i in covered:
            expected[i] += w / len(covered)
    shares, rest = spread(weight, length)
    np.testing.assert_allclose(shares, expected)
    assert rest == pytest.approx(marks)
