"""Pages for the commands, and a way to run them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from moderation.cli.main import main

NEWS = """首页 新闻 体育 财经 娱乐 登录 注册
当前位置：首页 > 新闻中心 > 本地新闻

江口市启动老旧小区改造工程，惠及一万三千余户居民
本报讯，记者从市住建局获悉，今年我市将改造老旧小区四十二个，涉及居民一万三千余户，预计年底前全部完工。
据介绍，改造内容包括屋面防水、外墙保温、雨污分流和加装电梯等，居民可以通过业主代表会议提出自己的意见。

澳门新葡京娱乐城开户送88元彩金，官网注册app下载
版权所有 江口日报社 京ICP备12345678号
"""
RECIPE = """外婆家的腌笃鲜，关键在于火候。先把咸肉切成厚片，用温水浸泡半个小时，去掉多余的盐分。
春笋剥壳以后切成滚刀块，放进开水里焯两分钟，这样吃起来就不会发涩。
上一篇：清明粿的做法
下一篇：马兰头拌香干
联系我们 | 关于我们 | 网站地图 | 版权声明
"""
KEPT = "据介绍，改造内容包括屋面防水"
CUT = "京ICP备12345678号"

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command inside an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: main([str(word) for word in words])


def write_jsonl(path: Path, *records: Any) -> Path:
    """Records to a file; bytes go in as they are."""
    lines = [record if isinstance(record, bytes) else orjson.dumps(record) for record in records]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def read_jsonl(path: Path) -> list[Any]:
    """Every line of a file."""
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]
