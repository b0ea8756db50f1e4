"""Invented pages with a new kind of junk: calls into a live-stream sale, in the middle of honest news."""

import random
from collections.abc import Sequence

from moderation.train.dataset import LabelledPage, LabelledSpan

GOODS = (
    "羊毛衫",
    "保温杯",
    "蚕丝被",
    "空气炸锅",
    "茶叶礼盒",
    "护眼台灯",
    "登山鞋",
    "坚果礼包",
    "乳胶枕",
    "电热毯",
    "蜂蜜",
)
HOSTS = ("阿秋", "小满", "大勇哥", "琪琪", "老周", "甜妹", "安然", "豆豆妈")
TIMES = ("今晚八点", "明晚七点半", "周五晚上八点", "今天下午三点", "晚八点整", "中午十二点")
CALLS = ("家人们", "宝子们", "姐妹们", "各位家人", "老铁们")
PRICES = ("九块九", "二十九块九", "一百九十九", "五十九", "三十九块九", "一元")
KINDS = (
    "{time}锁定{host}直播间，{goods}{price}上车",
    "{call}，{host}直播间{goods}开播了，{time}别错过",
    "{host}带货直播间：{goods}只要{price}，手慢无",
    "点击小黄车一号链接，{goods}{price}带走",
    "{call}抓紧上车，{goods}库存只剩最后两百单",
    "{time}来{host}的直播间抢{goods}，福袋等你拿",
    "关注主播{host}不迷路，{time}{goods}专场",
    "直播间专属价{price}，{goods}拍一发三，{call}冲",
    "左上角福袋已上线，{call}停留三分钟抽{goods}",
    "{goods}直播专场{time}开抢，主播{host}亲自砍价",
)
INSERTS = ("【点击进入{host}直播间抢{goods}】", "（{host}直播间{goods}{price}包邮）", "{time}看{host}直播抢{goods}福袋")
NEWS = (
    "市气象台预计，未来三天以多云天气为主，早晚温差较大，市民出行注意添衣。",
    "记者在现场看到，工人们正在加紧铺设最后一段管道，预计月底前完工通水。",
    "他告诉记者，村里的老人过去看病要走十几里山路，如今卫生室就在家门口。",
    "这项研究持续了四年，团队先后采集了两千多份土壤样本进行比对。",
    "演出结束后，观众久久不愿离去，掌声持续了将近五分钟。",
    "新学期开学后，学校食堂增加了两个窗口，学生排队时间明显缩短。",
    "这条老街两旁的梧桐树已有六十多年树龄，夏天走在下面格外凉快。",
    "据介绍，图书馆新增自助借还设备十二台，读者可以全天候还书。",
    "专家提醒，食用菌采摘后应尽快低温保存，避免变质引发食物中毒。",
    "赛后，主教练表示球队在防守端仍有不小的提升空间。",
)
TITLES = ("老街改造完工 居民搬回新居", "我市今年新增绿道三十公里", "乡村卫生室的一天", "图书馆延长开放时间")


def filled(pattern: str, draw: random.Random) -> str:
    """One advertisement."""
    choice = draw.choice
    return pattern.format(
        time=choice(TIMES), host=choice(HOSTS), goods=choice(GOODS), call=choice(CALLS), price=choice(PRICES)
    )


def adverts(count: int, seed: int, without: Sequence[str] = ()) -> list[str]:
    """Different advertisements, none of `without`."""
    draw, found = random.Random(seed), dict[str, None]()
    while len(found) < count:
        line = filled(draw.choice(KINDS), draw)
        if line not in without:
            found[line] = None
    return list(found)


def page_lines(inserted: Sequence[str], seed: int) -> list[str]:
    """A page of news with lines put between its paragraphs."""
    draw = random.Random(seed)
    lines = ["首页 | 新闻 | 社会 | 民生 | 登录", draw.choice(TITLES), f"来源：江口晚报  2024-05-1{seed % 10}"]
    for paragraph, more in zip(draw.sample(NEWS, 5), [*inserted, *[""] * 5], strict=False):
        lines += [paragraph, more] if more else [paragraph]
    return [*lines, "版权所有 江口晚报社 未经授权不得转载"]


def corrected_pages(lines: Sequence[str], seed: int = 0, label: str = "promo") -> list[LabelledPage]:
    """Two of the lines a page, and nothing else labelled."""
    pages = []
    for n in range(0, len(lines), 2):
        own = lines[n : n + 2]
        text = page_lines(own, seed + n)
        pages.append(LabelledPage(f"live-{seed + n}", tuple(text), tuple(label if x in own else None for x in text)))
    return pages


def pages_with_spans(count: int, seed: int) -> list[LabelledPage]:
    """Pages with an advertisement inside a line that is content otherwise."""
    pages = []
    for n in range(count):
        draw = random.Random(seed + n)
        lines = page_lines([], seed + n)
        junk = filled(draw.choice(INSERTS), draw)
        at = draw.choice([i + 1 for i, c in enumerate(lines[4]) if c in "，。"])
        lines[4] = lines[4][:at] + junk + lines[4][at:]
        labels = tuple("content" if number == 4 else None for number in range(len(lines)))
        pages.append(
            LabelledPage(f"span-{seed + n}", tuple(lines), labels, (LabelledSpan(4, at, at + len(junk), "promo"),))
        )
    return pages
