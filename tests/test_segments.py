"""A page that arrives as one giant line is judged by its segments; junk among them is cut out of the line."""

import pytest

from moderation import Moderator
from moderation.restoration import restore

NAV = "首页 新闻中心 政务公开 办事服务 互动交流 走进临河 网站地图 联系我们 "
TITLE = "临河县图书馆新馆本周六开放 "
META = "发布时间：2024-03-18  来源：临河县文化馆  浏览次数：256  字号：【大 中 小】  打印本页  "
PROSE = (
    "临河县图书馆新馆将于本周六正式向市民开放，首批上架图书十二万册，设有少儿阅览室、自习室和地方文献室。"
    "馆长陈立新在接受采访时说，新馆延长了开放时间，周末开到晚上九点，希望上班族下班后也能来坐一坐。"
    "据了解，市民凭身份证即可免费办理借书证，每人一次最多可以借阅十本，借期三十天，还可以在网上续借一次。"
)
FOOT = "  上一篇：春季招聘会下周举行  下一篇：没有了  版权所有 临河县人民政府  技术支持：临河网络  联系我们 网站地图"
GIANT = NAV + TITLE + META + PROSE + FOOT


@pytest.fixture(scope="module")
def moderator() -> Moderator:
    return Moderator.load()


def test_the_article_stays_and_the_chrome_around_it_goes(moderator: Moderator) -> None:
    result = moderator.clean(GIANT)
    assert PROSE in result.text
    assert "政务公开" not in result.text
    assert "打印本页" not in result.text
    assert "版权所有" not in result.text


def test_every_cut_is_a_span_with_its_own_label_and_score(moderator: Moderator) -> None:
    (verdict,) = moderator.clean(GIANT).verdicts
    assert (verdict.label, verdict.action) == ("content", "keep")
    assert {span.label for span in verdict.spans} >= {"nav", "footer"}
    assert all(0.5 <= span.score <= 1 for span in verdict.spans)
    assert all(a.end <= b.start for a, b in zip(verdict.spans, verdict.spans[1:], strict=False))


def test_a_giant_line_is_put_together_again(moderator: Moderator) -> None:
    result = moderator.clean(GIANT)
    assert restore(result.text, result.record()) == GIANT


def test_a_keyword_kit_of_any_length_is_dropped_whole(moderator: Moderator) -> None:
    kit = "国产精品免费观看 亚洲成人在线视频 欧美激情一区二区 高清无码在线播放 " * 20
    (verdict,) = moderator.clean(kit).verdicts
    assert (verdict.label, verdict.action, verdict.spans) == ("adult", "drop", ())


def test_a_giant_line_has_no_say_in_other_documents(moderator: Moderator) -> None:
    other = "首页\n" + PROSE
    assert moderator.clean_many([GIANT, other])[1].verdicts == moderator.clean(other).verdicts
