"""Pages for the integrations, and what the command line makes of them."""

from pathlib import Path
from typing import Any, Final

import orjson

from moderation.cli.main import main

MENU: Final = "首页 | 要闻 | 民生 | 登录 | 注册\n"
FOOT: Final = "版权所有 青禾县融媒体中心 某ICP备00000000号-1\n"
STORIES: Final = (
    "县里的梨花节周六开幕，果农们连夜把园子里的小路铺上了新沙。\n入园不收门票，停车场在河堤以东。\n",
    "青禾中学食堂本周起增设清真窗口，家长可以在校历上看到每天的菜单。\n",
    "连阴雨下了九天，水库放水以前，护林员老孟把下游的几户人家挨个敲了一遍门。\n",
)
SPAM: Final = "亚洲成人在线视频 国产精品免费观看 欧美激情一区二区\n免费看成人影片 高清无码在线播放 激情小说\n" * 6


def rows() -> list[dict[str, Any]]:
    """A dozen pages, one of them spam from end to end, one empty."""
    pages = [
        {"id": f"qh-{n}", "url": f"https://qinghe.example/{n}", "text": f"{MENU}{STORIES[n % 3]}{SPAM[:27]}{FOOT}"}
        for n in range(10)
    ]
    return [
        *pages,
        {"id": "spam", "url": "https://x.example/1", "text": SPAM},
        {"id": "empty", "url": "https://qinghe.example/e", "text": ""},
    ]


def by_command_line(folder: Path) -> tuple[dict[str, str], dict[str, Any]]:
    """Clean texts and verdict records by id, from `moderation clean`."""
    (folder / "in.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows()))
    words = ["clean", folder / "in.jsonl", "-o", folder / "cli.jsonl", "--verdicts", folder / "v.jsonl", "--quiet"]
    assert main([str(word) for word in words]) == 0
    clean = {row["id"]: row["text"] for row in map(orjson.loads, (folder / "cli.jsonl").read_bytes().splitlines())}
    found = [orjson.loads(line) for line in (folder / "v.jsonl").read_bytes().splitlines()]
    for record in found:
        del record["source"]
    return clean, {record["id"]: record for record in found}
