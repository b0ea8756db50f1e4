"""Documents that kernels and their twins are run on, by what is odd about them; and texts made by hypothesis."""

from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

from moderation.lines import Lines, read_lines
from moderation.text.batch import pack
from moderation.text.tables import built_tables

ARTICLE = """首页 > 新闻中心 > 民生
老街的修鞋摊又开张了
2024-03-18 09:12　来源：江口晚报　编辑：周禾

　　三月里的第一个晴天，陈师傅把修鞋摊重新支在了桥头。他说，手艺丢不得，街坊们的鞋跟还等着他呢。
　　摊子不大，一台手摇机，三只木箱，可来的人不少。“坐一会儿，马上就好。”他低着头，针脚又细又密。
　　据街道办介绍，今年还将有十二个便民摊点陆续开放，涉及配钥匙、磨剪刀、缝补衣裳等老手艺。

上一篇：桥头的樱花开了
下一篇：周末去哪儿？
相关阅读
· 修伞人老林的最后一个夏天
· 巷口的馄饨担子
版权所有 © 江口晚报 京ICP备12345678号-1"""

SPAM = """澳门新葡京娱乐城，注册即送88元彩金！！！
加薇❤信 ＡＢＣ１２３ 看片不卡
【六合彩】今晚特码公开，内部资料100%准
最新章节 全文阅读 txt下载 手机阅读 笔趣阁
代开发票 +Q：8 8 6 6 1 2 3 | 低价 | 秒到账"""

DOCUMENTS: Final[dict[str, list[str]]] = {
    "no documents": [],
    "an empty document": [""],
    "empty documents in a row": ["", "", "春天来了。", ""],
    "breaks alone": ["\n", "\n\n\n", "\r\n", "\r\n\r\n", "\r", "\r\r\n", "\n\r"],
    "blank lines": ["  \n　　\n\t\n\u200b\u200d\n\ufeff \u3000\n", "　首页　\n   \n　联系我们"],
    "an article": [ARTICLE],
    "spam": [SPAM],
    "carriage returns": [ARTICLE.replace("\n", "\r\n"), "第一行\r第二行\r\n\r第三行\r\r\n", "首页\r"],
    "other separators": ["上一段\u2028下一段\u2029第三段\x85第四段\x0b\x0c第五段", "\u2028\n\u2029"],
    "full width": ["ＡＢＣ　１２３，：；！？（ＯＫ）", "Ｗｗｗ．ｅｘａｍｐｌｅ．ＣＯＭ／ｉｎｄｅｘ", "①②③⑴⒈㈠％＃＠￥"],
    "mixed script": [
        "Привет мир 你好 こんにちは 안녕하세요 مرحبا नमस्ते",
        "iPhone 15 Pro 手机壳 ケース ケース",
        "é à ñ ü ǚ Ａ́",
    ],
    "damaged": [
        "锟斤拷烫烫烫\ufffd\ufffd\ufffd",
        "\ue000\ue001\uf8ff私用区",
        "ä¸­æ\x96\x87ç½\x91é¡µ",
        "\x00\x01\x02",
        "正\x00文\x7f里\x9f有控制符",
        "&nbsp;&amp;nbsp;&#20013;\\u4e2d",
    ],
    "traditional": [
        "閱讀原文請點擊連結，關於我們與聯絡方式",
        "發佈時間：二〇二四年，臺灣網友熱議",
        "後來，皇后與乾隆在裡面喝麵湯",
    ],
    "bracketed readings": [
        "發(fā)布會(huì)上，他訪(訪)問了關(guan)鍵人物",
        "发（fā）布会（hui）上，他访（访）问了关(guān)键人物",
        "绿(lǜ)女(nǚ)士，旅(lv)行，呂(LÜ)氏",
        "发(xx)布(布告)会()上(",
        "发(fā",
        "发(fā)(fā)布",
        "说(说说)，他(他",
        "双(shuang)庄(zhuangg)床(chuángg)",
        "关(g uan)键，关( guan)键，关\u200b(guan)键，发（ｆā）布",
        "访(访)",
        "的(de)的(dí)的(dì)了(liǎo)着(zháo)",
        "(fā)布 a(a) 1(1)",
    ],
    "invisible": [
        "零\u200b宽\u200c空\u200d格\u2060与\ufeff标记\u00ad",
        "\u200b首\u200b页 \u200b 登\u200d录\u200b",
        "葛\U000e0100城",
    ],
    "emoji and astral": [
        "👨\u200d👩\u200d👧一家人❤️🔥💰",
        "𠮷野家的𠜎味牛肉飯𪚥",
        "\U0001f600\U0001f1e8\U0001f1f3 𝓐𝓑𝓒 𝟙𝟚𝟛",
    ],
    "beyond the tables": ["\U00030000\U0003134a生僻\U000e0001字\U000f0000\U0010ffff"],
    "one character a line": ["一\n二\nA\n1\n。\n|\n \n(\n发"],
    "separators": ["首页|新闻|体育|财经|娱乐", "| | | |", "-----------------", "www.example.com/a/b_c-d?e=f&g=h"],
    "one giant line": ["桥头的樱花开了，风一吹就落了满地。" * 700 + "123" * 50],
    "many documents": [line for line in ARTICLE.split("\n") for _ in range(8)],
    "a batch": [ARTICLE, "", SPAM, "首页\n\n" + ARTICLE, "\n", SPAM.replace("\n", "\r\n"), ARTICLE.split("\n")[4]],
}
NAMES: Final = list(DOCUMENTS)

CHARS = st.sampled_from(
    "发發布关關访的了在女绿〇一二三，。！？：；、（）()【】「」“”…—|-_·>»/\\*ABCabcüǚāéＡｂ１２０123①"
    " \t\r\n　\u00a0\u200b\u200d\ufeff\u2028\u2029\x00\x85\ufffd\ue000かな한글жم❤️😀𠮷\U00030000\U000e0100"
)
PIECES = st.sampled_from(
    [
        "\n",
        "\r\n",
        "\n\n",
        "(fā)",
        "（guan）",
        "(lv)",
        "(",
        "发(发)",
        "首页 新闻 登录",
        "版权所有",
        "他说，手艺丢不得。",
        "2024-03-18",
    ]
)
TEXTS = st.lists(CHARS | PIECES | st.characters(exclude_categories=["Cs"]), max_size=60).map("".join)
DOCUMENT_LISTS = st.lists(TEXTS, max_size=5)


def lines_of(texts: Sequence[str]) -> Lines:
    """The documents as the judge reads them."""
    return read_lines(pack(texts), built_tables())
