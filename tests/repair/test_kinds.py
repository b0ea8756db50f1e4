"""Each kind of damage: what is mended, and the honest text that looks like it and stays."""

import time
from itertools import pairwise

import numpy as np
import pytest

from moderation.repair import KINDS, find_damage, find_repairs, page_of
from moderation.text.tables import built_tables


def mended(text: str, kind: str = "") -> str:
    """The text with its repairs, all or those of one kind."""
    for fix in reversed(find_repairs(text, None, built_tables())):
        if kind in ("", fix.kind):
            text = text[: fix.start] + fix.after + text[fix.end :]
    return text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("深入貫徹發(fā)展理念，優(yōu)化營商環(huán)境。", "深入貫徹發展理念，優化營商環境。"),
        ("他訪(訪)問了關(關)鍵人物，業(業)務繁忙。", "他訪問了關鍵人物，業務繁忙。"),
        ("關(guān)于我們\n聯(lián)系我們", "關于我們\n聯系我們"),
        (
            "將關(guān)(guan)注，訪(訪)（fǎng）(訪)問，發(fā)展，聯(lián)系，個(gè)人(注)",
            "將關注，訪問，發展，聯系，個人(注)",
        ),
        ("將關(guān)注，將發(fā)展(", "將關注，將發展("),
        ("時(shi)間備(bei)份，據(ju)庫(ku)，器(qi)列(lie)", "時間備份，據庫，器列"),
        ("發（fā）展，業（yè）務，網（wǎng）站，關（guān）于，產（chǎn）品", "發展，業務，網站，關于，產品"),
        ("發(fā)展業(yè)務，配閤(hé)網(wǎng)站建設(shè)產(chǎn)品", "發展業務，配閤網站建設產品"),
        ("發(fā)展業(yè)務(含代理)，網(wǎng)站(A)建設(shè)產(chǎn)品(一)", "發展業務(含代理)，網站(A)建設產品(一)"),
    ],
)
def test_readings_of_cloaked_text_go_and_other_brackets_stay(text: str, clean: str) -> None:
    assert mended(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "这种“厕圂（hùn）合一”的模型十分常见。",
        "B：我去超市(chāoshì)买东西(mǎi dōngxi)。我换(huàn)一双鞋(xié)，一斤(jīn)。",
        "我們去超市(chāoshì)買(mǎi)東西(dōngxi)，還(hái)要換(huàn)錢(qián)(huàn qián)。生詞(shēngcí)，課文(kèwén)",
        "春(chūn)眠(mián)不(bù)觉(jué)晓(xiǎo)，处(chù)处(chù)闻(wén)啼(tí)鸟(niǎo)。",
        "覬（jì）覦（yú）二字，今人多誤讀。",
        "饕(tāo)餮(tiè)紋飾見於青銅器，魑(chī)魅(mèi)亦然。",
        "“还（huán）”字在欠条里读作归还。",
        "他(ta)说，他(ta)的意思是他(ta)不去。",
        "功率(kW)、高(mm)、長(cm)、評(9)、區（縣）、是(Y)否(N)",
    ],
)
def test_brackets_that_explain_something_stay(text: str) -> None:
    assert mended(text) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("会议指出，&ldquo;三个不变&rdquo;。&nbsp;散会&hellip;", "会议指出，“三个不变”。\xa0散会…"),
        ("&#x4e2d;国&#20013;心", "中国中心"),
        ("甲&amp;乙公司，A&amp;amp;B", "甲&乙公司，A&B"),
        ("正文&lt;p&gt;正文", "正文<p>正文"),
        ("正文&amp;nbsp;&amp;amp;lt;正文", "正文\xa0<正文"),
        ("装在&#8203;碗里", "装在碗里"),
    ],
)
def test_entities_in_prose_are_decoded(text: str, clean: str) -> None:
    assert mended(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "R&D投入，AT&T公司，Q&A；甲&乙；&nbsp没有分号",
        "&unknownname;文字，&#xe61b;图标，&#0;&#xD800;&#1234567;&;",
        "if (a &amp;&amp; b) { return x; }",
        "在 HTML 里用 &nbsp; 表示不换行的空格。",
        "返回的源码里，title 变成了一串形如 &#28595;&#38376; 的字符。",
    ],
)
def test_ampersands_that_are_content_stay(text: str) -> None:
    assert mended(text) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("关节响分两种。<br/>一种叫生理性弹响。", "关节响分两种。一种叫生理性弹响。"),
        ("村口的水车停了。<\\/p>", "村口的水车停了。"),
        ('<p style="text-indent:2em">五、过户所涉及的税费</p>', "五、过户所涉及的税费"),
        ("这些碳会不会被释放。<o:p></o:p><!--more-->", "这些碳会不会被释放。"),
        ("他说<b>很好</b>，<IMG SRC=a.jpg>走了", "他说很好，走了"),
        ("第一行 line<br>break 换行", "第一行 line break 换行"),
    ],
)
def test_tags_in_prose_go(text: str, clean: str) -> None:
    assert mended(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "若a<b>c，则无解；若 1<2 且 3>2",
        "发件人 <wang@example.com>，<王小明>，《书名》<第一章>",
        "#include <stdio.h>",
        "fn parse(src: &str) -> Result<Vec<Op>, String> {",
        "<ul>\n  <li>首页</li>\n</ul>\n以上是 HTML 的写法，XML 也一样。",
        "<script>alert('你好')</script>",
        "您可以使用这些 HTML 标签：<b> <code> </b>",
        "未完<!-- 注释没有结束",
    ],
)
def test_angle_brackets_that_are_content_stay(text: str) -> None:
    assert mended(text) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("宝\u200b妈\u200b兼\u200b职，日\u200b结", "宝妈兼职，日结"),
        ("上\u200d门\u200d服\u2060务\u200c员", "上门服务员"),
        ("加bm\u200bzq\u200b20\u200b7信", "加bmzq207信"),
        ("第一页\n\ufeff第二页", "第一页\n第二页"),
    ],
)
def test_zero_width_spam_goes(text: str, clean: str) -> None:
    assert mended(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff开头的字节顺序标记",
        "👨\u200d👩\u200d👧\u200d👦一家 👩\u200d🍳 👁\ufe0f\u200d🗨\ufe0f 🏳\ufe0f\u200d🌈",
        "می\u200cخواهم می\u200cروم نمی\u200cدانم کتاب\u200cها",
        "क्\u200dष क्\u200cष क्\u200dष क्\u200dष",
        "Auf\u00adla\u00adge Don\u00adau\u00addampf\u00adschiff",
        "例如“棋\u200c牌”“代\u200b办”，肉眼看不出",
        "v3.6.0\u200b",
    ],
)
def test_zero_width_characters_that_are_spelling_or_few_stay(text: str) -> None:
    assert mended(text) == text


