"""Labels out and in: the page format, tables and Label Studio; what can't be used is set aside with its reason."""

import csv
import io
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loop.adverts import adverts, corrected_pages, pages_with_spans
from moderation.cli.main import main
from moderation.errors import UsageError
from moderation.labels import NAMES
from moderation.loop.exchange import Imported
from moderation.loop.label_studio import CONFIG, read_tasks, tasks
from moderation.loop.merge import merged
from moderation.loop.table_labels import read_table, table_text
from moderation.train.dataset import LabelledPage, LabelledSpan, page_record, read_labelled

PAGES = [*corrected_pages(adverts(6, seed=4)), *pages_with_spans(2, seed=9)]
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), min_size=1, max_size=12)


def visible(line: str) -> bool:
    return bool(line.strip())


@st.composite
def labelled_pages(draw: st.DrawFn) -> LabelledPage:
    """Any page with any labels; a content line may hold one span."""
    lines = draw(st.lists(TEXT.filter(visible), min_size=1, max_size=5))
    labels = draw(st.lists(st.sampled_from(NAMES), min_size=len(lines), max_size=len(lines)))
    spans = []
    for number, (line, label) in enumerate(zip(lines, labels, strict=True)):
        end = draw(st.integers(1, len(line)))
        if label == "content" and visible(line[:end]) and visible(line[end:]):
            spans.append(LabelledSpan(number, 0, end, draw(st.sampled_from(NAMES[1:]))))
    return LabelledPage("页#1", tuple(lines), tuple(labels), tuple(spans))


