"""Inputs behind fsspec URLs are read like local files; files, folders and globs."""

# ruff: noqa: E402  (what the extra brings is looked for first)

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

fsspec = pytest.importorskip("fsspec", reason="URLs need the extra [remote]")

from crawl.buckets import register
from formats.archives import members, page, response
from formats.support import TEXTS, read_each_way, source, written
from moderation.crawl.inputs import find_inputs
from moderation.errors import UsageError
from moderation.formats.base import Source

CSV = "text\n甲\n乙\n".encode()


@pytest.fixture
def memory() -> Iterator[str]:
    """A folder of a file system in memory."""
    url = f"memory://crawl-{uuid.uuid4().hex}"
    yield url
    fsspec.filesystem("memory").rm(url, recursive=True)


def put(url: str, data: bytes) -> None:
    """A file behind a URL."""
    with fsspec.open(url, "wb") as file:
        file.write(data)


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.jsonl", "jsonl"), ("a.csv", "csv"), ("a.warc.gz", "warc"), ("a.parquet", "parquet"), ("a.arrow", "arrow")],
)
def test_a_url_gives_what_the_same_file_gives(tmp_path: Path, memory: str, name: str, form: str) -> None:
    data = example(tmp_path, form)
    (tmp_path / name).write_bytes(data)
    (tmp_path / "store/bucket").mkdir(parents=True)
    (tmp_path / "store/bucket" / name).write_bytes(data)
    register(tmp_path / "store")
    put(f"{memory}/{name}", data)
    local = read_each_way(source(tmp_path / name, form))
    assert local.texts
    assert read_each_way(Source(f"{memory}/{name}", name, form)) == local
    assert read_each_way(Source(f"local://{tmp_path}/{name}", name, form)) == local
    assert read_each_way(Source(f"s3a://bucket/{name}", name, form)) == local


def example(tmp_path: Path, form: str) -> bytes:
    """A small file of a format."""
    if form == "csv":
        return CSV
    if form == "warc":
        pytest.importorskip("fastwarc")
        return b"".join(members([response(page(f"第{n}页"), n) for n in range(5)]))
    if form in ("parquet", "arrow"):
        pytest.importorskip("pyarrow")
        (tmp_path / "rows.csv").write_bytes(CSV)
        from formats.support import chunks  # noqa: PLC0415

        return written(form, chunks(source(tmp_path / "rows.csv", "csv")))
    return b"".join(
        b'{"text":"%s"}\n' % text.encode()
        for text in TEXTS
        if '"' not in text and "\n" not in text and "\x01" not in text
    )


def test_a_folder_behind_a_url_is_walked(memory: str) -> None:
    put(f"{memory}/one/a.csv", CSV)
    put(f"{memory}/two/b.csv", CSV)
    put(f"{memory}/two/notes.pdf", b"%PDF")
    found = find_inputs([memory], None)
    assert sorted(one.name for one in found.sources) == ["one/a.csv", "two/b.csv"]
    assert len(found.left_out) == 1
    assert read_each_way(found.sources[0]).texts == ["甲", "乙"]


def test_a_glob_behind_a_url_is_matched(memory: str) -> None:
    put(f"{memory}/one/a.csv", CSV)
    put(f"{memory}/one/a.jsonl", b"{}\n")
    found = find_inputs([f"{memory}/one/*.csv"], None)
    assert [one.name for one in found.sources] == ["a.csv"]


@pytest.mark.parametrize("url", ["memory://nothing/here.csv", "nosuch://a/b.csv"])
def test_urls_that_lead_nowhere_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match=url):
        find_inputs([url], None)
