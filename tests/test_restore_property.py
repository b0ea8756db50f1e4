"""Whatever the text and the policy: the clean text and its record, through JSON, are the original."""

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from moderation.errors import RestoreError, TextError
from moderation.moderate import Moderator
from moderation.policy import BUILT_IN
from moderation.restoration import restore

JUNK = [
    "首页 新闻 登录 注册",
    "版权所有 江口日报社 京ICP备12345678号",
    "澳门新葡京娱乐城开户送88元彩金",
    "分享到：微信 微博",
    "上一篇：清明粿的做法",
    "加薇❤信ＡＢＣ１２３",
    "閱讀原文請點擊連結",
]
GOOD = [
    "据介绍，改造内容包括屋面防水、外墙保温和加装电梯等，居民可以通过业主代表会议提出意见。",
    "春笋剥壳以后切成滚刀块，放进开水里焯两分钟，这样吃起来就不会发涩。",
    "更多精彩小说请访问笔趣阁，他推开门，看见院子里落了一地的桂花。",
    "ä¸­æ\u0096\u0087ï¼\u008c锟斤拷&nbsp;&amp;lt;发(fā)布",
]
ODD = ["\0", "\ufeff", "\u2028", "\u200b", "\u200d", "👨\u200d👩\u200d👧", "𠮷", "\x85", "\t", "　", "", " "]
BREAKS = ["\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\n\r", "\u2029"]
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)

PIECE = st.sampled_from(JUNK + GOOD + ODD) | ANY
PAGE = st.lists(st.tuples(PIECE, st.sampled_from(BREAKS)), max_size=14).map(lambda p: "".join(a + b for a, b in p))


@pytest.fixture(scope="module", params=BUILT_IN)
def moderator(request: pytest.FixtureRequest) -> Moderator:
    return Moderator.load(policy=request.param)


def round_trip(moderator: Moderator, text: str) -> str:
    """Clean, write the record, read it, restore."""
    result = moderator.clean(text)
    return restore(result.text, orjson.loads(orjson.dumps(result.record(id="页"))))


@settings(max_examples=150, deadline=None)
@given(PAGE | ANY)
@example("")
@example("\n")
@example("\r\n\r\n")
@example("\n".join(JUNK))
@example("\r\n".join([JUNK[0], "", GOOD[0], "", JUNK[1], ""]))
@example("\n\n".join([GOOD[0], *JUNK, GOOD[1]]))
def test_any_text_comes_back_under_every_policy(moderator: Moderator, text: str) -> None:
    assert round_trip(moderator, text) == text


@settings(max_examples=50, deadline=None)
@given(st.lists(PAGE, max_size=6))
def test_documents_of_a_batch_come_back_one_by_one(moderator: Moderator, texts: list[str]) -> None:
    results = moderator.clean_many(texts)
    assert [restore(result.text, result.record()) for result in results] == texts
    assert [result.text for result in results] == [moderator.clean(text).text for text in texts]


def test_one_line_of_five_megabytes_comes_back(moderator: Moderator) -> None:
    line = (GOOD[1] + JUNK[2]) * (5_000_000 // len((GOOD[1] + JUNK[2]).encode()) + 1)
    assert len(line.encode()) >= 5_000_000
    assert round_trip(moderator, line) == line


@pytest.mark.parametrize("text", ["\ud800", "江\udc00口", "首页\n\udbff"])
def test_a_lone_surrogate_is_refused_with_its_place(moderator: Moderator, text: str) -> None:
    place = next(i for i, c in enumerate(text) if "\ud800" <= c <= "\udfff")
    with pytest.raises(TextError, match=rf"text 1 holds a lone surrogate \(U\+D.*at character {place}"):
        moderator.clean_many(["江口", text])


def test_dropping_policies_do_drop() -> None:
    page = "\n".join([JUNK[1], GOOD[0], JUNK[2], JUNK[1]])
    result = Moderator.load().clean(page)
    assert result.text.strip() == GOOD[0]
    assert "".join(piece.text for piece in result.removed).count("ICP") == 2


def test_changed_clean_text_is_refused() -> None:
    result = Moderator.load().clean("\n".join([*GOOD[:2], *JUNK]))
    with pytest.raises(RestoreError, match="the clean text is not the one these verdicts were written for"):
        restore(result.text + "。", result.record())


@pytest.mark.parametrize("missing", ["removed", "repairs", "clean_digest"])
def test_a_record_that_lacks_a_part_is_refused(missing: str) -> None:
    result = Moderator.load().clean(GOOD[0])
    record = {key: value for key, value in result.record().items() if key != missing}
    with pytest.raises(RestoreError, match=f"lacks what restoring needs .*{missing}"):
        restore(result.text, record)
