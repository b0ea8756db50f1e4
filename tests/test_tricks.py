"""Which tricks of spam are named, and that honest text is not looked at."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation import Moderator
from moderation.tricks import PATTERNS, SIGNS, find_tricks

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
ALTERNATIVES = {
    "pictures": ["皇❤冠", "V ❤", "薇♥"],
    "split characters": ["亻言", "贝者", "王求", "君羊", "采彡"],
    "sound-alikes": """薇信 葳信 徽信 溦信 威信 微芯 加薇 +威 ➕伽 伽V 珈微 扣扣 蔻蔻 秋秋 扣裙 Q裙 裙号 菠菜 博采 菠采
        ⑥合 6盒 六荷 盒采 时时采 纸飞机 果聊 倮聊 开發漂 发漂 做正 办正""".split(),  # noqa: SIM905 - easier to read
    "initials": ["vx", "V信", "qq", "TG", "yp", "BC", "wx"],
}


@pytest.fixture(scope="module")
def moderator() -> Moderator:
    return Moderator.load()


@pytest.mark.parametrize("trick", PATTERNS)
def test_every_trick_is_named_where_it_is_played(trick: str) -> None:
    assert trick in find_tricks(HIDDEN[trick])


@given(
    st.text(
        st.sampled_from(
            "".join(HIDDEN.values()) + "加 ·.  十6六合盒荷芯微伽V❤時时采纸飞机倮聊發漂做正贝者王求君羊彡（新）Aaб"
        ),
        max_size=12,
    )
)
def test_looking_for_signs_first_loses_no_trick(text: str) -> None:
    assert find_tricks(text) == tuple(name for name, pattern in PATTERNS.items() if re.search(pattern, text))


@pytest.mark.parametrize("trick", PATTERNS)
def test_every_alternative_of_a_pattern_has_a_sign(trick: str) -> None:
    for text in ALTERNATIVES.get(trick, ()):
        assert re.search(PATTERNS[trick], text), text
        assert re.search(f"[{SIGNS[trick]}]", text), text


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
