"""A small invented crawl, from a seed: sites with templates of their own, every line labelled as chrome or content.

Some chrome reads like prose, some content is short, headings recur, one story is printed by two sites and twice by one,
one page is there under several addresses, and one site has too few pages to tell anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final


@dataclass(frozen=True, slots=True)
class SitePage:
    """lines: text, and whether it is content."""

    url: str
    lines: tuple[tuple[str, bool], ...]

    @property
    def text(self) -> str:
        """The page as it is crawled."""
        return "\n".join(text for text, _ in self.lines) + "\n"


@dataclass(frozen=True, slots=True)
class Template:
    """Chrome above and below, headings that recur in the content, and sentences with gaps to fill."""

    host: str
    pages: int
    above: tuple[str, ...]
    below: tuple[str, ...]
    titles: tuple[str, ...]
    sentences: tuple[str, ...]
    headings: tuple[str, ...] = ()


PEOPLE: Final = (
    "陈守田",
    "孟桂兰",
    "周禾",
    "林小满",
    "罗大江",
    "何秀云",
    "方志远",
    "蒋月娥",
    "余长河",
    "沈青",
    "唐巧珍",
    "丁满仓",
)
PLACES: Final = (
    "桥头村",
    "柳树湾",
    "石板街",
    "北渡口",
    "三岔河",
    "青泥塘",
    "白果坪",
    "老鹰岩",
    "梨园镇",
    "沙井巷",
    "窑上",
    "望江台",
)
THINGS: Final = (
    "莲藕",
    "草鱼",
    "棉被",
    "竹筐",
    "油菜",
    "自行车",
    "石磨",
    "渔网",
    "豆腐",
    "红薯",
    "算盘",
    "雨伞",
)
TIMES: Final = (
    "清早",
    "傍晚",
    "上个月",
    "去年冬天",
    "开春以后",
    "赶集那天",
    "暑假里",
    "入伏以前",
    "秋收时节",
    "大雪过后",
)

NEWS: Final = Template(
    "www.qinghe-daily.example",
    18,
    (
        "首页 | 要闻 | 民生 | 文化 | 视频 | 数字报",
        "青禾是一座有着八百年历史的水边小城，这里的人说话慢，走路也慢。",
        "当前位置：首页 > 民生",
    ),
    (
        "欢迎广大读者为我们提供新闻线索，线索一经采用，本报将给予适当的报酬。",
        "凡本网注明来源为青禾日报的作品，版权均属于本报，转载时请保留作者姓名。",
        "上一篇 下一篇 返回列表",
        "版权所有 青禾日报社 某ICP备00000000号",
    ),
    ("{place}的{thing}又丰收了", "{person}和他的{thing}", "{time}，{place}修通了水渠"),
    (
        "{time}，记者在{place}见到{person}的时候，他正弯着腰收拾{thing}，说今年的雨水来得正好。",
        "{person}告诉记者，{place}一共有{n}户人家，靠{thing}过日子的就占了一半以上。",
        "村里的老人记得，{n}年前{place}还没有路，{thing}要靠肩挑到江边再装船。",
        "据介绍，{place}计划再添{n}处晾晒场，{person}负责登记，{thing}按户存放。",
        "“{thing}卖得出去，人才留得住。”{person}说完这句话，又回头去看{place}的方向。",
    ),
)
GOV: Final = Template(
    "www.baiguo.example",
    14,
    (
        "网站首页 政务公开 办事服务 互动交流",
        "为人民服务是我们的宗旨，您的满意是我们不断前进的动力。",
        "索引号 发文机关 成文日期",
    ),
    (
        "如果您对本站的内容有意见或者建议，可以拨打服务热线，也可以到办事大厅当面反映。",
        "建议使用一千零二十四乘七百六十八以上的分辨率浏览本站，以获得更好的阅读效果。",
        "主办：白果镇人民政府 承办：镇党政办公室",
        "打印本页 关闭窗口",
    ),
    ("关于{place}饮水工程停水检修的通告", "{place}{n}年防汛值班安排", "关于征集{thing}种植户的通知"),
    (
        "因{place}管网检修，{time}起分段停水，请{n}户居民提前储水，检修完毕后恢复供应。",
        "请符合条件的{thing}种植户携带身份证到{place}登记，联系人{person}，名额{n}个。",
        "{place}的值班员由{person}担任，遇有险情应当在{n}分钟之内报告镇防汛办。",
        "对登记有异议的，可以在公示之日起{n}日内向{person}提出书面申请。",
    ),
)
COOK: Final = Template(
    "cook.zaotai.example",
    16,
    (
        "灶台边 菜谱 食材 厨艺问答 我的收藏",
        "在灶台边，我们相信每一顿认真做的饭，都是写给家人的一封信。",
    ),
    (
        "做完这道菜的朋友，别忘了拍一张照片传上来，让更多的人看见你的手艺。",
        "温馨提示：烹饪有油温，操作需谨慎，孩子进厨房一定要有大人陪在旁边。",
        "收藏 点赞 分享到朋友圈",
        "灶台边 版权所有 侵权必究",
    ),
    ("{place}老法子做{thing}", "{person}家的{thing}", "{time}吃的{thing}"),
    (
        "{thing}先用清水泡上{n}分钟，{place}的人家还要加一小撮盐，这样才不会发苦。",
        "{person}的做法是小火慢煨，{n}分钟以后揭开盖子看一次，汤色发白就好了。",
        "我第一次吃到是在{place}，{time}，{person}端上来的时候还冒着热气。",
        "火候最要紧，{n}分钟是个大概的数，锅不一样、{thing}不一样，都要自己看着办。",
    ),
    ("食材", "做法", "小窍门"),
)
BBS: Final = Template(
    "bbs.jiangbian.example",
    20,
    (
        "江边论坛 版块 搜索 注册 登录",
        "各位坛友请文明发言，对不实的言论要敢于说不，共同维护江边的一方清净。",
        "楼主 只看该作者 倒序浏览",
    ),
    (
        "您需要登录以后才可以回帖，还没有账号的朋友，注册只要一分钟。",
        "本帖内容仅代表楼主个人的看法，与江边论坛的立场没有任何关系。",
        "发表回复 返回列表",
        "Powered by Jiangbian Archiver 手机版 小黑屋",
    ),
    ("{place}哪里能修{thing}？", "有没有人认识{person}师傅", "{time}在{place}捡到一个{thing}"),
    (
        "{time}我在{place}等了{n}分钟也没等到车，后来还是{person}捎了我一段。",
        "顶一下，{thing}我家也有一个，用了{n}年了，{place}的师傅说还能再修。",
        "楼上说得对，{person}的手艺没得挑，就是{place}那边不好停车。",
        "我问过{person}，他说{thing}要{n}块钱，{time}去还能便宜一点。",
    ),
)
SMALL: Final = Template(
    "luoye.example",
    4,
    ("落叶笔记 归档 关于我", "江边论坛 版块 搜索 注册 登录"),
    ("写字的人住在江边，院子里有一棵柿子树，每年秋天都会落一地的叶子。", "落叶笔记 版权所有"),
    ("{time}的{thing}", "记{person}"),
    (
        "{time}收到{person}的来信，说{place}的{thing}都卖完了，一共{n}斤。",
        "{place}的路还是老样子，{n}级石阶，一级也没少。",
    ),
)
TEMPLATES: Final = (NEWS, GOV, COOK, BBS, SMALL)
SYNDICATED: Final = (
    "两江交汇的地方，渡船停了整整九天，船工们把缆绳又加了一道。",
    "水文站的老余每隔一个小时就要下到江边去看一次水尺，笔记本上写满了数字。",
    "第十天的早上雾散了，第一班船上坐了十二个人，还有两筐没有卖完的藕。",
)
"""A story that two sites print, one of them twice."""
COPIES: Final = 12
"""Addresses of the page that is there under several."""


def authored_sites(seed: int = 4) -> list[SitePage]:
    """All pages, mixed as a crawl mixes them."""
    rng = Random(seed)
    pages = [page for template in TEMPLATES for page in site_pages(template, rng)]
    rng.shuffle(pages)
    return pages


def site_pages(template: Template, rng: Random) -> list[SitePage]:
    """The pages of one site."""
    bodies = [body(template, rng) for _ in range(template.pages)]
    for n in {"www.qinghe-daily.example": (2, 9), "bbs.jiangbian.example": (5,)}.get(template.host, ()):
        bodies[n] += [(line, True) for line in SYNDICATED]
    pages = [page(template, n, lines) for n, lines in enumerate(bodies)]
    if template is GOV:
        pages += [SitePage(f"{pages[0].url}?from={n}", pages[0].lines) for n in range(1, COPIES)]
    return pages


def page(template: Template, n: int, lines: Sequence[tuple[str, bool]]) -> SitePage:
    """A body inside the site's template."""
    above, below = ([(text, False) for text in part] for part in (template.above, template.below))
    return SitePage(f"https://{template.host}/p/{n}.html", (*above, *lines, *below))


def body(template: Template, rng: Random) -> list[tuple[str, bool]]:
    """A title and some paragraphs, under headings where the site has them."""
    found = [filled(rng.choice(template.titles), rng)]
    for heading in template.headings or ("",):
        found += [heading] * bool(heading)
        found += [filled(sentence, rng) for sentence in rng.sample(template.sentences, 2)]
    return [(line, True) for line in found]


def filled(pattern: str, rng: Random) -> str:
    """A sentence with its gaps filled."""
    return pattern.format(
        person=rng.choice(PEOPLE),
        place=rng.choice(PLACES),
        thing=rng.choice(THINGS),
        time=rng.choice(TIMES),
        n=rng.randint(3, 99),
    )
