"""Every form of labelled data, and every way in which a file can be wrong."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from moderation.errors import UsageError
from moderation.train.corpus import authored_files, authored_pages, describe, held_out, trainable
from moderation.train.dataset import LabelledPage, LabelledSpan, page_record, read_labelled, write_pages

PAGE = {
    "id": "p1",
    "url": "https://example.com/a",
    "kind": "news",
    "split": "dev",
    "lines": ["首页 登录", "", "他说，加薇信abc手艺丢不得。"],
    "labels": ["nav", None, "C"],
    "spans": [{"line": 2, "start": 3, "end": 9, "label": "promo"}],
}
ROWS = """### p1 news hijacked
N|首页 登录
C|他说，加薇信abc手艺丢不得。 ¦ P:加薇信abc

C|明天｜后天 | 大后天
### p2
F|版权所有

"""
BOTH = [("第一行，是正文。", "content"), ("版权所有", "footer")]


def read(tmp_path: Path, name: str, content: str | bytes) -> list[LabelledPage]:
    """The pages of one file with this content."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_labelled([path])


def refusal(tmp_path: Path, name: str, content: str | bytes) -> str:
    """The sentence with which the content is refused, without the folder's name."""
    with pytest.raises(UsageError) as caught:
        read(tmp_path, name, content)
    return str(caught.value).replace(f"{tmp_path}/", "")


def test_a_page_comes_with_labels_spans_and_where_it_came_from(tmp_path: Path) -> None:
    (page,) = read(tmp_path, "pages.jsonl", orjson.dumps(PAGE))
    assert page.labels == ("nav", None, "content")
    assert page.spans == (LabelledSpan(2, 3, 9, "promo"),)
    assert (page.id, page.url, page.kind, page.split) == ("p1", "https://example.com/a", "news", "dev")
    assert page.source == f"{tmp_path}/pages.jsonl:1"
    assert page.text == "首页 登录\n\n他说，加薇信abc手艺丢不得。"
    assert page.lines[2][3:9] == "加薇信abc"


def test_pages_come_back_as_they_were_written(tmp_path: Path) -> None:
    pages = read(tmp_path, "pages.jsonl", orjson.dumps(PAGE)) + read(tmp_path, "rows.txt", ROWS)
    write_pages(pages, tmp_path / "again.jsonl")
    assert read_labelled([tmp_path / "again.jsonl"]) == pages
    assert page_record(pages[0]) == PAGE | {"labels": ["nav", None, "content"]}


def test_blank_rows_between_pages_do_not_count(tmp_path: Path) -> None:
    row = orjson.dumps(PAGE)
    assert len(read(tmp_path, "pages.ndjson", b"\n" + row + b"\r\n\n" + row + b"\n\n")) == 2


def test_rows_give_pages_lines_and_spans(tmp_path: Path) -> None:
    first, second = read(tmp_path, "rows.txt", ROWS)
    assert (first.id, first.kind) == ("p1", "news")
    assert first.lines == ("首页 登录", "他说，加薇信abc手艺丢不得。", "", "明天｜后天 | 大后天")
    assert first.labels == ("nav", "content", None, "content")
    assert first.spans == (LabelledSpan(1, 3, 9, "promo"),)
    assert (second.id, second.lines, second.labels) == ("p2", ("版权所有",), ("footer",))


def test_a_span_that_stands_twice_is_taken_in_turn(tmp_path: Path) -> None:
    (page,) = read(tmp_path, "rows.txt", "### p\nC|点我他来点我了 ¦ P:点我 ¦ G:点我")
    assert page.spans == (LabelledSpan(0, 0, 2, "promo"), LabelledSpan(0, 4, 6, "gambling"))


