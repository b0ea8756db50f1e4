"""One command over a folder with a WARC, a WET, a Parquet and a .jsonl.zst; the output opens in what people use."""

# ruff: noqa: E402  (what the extras bring is looked for first)

import datetime
import json
from pathlib import Path
from typing import Any

import orjson
import pytest

pa = pytest.importorskip("pyarrow", reason="a mixed folder needs the extra [crawl]")
pytest.importorskip("fastwarc", reason="a mixed folder needs the extra [crawl]")
zstandard = pytest.importorskip("zstandard", reason="a mixed folder needs the extra [crawl]")

import pyarrow.parquet as pq

from formats.archives import conversion, members, page, record, response
from formats.support import chunks, source
from moderation.cli.main import main
from moderation.moderate import Moderator

SENTENCE = "老人说，腌菜要趁霜降以后动手，盐和菜一层一层地码，最上面压一块洗净的青石。"
JUNK = "澳门新葡京娱乐城开户送88元彩金，官网注册app下载"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The crawl."""
    path = tmp_path / "crawl"
    path.mkdir()
    pages = [response(page(f"第{n}号通告", "gbk" if n % 2 else "utf-8"), n) for n in range(6)]
    (path / "a.warc.gz").write_bytes(
        b"".join(members([record("warcinfo", b"x"), *pages, response(b"\x89PNG", mime="image/png")]))
    )
    (path / "b.wet.gz").write_bytes(
        b"".join(members([conversion(f"首页 新闻 登录\n{SENTENCE}\n{JUNK}", n) for n in range(4)]))
    )
    moment = datetime.datetime(2024, 9, 18, tzinfo=datetime.UTC)
    rows = {
        "id": pa.array([1, 2, 3], pa.int32()),
        "text": [f"{SENTENCE}\n{JUNK}", None, SENTENCE],
        "seen": [moment] * 3,
    }
    pq.write_table(pa.table(rows), path / "c.parquet")
    lines = [{"id": f"页{n}", "text": f"{SENTENCE}\n版权所有 江口日报社", "n": n, "meta": {"a": [n]}} for n in range(5)]
    (path / "d.jsonl.zst").write_bytes(zstandard.compress(b"".join(orjson.dumps(line) + b"\n" for line in lines)))
    return path


def clean(folder: Path, out: Path, *options: str) -> dict[str, Any]:
    """One command; what its report says."""
    assert main(["clean", str(folder), "-o", f"{out}/", "--quiet", "--workers", "1", *options]) == 1  # a text is null
    report: dict[str, Any] = json.loads((out / "report.json").read_bytes())
    return report


def test_every_format_comes_out_in_its_own_kind(folder: Path, tmp_path: Path) -> None:
    clean(folder, tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out" / "data").iterdir())
    assert names == ["a-00000.jsonl.gz", "b-00000.jsonl.gz", "c-00000.parquet", "d-00000.jsonl.zst"]


def test_parquet_opens_in_pyarrow_pandas_and_datasets(folder: Path, tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    datasets = pytest.importorskip("datasets")
    clean(folder, tmp_path / "out", "--to", "parquet")
    data = tmp_path / "out" / "data"
    table = pq.read_table(data)
    assert len(table) == 6 + 4 + 2 + 5
    assert str(table.schema.field("seen").type) == "timestamp[us, tz=UTC]"
    assert len(pd.read_parquet(data)) == len(table)
    files = [str(path) for path in sorted(data.glob("*.parquet"))]
    loaded = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path / "cache"))
    assert sorted(loaded["text"]) == sorted(table["text"].to_pylist())
    assert not [text for text in loaded["text"] if JUNK in text]
    assert [text for text in loaded["text"] if SENTENCE in text]


def test_jsonl_opens_in_pandas_and_datasets(folder: Path, tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    datasets = pytest.importorskip("datasets")
    clean(folder, tmp_path / "out")
    data = tmp_path / "out" / "data"
    assert len(pd.read_json(data / "a-00000.jsonl.gz", lines=True)) == 6
    assert len(pd.read_json(data / "d-00000.jsonl.zst", lines=True)) == 5
    files = {"train": [str(data / "d-00000.jsonl.zst")]}
    loaded = datasets.load_dataset("json", data_files=files, split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded[3]["n"] == 3


def test_the_text_is_what_the_moderator_says(folder: Path, tmp_path: Path) -> None:
    clean(folder, tmp_path / "out", "--to", "parquet")
    moderator = Moderator.load()
    for name, form, compression in (
        ("a.warc.gz", "warc", ""),
        ("b.wet.gz", "wet", ""),
        ("d.jsonl.zst", "jsonl", "zst"),
    ):
        texts = [text for chunk in chunks(source(folder / name, form, compression)) for text in chunk.texts]  # type: ignore[arg-type]
        after = pq.read_table(tmp_path / "out" / "data" / f"{name[0]}-00000.parquet")["text"].to_pylist()
        assert after == [result.text for result in moderator.clean_many(texts)]


def test_the_books_count_what_is_no_page_and_what_failed(folder: Path, tmp_path: Path) -> None:
    report = clean(folder, tmp_path / "out")
    assert find(report, "documents") | {"changed": 0} == {
        "read": 18,
        "kept": 17,
        "dropped": 0,
        "failed": 1,
        "changed": 0,
    }
    assert find(report, "skipped") == {"content type image/png": 1, "warcinfo record": 1}


def find(report: Any, name: str) -> Any:
    """A part of the books, wherever the report has them."""
    if isinstance(report, dict):
        if isinstance(report.get(name), dict):
            return report[name]
        return next((found for part in report.values() if (found := find(part, name)) is not None), None)
    return None
