"""A small crawl of invented pages, and ways to run over it."""

import random
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from moderation.cli.main import main
from moderation.crawl.settings import Settings
from moderation.moderate import Moderator

HEAD: Final = (
    "首页 新闻 体育 财经 娱乐 登录 注册",
    "当前位置：首页 > 新闻中心 > 本地新闻",
    "网站地图 | 设为首页 | 加入收藏",
)
BODY: Final = (
    "本报讯，记者从市水务局获悉，青泥河上游的三座老闸今年入冬以前全部更换，沿线村民用水不受影响。",
    "老人说，腌菜要趁霜降以后动手，盐和菜一层一层地码，最上面压一块洗净的青石。",
    "图书馆二楼的阅览室重新开放，新添的座位靠着南窗，冬天的太阳能照到下午四点。",
    "施工期间，八路公交车临时改道，经由桥北路绕行，末班车的时间推迟二十分钟。",
    "合唱团的孩子们第一次登台，钢琴声停下来以后，台下安静了好一会儿才响起掌声。",
)
FOOT: Final = (
    "澳门新葡京娱乐城开户送88元彩金，官网注册app下载",
    "版权所有 江口日报社 京ICP备12345678号",
    "联系我们 | 关于我们 | 网站地图 | 版权声明",
    "上一篇：清明粿的做法",
)


def page(rng: random.Random) -> str:
    """One page: chrome, sentences, junk, with blank lines here and there."""
    lines = (
        rng.sample(HEAD, rng.randint(0, 2)) + rng.sample(BODY, rng.randint(0, 4)) + rng.sample(FOOT, rng.randint(0, 3))
    )
    return "".join(line + rng.choice(["\n", "\n", "\n\n", "\r\n"]) for line in lines)


def records(count: int, seed: int = 7) -> list[dict[str, Any]]:
    """Records with the usual columns and some more."""
    rng = random.Random(seed)
    return [
        {
            "id": f"页-{n}",
            "url": f"https://s{n % 5}.jiangkou.example/{n}",
            "text": page(rng),
            "n": n,
            "tags": ["新闻", str(n % 3)],
        }
        for n in range(count)
    ]


def jsonl(rows: Sequence[Any]) -> bytes:
    """Lines of JSON; bytes go in as they are."""
    return b"".join((row if isinstance(row, bytes) else orjson.dumps(row)) + b"\n" for row in rows)


def read_jsonl(path: Path) -> list[Any]:
    """Every line of a file."""
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def report(folder: Path) -> Any:
    """report.json."""
    return orjson.loads((folder / "report.json").read_bytes())


def tree(folder: Path) -> dict[str, bytes]:
    """What a run wrote, without what tells the time it took."""
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found.pop(".lock", None)
    found.pop("shards.jsonl", None)
    found.pop("report.html", None)
    told = orjson.loads(found.pop("report.json", b"{}"))
    told.pop("run", None)
    return found | {"report.json": orjson.dumps(told)}


Run = Callable[..., int]

NEEDS_PYARROW: Final = pytest.mark.skipif(
    find_spec("pyarrow") is None, reason='needs pyarrow: pip install "moderation[parquet]"'
)
LEDGERS: Final = ("jsonl", pytest.param("parquet", marks=NEEDS_PYARROW))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command inside an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: main([str(word) for word in words])


@pytest.fixture(scope="session")
def moderator() -> Moderator:
    return Moderator.load()


@pytest.fixture(scope="session")
def settings(moderator: Moderator) -> Settings:
    """The defaults, in small shards."""
    return Settings(policy=moderator.policy, model=None, model_id=moderator.model.id, shard_bytes=4000)


class Silent:
    """A watcher that remembers what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.stored = 0

    def begin(self, shards: int, size: int, done: int, task: str = "cleaning") -> None:
        """Nothing to show."""

    def advance(self, stored: int, rejected: int) -> None:
        """Count."""
        self.stored += stored

    def finished(self, shard: object, report: object) -> None:
        """Nothing to show."""

    def say(self, line: str) -> None:
        """Remember."""
        self.said.append(line)

    def note(self, line: str) -> None:
        """Nothing that must be said."""