def test_a_bar_that_opens_no_span_belongs_to_the_text(tmp_path: Path) -> None:
    (page,) = read(tmp_path, "rows.txt", "### p\nR|甲 ¦ 乙 ¦ Z:丙")
    assert page.lines == ("甲 ¦ 乙 ¦ Z:丙",)
    assert page.spans == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lines.csv", "label,text\ncontent,第一行，是正文。\nF,版权所有\n"),
        ("lines.csv", "text,label\r\n第一行，是正文。,content\r\n版权所有,footer\r\n"),
        ("lines.csv", "\ufefftext,label\n第一行，是正文。,C\n　,F\n版权所有,F\n"),
        ("LINES.CSV", '"text","label","url"\n"第一行，是正文。"," C ",x\n"版权所有","footer",y\n'),
        ("lines.tsv", "text\tlabel\n第一行，是正文。\tC\n版权所有\tfooter\n"),
        ("lines.jsonl", '{"text":"第一行，是正文。","label":"C"}\n{"label":"footer","text":"版权所有","id":7}\n'),
        ("lines.json", '{"text":"第一行，是正文。","label":"C"}\n{"label":"footer","text":"版权所有"}'),
    ],
)
def test_flat_lines_are_pages_of_one_line(tmp_path: Path, name: str, content: str) -> None:
    pages = read(tmp_path, name, content)
    assert [(page.lines[0], page.labels[0]) for page in pages] == BOTH
    assert {len(page.lines) for page in pages} == {1}
    assert {page.kind for page in pages} == {"line"}
    assert len({page.id for page in pages}) == 2


def test_a_giant_line_may_stand_in_a_table(tmp_path: Path) -> None:
    line = "开奖结果" * 50_000
    (tmp_path / "a.csv").write_text(f"text,label\n{line},G\n", "utf-8")
    (page,) = read_labelled([tmp_path / "a.csv"])
    assert page.lines == (line,)


def test_a_line_break_inside_a_flat_line_becomes_a_blank(tmp_path: Path) -> None:
    (page,) = read(tmp_path, "lines.csv", 'text,label\n"上半句\n下半句",C\n')
    assert page.lines == ("上半句 下半句",)


