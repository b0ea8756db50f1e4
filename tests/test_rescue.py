"""Good lines with spam in them: kept without it where the rest reads as content, and left alone everywhere else."""

import numpy as np
import pytest
from numpy.typing import NDArray

from moderation.labels import CONTENT, INDEX, NAMES
from moderation.lines import read_lines
from moderation.moderate import Moderator
from moderation.rescue import RESCUED, rescue
from moderation.text.batch import pack

SPLICED = "减速机的润滑油要换成冬季牌号，换油周期从六个月缩短到四个月。澳门金沙娱乐城app下载注册送58元"
SURE = np.float32(0.8)
SPAM = "澳门金沙网址|金沙娱乐|时时彩平台|北京赛车pk10|百家乐技巧"


@pytest.fixture(scope="module")
def moderator() -> Moderator:
    return Moderator.load()


def after_rescue(moderator: Moderator, text: str, label: str) -> NDArray[np.float32]:
    """The probabilities of a single line that both stages called `label`."""
    model = moderator.model
    lines = read_lines(pack([text]), model.tables)
    assert model.spans is not None
    before = np.full((1, len(NAMES)), (1 - SURE) / (len(NAMES) - 1), np.float32)
    before[0, INDEX[label]] = SURE
    kept = before.copy()
    found: NDArray[np.float32] = rescue(lines, before, model.lines, model.spans, model.tables)[0]
    np.testing.assert_array_equal(before, kept)
    return found


def test_a_sentence_with_a_brand_behind_it_is_content_after_all(moderator: Moderator) -> None:
    found = after_rescue(moderator, SPLICED, "gambling")
    assert found[CONTENT] == RESCUED
    assert found.sum() == pytest.approx(1)
    assert found[1:].argmax() + 1 == INDEX["gambling"]


def test_the_sentence_is_kept_and_the_brand_is_cut(moderator: Moderator) -> None:
    page = f"真空搅拌机冬季保养要点\n{SPLICED}\n长期不用的设备，每周空载运转十分钟，同时检查电机的绝缘电阻。"
    result = moderator.clean(page)
    assert "换油周期从六个月缩短到四个月" in result.text
    assert "金沙" not in result.text


@pytest.mark.parametrize("text", [SPAM, "金沙娱乐城", "澳门金沙", ""])
def test_spam_stays_spam(moderator: Moderator, text: str) -> None:
    assert after_rescue(moderator, text, "gambling")[INDEX["gambling"]] == SURE


@pytest.mark.parametrize("label", ["nav", "footer", "noise", "content"])
def test_lines_that_are_no_spam_are_left_alone(moderator: Moderator, label: str) -> None:
    assert after_rescue(moderator, SPLICED, label)[INDEX[label]] == SURE