def as_latin(text: str, encoding: str = "cp1252") -> str:
    """The text's UTF-8, misread; the five bytes that windows-1252 lacks as controls."""
    return "".join(
        bytes([b]).decode("latin-1" if encoding == "latin-1" or b in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "cp1252")
        for b in text.encode()
    )


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
@pytest.mark.parametrize("inner", ["中文", "农业部公告，第三号。", "𠮷野家的牛肉饭", "首页"])
def test_mojibake_that_round_trips_is_read_again(inner: str, encoding: str) -> None:
    text = f"他说“{as_latin(inner, encoding)}”—好 {as_latin(inner, encoding)} ok"
    assert mended(text) == f"他说“{inner}”—好 {inner} ok"


@pytest.mark.parametrize(
    "text",
    ["Ça déjà été à Genève, señor Müller", "«é»“è”", as_latin("中"), as_latin("中文")[:-1], "x" + as_latin("中文")[1:]],
)
def test_letters_with_accents_and_mojibake_that_lacks_a_byte_stay(text: str) -> None:
    assert mended(text) == text


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("首\ufffd\ufffd页", ["\ufffd\ufffd"]),
        ("上?;鶎狱h", ["?;鶎"]),
        ("高質??h級", ["??h"]),
        ("備案的全日制公辦??等院校", ["??"]),
        ("锟斤拷锟斤拷", ["锟斤拷锟斤拷"]),
        (as_latin("中文字")[:-1], [as_latin("中文字")[:-1]]),
        ("真的吗??我不信。what??", []),
        ("你去哪??他问", []),
        (as_latin("中文"), []),
    ],
)
def test_what_can_not_be_mended_is_marked(text: str, marked: list[str]) -> None:
    assert [text[a:b] for a, b in find_damage(page_of(text, None, built_tables()))] == marked
    if marked:
        assert mended(text) == text


def test_only_what_stays_is_mended() -> None:
    text = "甲&nbsp;乙&nbsp;丙"
    keep = np.ones(len(text), np.bool_)
    keep[3] = False
    assert [fix.start for fix in find_repairs(text, keep, built_tables())] == [8]
    assert find_damage(page_of("甲\ufffd乙", np.array([True, False, True]), built_tables())) == ()


def test_repairs_are_sorted_and_apart() -> None:
    text = '發(fā)展&nbsp;<br title="&quot;業(yè)">的\u200b服\u200b務\u200b網(wǎng)站å†œä¸š' * 20
    fixes = find_repairs(text, None, built_tables())
    assert {fix.kind for fix in fixes} == {kind.name for kind in KINDS}
    assert all(a.end <= b.start for a, b in pairwise(fixes))


def test_every_kind_has_a_name_of_its_own() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) == 5


@pytest.mark.parametrize("text", ["", "\n", "(", "發(", "&", "<", "\u200b", "\ufeff", "發(fā", "ä¸", "?"])
def test_the_shortest_texts_are_left_alone(text: str) -> None:
    assert mended(text) == text


@pytest.mark.parametrize(
    "unit", ["發(fā)展訪(訪)問", "發(", "你&nbsp;", "你<br/>", "<!--", "<a ", "你\u200b", "å†œä", "?"]
)
def test_work_grows_with_the_length_and_not_faster(unit: str) -> None:
    def seconds(characters: int) -> float:
        text = unit * (characters // len(unit))
        begin = time.process_time()
        find_repairs(text, None, built_tables())
        find_damage(page_of(text, None, built_tables()))
        return time.process_time() - begin

    seconds(1_000)
    short, long = seconds(20_000), seconds(200_000)
    assert long < 40 * short + 0.5
