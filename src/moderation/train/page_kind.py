"""What kind of page a labelled page is: its author's free words, such as `hk-news` or `forum-thread-tieba`, as a group.

A kind is cut into words at `-`, `_` and spaces; the first group of the table that knows one of them is the page's. The
order decides where several do: what spam does to a page comes before what the page is, and a list of teasers is a list
on whatever site. Pages without a kind belong to no group.
"""

import re
from collections.abc import Iterable
from typing import Final

HONEST: Final = "honest look-alike"
OTHER: Final = "other"
"""Kinds of which the table knows no word."""

LOOKALIKES: Final = frozenset(
    {
        "chess-real-not-gambling",
        "chinese-names-like-adult",
        "gov-police-honest-gambling",
        "lottery-official-vs-spam",
        "press-history-hard-negatives",
        "quote-inside-negatives-community",
        "same-phrases-as-content",
        "tea-word-ambiguity",
    }
)
"""Kinds of honest pages that look like spam or chrome and don't say so at either end, found by reading the pages."""

GROUPS: Final[tuple[tuple[str, str], ...]] = (
    (
        "spam doorway",
        "bait casino crusher doorway dubious fake forecast ghost imposter keyword keywords kit novelty pirate porn "
        "runpoints salad scraper spider spun stuffing surrogacy tips",
    ),
    (
        "hijacked page",
        "adult betting brand cloak cloaked counterfeit damage damaged detective disguised esports gambling garbled "
        "hacked hidden hijack hijacked illicit injected injection invoice loan lottery mojibake parasite promo "
        "replaced scam seo spam splice spliced stolen weapons worldcup "
        "dense glued head kseo mixed pk10 splices tail title",
    ),
    (
        "other language",
        "arabic australia bulgarian canada de en english es fr french german id india ireland ja japanese jp "
        "kenyan ko korean kr newfoundland nigeria nz philippines pt ru russian spanish uk us vi vietnamese",
    ),
    (
        "system",
        "403 cookie deleted enroll error form jsleak login noise paste popup stub system template templates unipage "
        "buttons fragments placeholder poll strip ui widgets",
    ),
    (
        "list or portal",
        "aggregator archive archives catalog category channel classified digest directory gallery headings home "
        "hub index links list lists map menu menus portal related results roundup schedule search table tag tags "
        "teaser teasers timetable toc",
    ),
    (
        "forum",
        "bbs board comment comments community consult faq forum guestbook message messages microblog phpbb ptt qa qna "
        "question questions social thread tieba weibo zhihu",
    ),
    (
        "shop",
        "auction b2b car catalogue chip commodity component dealer estate goods hotel house item listing "
        "mall ota price prices "
        "product products property sale sales shop spec specs store supply trade used "
        "apartment apps building materials",
    ),
    (
        "documentation",
        "almanac api apidoc app bus changelog cli code course csdn dataset dictionary doc docs download "
        "encyclopedia exam git github glossary guide help horoscope icon json library linux lyrics math readme "
        "recipe reference snippet software spreadsheet syllabus tutorial vocab weather wiki "
        "abstract ascii css manual patent pinyin script stackoverflow teaching",
    ),
    (
        "government or school",
        "academic academy agri association bureau cdc charity church city clinic college county court customs "
        "discipline district doctor edu education fire forestry gov government health hospital hr institute "
        "judgment kindergarten law legal medical museum ngo nurse obituary party police policy procuratorate province "
        "religion research school society soe statistics student tax temple tender township union univ "
        "university village "
        "bid club embassy homestead notice office official procurement project provincial",
    ),
    (
        "company",
        "about agency bank bearing case chemical company contact corporate crane decor device driving engineering "
        "enterprise factory franchise greenhouse industrial instrument job jobs lawyer listed logistics machinery "
        "manufacturing newsroom packaging pharma pump recruit recruitment service solar supplier textile training "
        "valve vendor water "
        "agent airline market seal",
    ),
    (
        "article",
        "account appointment article blog classics column columnist commentary conference consumer culture drama "
        "energy entertain entertainment environment epaper essay event exhibition expo feed festival film "
        "finance food game history "
        "interview live magazine media music news newspaper novel opinion paper parenting photo podcast poem press "
        "prose radio report review roundtable science self selfmedia sports stock story talk tech transcript "
        "travel travelogue tv video wechat wire "
        "briefs comic daily fishing garden journalist letter obit oldblog play post shortnews text toutiao "
        "weixin xinhua",
    ),
)
"""Groups with the words of their kinds, in the order in which they are asked."""
WORDS: Final = tuple((group, frozenset(words.split())) for group, words in GROUPS)
ORDER: Final = (HONEST, *(group for group, _ in GROUPS), OTHER)
"""All groups, in the order of reports."""


def group_of(kind: str) -> str:
    """The group of a kind.

    >>> group_of("honest-lottery-news"), group_of("gambling-hospital"), group_of("hk-news-list")
    ('honest look-alike', 'hijacked page', 'list or portal')
    """
    if kind.startswith("honest") or kind.endswith("-honest") or kind in LOOKALIKES:
        return HONEST
    words = frozenset(re.split(r"[-_\s]+", kind.lower()))
    return next((group for group, known in WORDS if words & known), OTHER)


def in_order(groups: Iterable[str]) -> list[str]:
    """Each group once, in the order of reports."""
    found = set(groups)
    return [group for group in ORDER if group in found]
