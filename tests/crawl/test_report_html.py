"""report.html: what it shows, that it shows nothing as markup, and that it does not depend on the cut into shards."""

import gzip
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.crawl.highlights import (
    Highlights,
    chunk_highlights,
    host_of,
    merge_highlights,
    read_highlights,
)
from moderation.crawl.in_context import context
from moderation.crawl.junk import LINES, clipped
from moderation.crawl.report_parts import number, size, speed_plot
from moderation.formats.base import Chunk, Reject, Source
from moderation.moderate import Moderator
from moderation.records import Span, Verdict
from moderation.train.corpus import authored_pages

from .conftest import Run, jsonl, records

SOURCE = Source("in.jsonl", "in.jsonl", "jsonl")
SPLICED = "他说，小时候常跟着爷爷去码头，澳门新葡京注册送彩金www.xpj88.com，在戏台门口一坐就是半天。"
EVIL = "<script>alert('登录')</script><img src=//evil.example/x onerror=alert(1)> | 首页 | 注册"
VOID = {"meta", "img", "br", "link", "line", "rect"}


class Page(HTMLParser):
    """The tags of a page, its text, and whether they are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.urls: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.urls += [value or "" for name, value in attrs if name in ("src", "href", "action", "srcset")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        while self.open and self.open[-1] != tag and self.open[-1] in ("li", "p"):
            self.open.pop()
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def chunk(rows: Sequence[dict[str, Any]], rejects: Sequence[Reject] = ()) -> Chunk:
    texts, ids, urls = ([row[name] for row in rows] for name in ("text", "id", "url"))
    return Chunk(texts, ids, urls, list(range(len(rows))), [len(t) for t in texts], list(rows), rejects)


def highlights(moderator: Moderator, rows: Sequence[dict[str, Any]]) -> Highlights:
    return chunk_highlights(SOURCE, chunk(rows), moderator.clean_many([r["text"] for r in rows]), [None] * len(rows))


@pytest.fixture
def html(run: Run, tmp_path: Path) -> str:
    rows = records(60)
    rows[7] |= {"id": EVIL, "url": f"https://evil.example/{EVIL}", "text": f"{EVIL}\n" * 30}
    (tmp_path / "in.jsonl").write_bytes(jsonl([*rows, b"oops", {"id": 3}]))
    words = ("--shard-bytes", "4000", "--drop-doc", "kept-chars<10")
    assert run("clean", "in.jsonl", "-o", "out/", *words) == 1
    return (tmp_path / "out/report.html").read_text("utf-8")


def test_the_page_says_what_went_and_why(html: str) -> None:
    text = " ".join(Page(html).words)
    for word in (
        "62 documents",
        "s0.jiangkou.example",
        "澳门新葡京娱乐城开户送88元彩金，官网注册app下载",
        "Documents most changed",
        "kept-chars<10",
        "is not JSON",
        "✓ balances",
        "MB/s a worker",
    ):
        assert word in text, word
    assert "off by" not in text


def test_nothing_of_the_crawl_becomes_markup_and_nothing_is_loaded(html: str) -> None:
    page = Page(html)
    assert {"script", "img", "iframe", "link", "a"} & set(page.tags) == set()
    assert page.urls == []
    assert re.findall(r"url\(|@import|https?://(?![^<]*</)", html.partition("</style>")[0]) == []
    assert "alert(1)" in "".join(page.words)
    assert "default-src 'none'" in html
    assert page.open == []


def test_books_that_do_not_balance_and_failed_shards_are_shown(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jsonl").write_bytes(jsonl(records(3)))
    (tmp_path / "in/b.jsonl.gz").write_bytes(b"this is no gzip file")
    run("clean", "in", "-o", "out/")
    text = " ".join(Page((tmp_path / "out/report.html").read_text("utf-8")).words)
    assert "b.jsonl.gz" in text


def test_an_empty_run_has_a_page(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(b"")
    assert run("clean", "in.jsonl", "-o", "out/") == 0
    text = " ".join(Page((tmp_path / "out/report.html").read_text("utf-8")).words)
    assert "No document was changed." in text


def test_a_resumed_run_has_the_page_of_an_uninterrupted_one_but_for_the_times(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(60)))
    words = ("clean", "in.jsonl", "-o", "out/", "--shard-bytes", "4000")
    assert run(*words) == 0
    first = sections(tmp_path)
    lines = (tmp_path / "out/shards.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "out/shards.jsonl").write_bytes(b"".join(lines[:2]))
    (tmp_path / "out/report.json").unlink()
    assert run(*words, "--resume") == 0
    assert sections(tmp_path) == first


def sections(folder: Path) -> list[str]:
    found = (folder / "out/report.html").read_text("utf-8").split("<section>")
    return [part for part in found if not part.startswith(("<!doctype", "<h1>", "<h2>Throughput"))]


def test_what_a_sample_says_of_a_line_or_span_is_what_the_verdicts_say(moderator: Moderator) -> None:
    texts = [page.text for page in authored_pages()[:60]] + [f"\n{SPLICED}\n\n老人说，腌菜要趁霜降。\n{SPLICED}\n"]
    seen = {False: 0, True: 0}
    for text, result in zip(texts, moderator.clean_many(texts), strict=True):
        of = result.verdicts
        for before, verdict, after in zip((None, *of), of, (*of[1:], None), strict=False):
            both: tuple[Verdict | Span, ...] = (verdict, *verdict.spans)
            for found in both:
                is_span = isinstance(found, Span)
                said = context(result, text, found.start, is_span=is_span)
                assert said is not None
                assert (said["line"], said["action"]) == (verdict.line, found.action)
                assert said["score"] == round(found.score, 4)
                assert [said[name] and said[name]["label"] for name in ("before", "after")] == [
                    other and other.label for other in (before, after)
                ]
                own = text[found.start : found.end]
                assert said["text"][slice(*said["span"])] == own if is_span else said["text"] == clipped(own)
                seen[is_span] += 1
    assert context(result, text, 0, is_span=True) is None
    assert min(seen.values()) > 0


def test_a_sample_stands_between_the_lines_before_and_behind_it(moderator: Moderator) -> None:
    row = {
        **records(1)[0],
        "text": "老人说，腌菜要趁霜降以后动手。\n澳门新葡京娱乐城开户送88元彩金\n最上面压一块洗净的青石。\n",
    }
    ((_, found),) = highlights(moderator, [row]).samples["gambling"]
    assert (found["line"], found["text"]) == (1, "澳门新葡京娱乐城开户送88元彩金")
    assert (found["before"]["text"], found["after"]["text"]) == tuple(row["text"].split("\n")[0:3:2])


@given(cuts=st.lists(st.integers(0, 40), max_size=4))
def test_highlights_add_up_whatever_the_cut(moderator: Moderator, cuts: list[int]) -> None:
    rows = records(40)
    bounds = [0, *sorted(cuts), 40]
    parts = []
    for first, last in pairwise(bounds):
        found = highlights(moderator, rows[first:last])
        moved = [{**d, "place": d["place"] + first} for d in found.documents]
        parts.append(Highlights(found.lines, found.sites, {}, {}, {}, tuple(moved)))
    whole = highlights(moderator, rows)
    merged = merge_highlights(parts)
    assert merged.lines == whole.lines
    assert merged.sites == whole.sites
    assert merged.documents == whole.documents


def test_what_a_shard_writes_is_bounded_and_comes_back(moderator: Moderator) -> None:
    rows = [{"id": n, "url": f"https://h{n}.example/", "text": f"版权所有 第{n}号 | 首页\n" * 3} for n in range(3000)]
    found = merge_highlights([highlights(moderator, rows[n : n + 500]) for n in range(0, 3000, 500)])
    packed = orjson.dumps(found.record())
    assert len(found.lines.found) <= LINES
    assert len(gzip.compress(packed)) < 100_000
    assert read_highlights(orjson.loads(packed)).record() == found.record()


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.Jiangkou.example:8080/a", "jiangkou.example"),
        ("江口日报", ""),
        ("http://[oops", ""),
        (None, ""),
        ("//m.jiangkou.example/x", "m.jiangkou.example"),
        ("https://jiangkou.example?back=https://other.example/a", "jiangkou.example"),
        ("http:///jiangkou.example/a", ""),
        ("a/b/c/d://jiangkou.example/", ""),
        ("http:/\t/jiangkou.example/a", "jiangkou.example"),
    ],
)
def test_the_host_of_an_address(url: str | None, host: str) -> None:
    assert host_of(url) == host


def test_numbers_are_written_for_people() -> None:
    assert (number(15384), number(2_345_000_000), size(999), size(5_234_000), size(7.2e13)) == (
        "15,384",
        "2,345 M",
        "999 B",
        "5.2 MB",
        "72.0 TB",
    )


def test_many_shards_become_few_bars() -> None:
    assert speed_plot([(n, 1000, 0.01) for n in range(10_000)]).count("<rect") <= 80
    assert "0.00 MB/s" in speed_plot([(0, 0, 0.0)])
