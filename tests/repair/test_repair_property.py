"""Repaired texts and their records give back the originals, whatever is in them; and policies and switches decide."""

from dataclasses import replace

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from moderation.moderate import Moderator
from moderation.policy import BUILT_IN, Policy, load_policy
from moderation.restoration import restore

ODD = [
    "發(fā)展",
    "優(yōu)化",
    "關(guan)鍵",
    "訪(訪)問",
    "業（yè）務",
    "(fā)",
    "发(",
    "&nbsp;",
    "&amp;lt;",
    "&#x4e2d;",
    "&lt;p&gt;",
    "&#8203;",
    "&",
    "<br/>",
    "<\\/a>",
    "<p class=x>",
    "<!--a-->",
    "<",
    ">",
    "宝\u200b妈\u200b兼\u200b职\u200b日结",
    "\u200b",
    "\ufeff",
    "👨\u200d👩\u200d👧",
    "å†œä¸š",
    "ä¸",
    "\ufffd\ufffd",
    "上?;鶎狱h",
    "公辦??等",
    "锟斤拷",
    "\n",
    "\r\n",
    "\n\n",
    " ",
    "据介绍，改造内容包括屋面防水、外墙保温和加装电梯等，居民可以提出意见。",
    "首页 新闻 登录 注册\n",
    "澳门新葡京娱乐城开户送88元彩金\n",
    "版权所有 京ICP备12345678号\n",
]
PAGE = st.lists(st.sampled_from(ODD) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=40).map(
    "".join
)


@pytest.fixture(scope="module")
def moderators() -> list[Moderator]:
    """Every policy with repair on, and as it is."""
    return [Moderator.load(policy=name, repair=repair) for name in BUILT_IN for repair in (True, None)]


@settings(max_examples=150, deadline=None)
@given(PAGE)
@example("".join(ODD))
@example("\n".join(ODD))
@example("&nbsp;" * 3 + "<br/>" * 3)
def test_repaired_text_comes_back_under_every_policy(moderators: list[Moderator], text: str) -> None:
    for moderator in moderators:
        result = moderator.clean(text)
        assert restore(result.text, orjson.loads(orjson.dumps(result.record()))) == text
        for repair in result.repairs:
            assert text[repair.start : repair.end] == repair.before
            assert result.text[repair.at : repair.at + len(repair.after)] == repair.after
        assert all(text[d["start"] : d["end"]] == d["text"] for d in result.record()["damage"])


@settings(max_examples=50, deadline=None)
@given(st.lists(PAGE, max_size=5))
def test_a_document_is_repaired_alone_as_it_is_in_a_batch(moderators: list[Moderator], texts: list[str]) -> None:
    for text, result in zip(texts, moderators[0].clean_many(texts), strict=True):
        assert result.record() == moderators[0].clean(text).record()


SENTENCE = "据介绍，改造内容包括屋面防水、外墙保温和加装电梯等，居民可以提出意见。&nbsp;他说，<br/>手艺丢不得\ufffd。"


def uncut(name: str) -> Policy:
    """A built-in policy that cuts no spans, which markup may be taken for."""
    return replace(load_policy(name), span_threshold=1.0)


@pytest.mark.parametrize(
    ("policy", "repair", "kinds"),
    [
        ("default", None, ["entity", "tag"]),
        ("keep-meta", None, ["entity", "tag"]),
        ("spam-only", None, []),
        ("flag-only", None, []),
        ("default", False, []),
        ("flag-only", True, ["entity", "tag"]),
    ],
)
def test_the_policy_decides_about_repair_unless_the_caller_does(
    policy: str, repair: bool | None, kinds: list[str]
) -> None:
    result = Moderator.load(policy=uncut(policy), repair=repair).clean(SENTENCE)
    assert [found.kind for found in result.repairs] == kinds
    assert result.text == (SENTENCE.replace("&nbsp;", "\xa0").replace("<br/>", "") if kinds else SENTENCE)
    assert result.damage == ((len(SENTENCE) - 2, len(SENTENCE) - 1),), "damage is marked under every policy"


def test_what_is_dropped_is_not_repaired() -> None:
    text = f"{SENTENCE}\n澳门新葡京&nbsp;真人百家乐&nbsp;六合彩&nbsp;时时彩&nbsp;开户&nbsp;送彩金&nbsp;\n{SENTENCE}"
    result = Moderator.load(policy=uncut("default")).clean(text)
    (removed,) = result.removed
    assert removed.text.count("&nbsp;") == 6
    assert len(result.repairs) == 4
    assert result.text[: removed.at].endswith("。\n")
    assert restore(result.text, result.record()) == text
