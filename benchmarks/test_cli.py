"""`moderation clean` file by file, a format each: the authored pages from one small file into another.

Everything counts that a user waits for but starting the first interpreter and compiling: planning, workers where the
command starts any (for all but plain JSONL and text), reading, cleaning, writing, checksums and renaming. MB are of the
pages' UTF-8, whatever the file around them; the baseline is plain JSONL.
"""

import csv
import gzip
from collections.abc import Callable
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import Race
from benchmarks.data import megabytes, pages
from moderation.cli.main import main as moderation


def records() -> list[dict[str, Any]]:
    """The pages as records."""
    return [{"id": f"p{n}", "url": f"https://example.org/{n}", "text": text} for n, text in enumerate(pages())]


def jsonl() -> bytes:
    """A record a line."""
    return b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records())


def zstd() -> bytes:
    """The same, packed."""
    zstandard = pytest.importorskip("zstandard", reason="needs the extra [crawl]")
    packed: bytes = zstandard.compress(jsonl())
    return packed


def parquet() -> bytes:
    """A row a page."""
    pa = pytest.importorskip("pyarrow", reason="needs the extra [parquet]")
    import pyarrow.parquet as pq  # noqa: PLC0415

    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(records()), sink)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def table() -> bytes:
    """CSV with a head."""
    out = StringIO()
    writer = csv.DictWriter(out, ["id", "url", "text"])
    writer.writeheader()
    writer.writerows(records())
    return out.getvalue().encode()


def text() -> bytes:
    """All pages as one text."""
    return "\n".join(pages()).encode()


def warc_record(kind: str, number: int, block: bytes, mime: str) -> bytes:
    """A record of an archive, packed by itself."""
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012d}>\r\n"
        f"WARC-Date: 2024-09-18T09:30:00Z\r\nWARC-Target-URI: https://example.org/{number}.html\r\n"
        f"Content-Type: {mime}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + block + b"\r\n\r\n", mtime=0)


def warc() -> bytes:
    """A response a page, its lines as paragraphs."""
    rows = []
    for n, page in enumerate(pages()):
        body = "".join(f"<p>{line.replace('&', '&amp;').replace('<', '&lt;')}</p>\n" for line in page.split("\n"))
        html = f'<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>{body}</body></html>'.encode()
        block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html
        rows.append(warc_record("response", n, block, "application/http; msgtype=response"))
    return b"".join(rows)


def wet() -> bytes:
    """Text of a page a record."""
    return b"".join(warc_record("conversion", n, page.encode(), "text/plain") for n, page in enumerate(pages()))


FILES: Final[dict[str, Callable[[], bytes]]] = {
    "pages.parquet": parquet,
    "pages.csv": table,
    "pages.txt": text,
    "pages.jsonl.gz": lambda: gzip.compress(jsonl(), mtime=0),
    "pages.jsonl.zst": zstd,
    "pages.warc.gz": warc,
    "pages.warc.wet.gz": wet,
    "pages.jsonl": jsonl,
}
CONTESTANTS: Final = tuple(f"clean, {name.removeprefix('pages')}" for name in FILES)
"""The last one is the baseline."""


@pytest.mark.parametrize("name", FILES)
def test_clean(benchmark: BenchmarkFixture, race: Race, tmp_path: Path, name: str) -> None:
    if ".warc" in name and not find_spec("fastwarc"):
        pytest.skip("needs the extra [warc]")
    (tmp_path / name).write_bytes(FILES[name]())
    out = tmp_path / f"out-{name.replace('.warc.wet', '.jsonl').replace('.warc', '.jsonl')}"

    def clean() -> None:
        assert moderation(["clean", str(tmp_path / name), "-o", str(out), "--quiet"]) == 0
        assert out.stat().st_size

    race.run(benchmark, f"clean, {name.removeprefix('pages')}", megabytes(pages()), clean)
