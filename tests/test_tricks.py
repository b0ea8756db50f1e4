"""Which tricks of spam are named, and that honest text is not looked at."""

import pytest

from moderation import Moderator
from moderation.tricks import PATTERNS, find_tricks

HIDDEN = {
    "invisible": "免费\u200b看片 加微\u2060信",
    "apart": "澳·门·新·葡·京",
    "pictures": "皇❤冠体育",
    "full-width": "ｂｅｔ３６５体育",
    "enclosed": "联系①③⑧",
    "mixed scripts": "bеt365",
    "upside down": "ʇǝq体育",
    "split characters": "加薇亻言",
    "sound-alikes": "菠菜平台招代理",
    "initials": "看片加vx：",
    "readings": "免費(fei)看片",
}


@pytest.fixture(scope="module")
def moderator() -> Moderator:
    return Moderator.load()


@pytest.mark.parametrize("trick", PATTERNS)
def test_every_trick_is_named_where_it_is_played(trick: str) -> None:
    assert trick in find_tricks(HIDDEN[trick])


@pytest.mark.parametrize(
    "line",
    [
        "澳门新葡京娱乐场官网",
        "注册即送88元彩金",
        "加微信看片，QQ群已满",
        "国产 精品 视频",
        "Best casino online, join now",
    ],
)
def test_spam_in_plain_words_plays_none(line: str) -> None:
    assert set(find_tricks(line)) <= {"initials"}


def test_an_honest_line_names_no_trick_whatever_it_holds(moderator: Moderator) -> None:
    text = "目　录\n他发来一句“👨‍👩‍👧一家人齐了❤”，并说ＡＢ两组的①号样品都已送检，下周三前会把结果寄给大家。"
    assert [verdict.tricks for verdict in moderator.clean(text).verdicts if verdict.label == "content"][-1] == ()