def page_with(**changes: Any) -> bytes:
    """The page with other fields."""
    return orjson.dumps(PAGE | changes)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.jsonl", "{", "a.jsonl:1: not JSON ("),
        ("a.jsonl", page_with() + b"\n\n{]", "a.jsonl:3: not JSON ("),
        ("a.jsonl", b'{"text": "\xff", "label": "C"}', "a.jsonl:1: not JSON ("),
        ("a.jsonl", "[1]", "a.jsonl:1: expected an object, found list"),
        ("a.jsonl", '{"text": "x"}', "a.jsonl:1: expected lines and labels, or text and label, found ['text']"),
        ("a.jsonl", '{"text": 1, "label": "C"}', "a.jsonl:1: expected lines and labels, or text and label"),
        ("a.jsonl", '{"text": "x", "label": "Z"}', "a.jsonl:1: unknown label 'Z'; known labels: content (C), meta (M)"),
        ("a.jsonl", page_with(labels=["nav"]), "a.jsonl:1: lines and labels must be lists of one length"),
        ("a.jsonl", page_with(lines="首页"), "a.jsonl:1: lines and labels must be lists of one length"),
        ("a.jsonl", page_with(labels=["nav", None, "junk"]), "a.jsonl:1: unknown label 'junk'; known labels:"),
        ("a.jsonl", page_with(spans=[{"line": 3, "start": 0, "end": 1, "label": "P"}]), "does not lie within its line"),
        ("a.jsonl", page_with(spans=[{"line": 0, "start": 2, "end": 2, "label": "P"}]), "does not lie within its line"),
        ("a.jsonl", page_with(spans=[{"line": 0, "start": 0, "end": 6, "label": "P"}]), "does not lie within its line"),
        (
            "a.jsonl",
            page_with(spans=[{"line": 0, "start": -1, "end": 1, "label": "P"}]),
            "does not lie within its line",
        ),
        ("a.jsonl", page_with(spans=[{"line": 0, "start": 0, "end": 1, "label": "Z"}]), "a.jsonl:1: unknown label 'Z'"),
        (
            "a.jsonl",
            "[\n" + '{"text": "x", "label": "C"}]',
            "a.jsonl:1: expected one JSON object a line, found a JSON array",
        ),
        ("a.jsonl", page_with(spans="P"), "a.jsonl:1: a span has line, start, end and label, found 'P'"),
        ("a.jsonl", page_with(spans=[5]), "a.jsonl:1: a span has line, start, end and label, found 5"),
        ("a.jsonl", page_with(spans=[{"line": 0}]), "a.jsonl:1: a span has line, start, end and label, found {"),
        ("a.csv", b"text,label\n\xff,N\n", "a.csv: not UTF-8 text (invalid start byte at byte 11); save it as UTF-8"),
        ("a.txt", b"### p\nC|\xff", "a.txt: not UTF-8 text ("),
        ("a.csv", 'text,label\n"首页,N\n', "a.csv: not a table that can be read (unexpected end of data"),
        ("a.csv", "line,label\n首页,N\n", "a.csv: expected columns text and label, found ['line', 'label']"),
        ("a.csv", "", "a.csv: expected columns text and label, found None"),
        ("a.tsv", "text,label\n首页,N\n", "a.tsv: expected columns text and label, found ['text,label']"),
        ("a.csv", "text,label\n首页,N\n新闻,spam\n", "a.csv:3: unknown label 'spam'; known labels:"),
        ("a.csv", "text,label\n首页\n", "a.csv:2: unknown label ''; known labels:"),
        ("a.txt", "N|首页", "a.txt:1: a page opens with `### id kind`"),
        ("a.txt", "### \n", "a.txt:1: expected `### id kind`"),
        ("a.txt", "### p\n首页", "a.txt:2: expected `CODE|text` with a code of CMNWRFAGIPKX, found '首页'"),
        ("a.txt", "### p\nZ|首页", "a.txt:2: expected `CODE|text` with a code of"),
        ("a.txt", "### p\nC|首页 ¦ P:新闻", "a.txt:2: the span '新闻' does not stand in the line"),
        ("a.txt", "### p\nC|首页 ¦ P:首页 ¦ P:首页", "a.txt:2: the span '首页' does not stand in the line"),
        ("a.txt", "### p\nC|首页 ¦ P:", "a.txt:2: the span '' does not stand in the line"),
        ("a.parquet", "PAR1", "a.parquet: labelled data is pages as JSONL (lines, labels), lines as JSONL, CSV or TSV"),
        ("a.jsonl", "\n\n", "the labelled data holds no lines"),
        ("a.csv", "text,label\n", "the labelled data holds no lines"),
        ("a.txt", "### p\n\n\n", "the labelled data holds no lines"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_place(
    tmp_path: Path, name: str, content: str | bytes, sentence: str
) -> None:
    assert sentence in refusal(tmp_path, name, content)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder; name the files in it"):
        read_labelled([tmp_path])


@pytest.mark.parametrize(("name", "content"), [("a.jsonl", page_with()), ("a.txt", "### p\nC|正文。".encode())])
def test_a_byte_order_mark_is_no_part_of_the_data(tmp_path: Path, name: str, content: bytes) -> None:
    (plain,) = read(tmp_path, name, content)
    assert read(tmp_path, name, b"\xef\xbb\xbf" + content) == [plain]


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.jsonl: no such file; labelled data is pages as JSONL"):
        read_labelled([tmp_path / "nowhere.jsonl"])


def test_the_authored_corpus_reads_and_holds_out_a_part_for_measuring() -> None:
    pages = authored_pages()
    assert {page.split for page in held_out(pages)} == {"test"}
    assert len(trainable(pages)) + len(held_out(pages)) == len(pages)
    assert 0.1 < len(held_out(pages)) / len(pages) < 0.3
    assert len({page.id for page in pages}) == len(pages)


def test_a_source_is_described_by_its_bytes() -> None:
    pages = authored_pages()
    found = describe("authored", authored_files(), pages)
    assert found["pages"] == len(pages)
    assert found["lines"] == sum(label is not None for page in pages for label in page.labels)
    assert found["sha256"] == describe("other", list(reversed(authored_files())), pages)["sha256"]
    assert found["sha256"] != describe("authored", authored_files()[1:], pages)["sha256"]