@settings(deadline=None)
@given(page=labelled_pages())
def test_a_table_gives_back_what_went_in(page: LabelledPage, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("table") / "labels.csv"
    path.write_text(table_text([page]), "utf-8", newline="")
    found = read_table(path)
    assert found.aside == []
    assert [(p.lines, p.labels, p.spans) for p in found.pages] == [(page.lines, page.labels, page.spans)]


@settings(deadline=None)
@given(page=labelled_pages())
def test_label_studio_gives_back_what_went_in(page: LabelledPage, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("tasks") / "labels.json"
    path.write_bytes(tasks([page]))
    found = read_tasks(path)
    assert found.aside == []
    assert [(p.lines, p.labels, p.spans) for p in found.pages] == [(page.lines, page.labels, page.spans)]


def test_lines_that_nobody_labelled_stay_in_the_table_as_neighbours(tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(table_text(PAGES))))
    assert rows[0] == {
        "page": "live-0",
        "line": "0",
        "text": "首页 | 新闻 | 社会 | 民生 | 登录",
        "label": "",
        "start": "",
        "end": "",
    }
    (tmp_path / "labels.tsv").write_text(table_text(PAGES, "\t"), "utf-8")
    assert [page.labels for page in read_table(tmp_path / "labels.tsv").pages] == [page.labels for page in PAGES]


TABLE = """page,line,text,label,start,end
p,0,首页 | 新闻,nav,,
p,1,市图书馆照常开放，皇冠体育app下载，全天可用。,C,,
p,1,皇冠体育app下载,gambling,9,18
p,2,明晚七点半来琪琪的直播间,advert,,
p,1,还是这一行,promo,,
p,1,越界,gambling,9,180
p,7,没有这一行,gambling,0,2
p,1,正文,content,0,2
p,0,菜单里的广告,gambling,0,2
p,3,,nav,,
p,1,x,gambling,a,b
"""
REASONS = [
    "unknown label 'advert'; known labels: content (C)",
    "line 1 of the page p stands here twice",
    "[9, 180) does not lie in line 1, which has 24 characters",
    "the page p has no line '7' above this row",
    "a part of a line can't be content",
    "line 0 is nav as a whole; only content has spans",
    "the text is blank",
    "start and end must be whole numbers",
]


def test_bad_rows_of_a_table_are_set_aside_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(TABLE, "utf-8")
    found = read_table(tmp_path / "labels.csv")
    (page,) = found.pages
    assert page.labels == ("nav", "content")
    assert page.spans == (LabelledSpan(1, 9, 18, "gambling"),)
    assert [one.where for one in found.aside] == [f"labels.csv:{n}" for n in range(5, 13)]
    assert [one.reason[: len(reason)] for one, reason in zip(found.aside, REASONS, strict=True)] == REASONS


def test_a_table_of_single_lines_needs_text_and_label_alone(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("text,label\n版权所有 市图书馆,F\n皇冠体育app下载,gambling\n", "utf-8-sig")
    found = read_table(tmp_path / "labels.csv")
    assert [(page.lines, page.labels) for page in found.pages] == [
        (("版权所有 市图书馆",), ("footer",)),
        (("皇冠体育app下载",), ("gambling",)),
    ]


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.csv", b"line,kind\n1,nav\n", "expected the columns text and label"),
        ("a.csv", b"text,label\n\xff,nav\n", "not UTF-8 text"),
        ("a.csv", b'text,label\n"open,nav\n', "a quote may not be closed"),
        ("a.json", b"{", "not JSON"),
        ("a.json", b"{}", "expected a list of tasks, found dict"),
    ],
)
def test_what_is_no_export_is_refused(tmp_path: Path, name: str, data: bytes, sentence: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(UsageError, match=sentence):
        (read_table if name.endswith("csv") else read_tasks)(path)


def studio(tmp_path: Path, text: str, *values: dict[str, Any], **more: Any) -> Path:
    """An export of one task."""
    result = [{"type": "labels", "from_name": "label", "to_name": "text", "value": value} for value in values]
    path = tmp_path / "export.json"
    path.write_bytes(orjson.dumps([{"id": 7, "data": {"text": text}, "annotations": [{"result": result, **more}]}]))
    return path


def value(start: int, end: int, text: str | None, label: str) -> dict[str, Any]:
    """A region's value."""
    return {"start": start, "end": end, "labels": [label]} | ({"text": text} if text is not None else {})


EMOJI = "👋 欢迎来到江口\n🎰 皇冠体育app下载"


@pytest.mark.parametrize(
    "values",
    [(value(0, 8, "👋 欢迎来到江", "nav"), 0), (value(0, 9, "👋 欢迎来到江口", "nav"), 0)],
    ids=["by code points, short of the line", "by code points"],
)
def test_offsets_are_code_points_where_the_text_says_so(tmp_path: Path, values: tuple[dict[str, Any], int]) -> None:
    found = read_tasks(studio(tmp_path, EMOJI, values[0]))
    (page,) = found.pages
    whole = values[0]["end"] == 9
    assert page.labels == (("nav", None) if whole else ("content", None))


def test_offsets_in_utf_16_units_are_seen_through(tmp_path: Path) -> None:
    line = EMOJI.split("\n")[1]
    start = len(EMOJI.split("\n", maxsplit=1)[0].encode("utf-16-le")) // 2 + 1
    end = start + len(line.encode("utf-16-le")) // 2
    found = read_tasks(studio(tmp_path, EMOJI, value(start, end, line, "gambling")))
    assert found.aside == []
    assert found.pages[0].labels == (None, "gambling")


def test_a_region_over_several_lines_labels_each(tmp_path: Path) -> None:
    found = read_tasks(studio(tmp_path, "首页\n\n新闻\n市图书馆照常开放。", value(0, 6, "首页\\n\\n新闻", "nav")))
    assert found.pages[0].labels == ("nav", None, "nav", None)


@pytest.mark.parametrize(
    ("region", "reason"),
    [
        (value(0, 2, "新闻", "nav"), "at [0, 2) stands '首页', and the region says '新闻'"),
        (value(0, 2, None, "advert"), "unknown label 'advert'"),
        (value(0, 99, None, "nav"), "[0, 99) does not lie in the text, which has 12 characters"),
        (value(5, 2, None, "nav"), "[5, 2) is no region"),
        ({"start": 0}, "a region has start, end and one label"),
        ({"choices": ["nav"]}, "a region has start, end and one label"),
        (value(3, 6, "市图书", "content"), "a part of a line can't be content"),
    ],
)
def test_a_bad_region_is_set_aside_and_the_others_go_on(tmp_path: Path, region: dict[str, Any], reason: str) -> None:
    text = "首页\n市图书馆照常开放。"
    found = read_tasks(studio(tmp_path, text, region, value(3, 12, "市图书馆照常开放。", "content")))
    assert found.pages[0].labels[1] == "content"
    (one,) = found.aside
    assert one.reason.startswith(reason)
    assert one.where == "export.json:1"


def test_tasks_without_text_or_annotation_are_set_aside(tmp_path: Path) -> None:
    path = studio(tmp_path, "首页", value(0, 2, "首页", "nav"), was_cancelled=True)
    rows = [*orjson.loads(path.read_bytes()), {"data": {"image": "x.png"}}, 3, {"data": {"text": "首页"}}]
    path.write_bytes(orjson.dumps(rows))
    found = read_tasks(path)
    assert found.pages == []
    assert [one.reason for one in found.aside] == [
        "the task has no annotation",
        "the task has no text under `data.text`",
        "a task is an object, found int",
        "the task has no annotation",
    ]


def test_the_small_form_of_an_export_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "min.json"
    row = {"id": 1, "text": "首页\n市图书馆照常开放。", "label": [value(0, 2, "首页", "nav")]}
    path.write_bytes(orjson.dumps([row]))
    assert read_tasks(path).pages[0].labels == ("nav", None)


def test_the_labelling_interface_has_every_label() -> None:
    assert all(f'<Label value="{name}"/>' in CONFIG for name in NAMES)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "json"])
def test_the_command_exports_and_imports(tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]) -> None:
    pages = tmp_path / "pages.jsonl"
    pages.write_bytes(b"".join(orjson.dumps(page_record(page)) + b"\n" for page in PAGES))
    there, back = tmp_path / f"labels.{suffix}", tmp_path / "back.jsonl"
    assert main(["labels", "export", str(pages), "-o", str(there)]) == 0
    assert main(["labels", "import", str(there), "-o", str(back)]) == 0
    assert "5 pages, 8 labelled lines, 2 spans" in capsys.readouterr().err
    found = read_labelled([back])
    assert [(p.lines, p.labels, p.spans) for p in found] == [(p.lines, p.labels, p.spans) for p in PAGES]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([pages.name, there.name, back.name])


def test_the_command_sets_bad_rows_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "labels.csv").write_text(TABLE, "utf-8")
    out = tmp_path / "pages.jsonl"
    assert main(["labels", "import", str(tmp_path / "labels.csv"), "-o", str(out)]) == 1
    rows = [orjson.loads(row) for row in (tmp_path / "pages.jsonl.rejected.jsonl").read_bytes().splitlines()]
    assert [row["reason"][: len(reason)] for row, reason in zip(rows, REASONS, strict=True)] == REASONS
    assert rows[0]["raw"]["text"] == "明晚七点半来琪琪的直播间"
    assert "labels.csv:5: set aside: unknown label" in capsys.readouterr().err


def test_nothing_is_written_where_there_are_no_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "labels.csv").write_text("text,label\n首页,menu\n", "utf-8")
    assert main(["labels", "import", str(tmp_path / "labels.csv"), "-o", str(tmp_path / "out.jsonl")]) == 2
    assert "there are no labels, so nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "out.jsonl").exists()


def test_pages_that_several_files_hold_come_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spaced = [LabelledPage("带空行", ("首页 | 登录", "", "今晚八点开播"), ("nav", None, "promo"))]
    pages = [*PAGES, *spaced]
    (tmp_path / "labels.csv").write_text(table_text(pages), "utf-8")
    (tmp_path / "tasks.json").write_bytes(tasks(pages))
    names = [str(tmp_path / name) for name in ("labels.csv", "tasks.json")]
    assert main(["labels", "import", *names, "-o", str(tmp_path / "once.jsonl")]) == 0
    assert f"{len(pages)} pages were in an earlier file already" in capsys.readouterr().err
    assert main(["labels", "import", names[0], "-o", str(tmp_path / "alone.jsonl")]) == 0
    assert (tmp_path / "once.jsonl").read_bytes() == (tmp_path / "alone.jsonl").read_bytes()


def test_labels_of_one_page_from_two_files_are_put_together(tmp_path: Path) -> None:
    lines = ("首页 | 登录", "今晚八点开播", "市图书馆国庆假期照常开放，皇冠体育app下载")
    mark = LabelledSpan(2, 13, 22, "gambling")
    first = LabelledPage("a", lines, ("nav", "content", "content"))
    second = LabelledPage("b", lines, (None, "promo", "content"), (mark,))
    found, again = merged([("one.csv", Imported([first])), ("two.csv", Imported([second]))])
    assert again == 1
    assert [(page.labels, page.spans) for page in found.pages] == [(first.labels, (mark,))]
    assert [(row.where, row.reason) for row in found.aside] == [
        ("two.csv:b", "line 1 is promo here, and content in an earlier file")
    ]


def test_a_line_that_stands_twice_in_one_file_stays_twice() -> None:
    flat = Imported([LabelledPage(name, ("首页 | 登录",), ("nav",)) for name in "ab"])
    found, again = merged([("flat.csv", flat)])
    assert (len(found.pages), again) == (2, 0)
