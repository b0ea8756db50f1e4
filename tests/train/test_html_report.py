"""The report as one file: complete, self-contained, and with nothing of a page's text run or loaded."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from moderation.cli.main import main
from moderation.explain import Reason
from moderation.labels import BY_NAME, FAMILIES, NAMES
from moderation.markup import shown
from moderation.moderate import Moderator
from moderation.train.dataset import LabelledPage, write_pages
from moderation.train.evaluate import score_pages
from moderation.train.html_parts import heat_map, reliability_diagram
from moderation.train.html_report import LONGEST, html_report, marked
from moderation.train.metrics import Bin
from moderation.train.mistakes import OF_A_PAGE, worst_mistakes
from moderation.train.report import report, report_text

ATTACKS = (
    "<script>alert('首页')</script>",
    "</style></article><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "<iframe src=https://evil.example/></iframe>&lt;b&gt;",
    "市图书馆国庆假期照常开放，<a href='javascript:alert(1)'>自助还书机</a>全天可用，读者一早就来排队。",
    "首页 | 新闻 | 登录 | 注册 \x00\x1b[31m\u202e",
)
VOID = {"meta", "br"}


class Reader(HTMLParser):
    """Collects the elements and attributes that a browser would make, and whether they nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def wrong_pages(moderator: Moderator, lines: tuple[str, ...], count: int = 1) -> list[LabelledPage]:
    """Pages of these lines, every keep or drop decision on which counts as wrong."""
    labels: list[str | None] = [None] * len(lines)
    for verdict in moderator.clean("\n".join(lines)).verdicts:
        labels[verdict.line] = "content" if verdict.action == "drop" else "widget"
    return [LabelledPage(f"<b>{number}</b>&", lines, tuple(labels)) for number in range(count)]


def made(moderator: Moderator, pages: list[LabelledPage]) -> str:
    """The report of the pages."""
    scored = score_pages(moderator, pages)
    return html_report(report(moderator, pages, scored), scored, pages, moderator.model)


@pytest.fixture(scope="module")
def moderator() -> Moderator:
    """The shipped one."""
    return Moderator.load()


@pytest.fixture(scope="module")
def hostile(moderator: Moderator) -> str:
    """The report of a page full of markup."""
    return made(moderator, wrong_pages(moderator, ATTACKS, count=2))


def test_a_page_full_of_markup_is_shown_and_not_run(hostile: str) -> None:
    read = Reader(hostile)
    assert read.open == [], "every element is closed"
    assert {tag for tag, _ in read.elements}.isdisjoint({"script", "img", "iframe", "a", "link", "object", "form"})
    assert {name for _, attributes in read.elements for name in attributes if name.startswith("on")} == set()
    assert "<script>alert('首页')</script>" in read.text
    assert "<iframe src=https://evil.example/></iframe>&lt;b&gt;" in read.text
    assert "<b>0</b>&, line " in read.text


def test_nothing_is_requested_and_scripts_are_forbidden_to_the_browser(hostile: str) -> None:
    read = Reader(hostile)
    assert [
        attributes for _, attributes in read.elements if {"src", "href", "xlink:href", "data"} & set(attributes)
    ] == []
    style = hostile[hostile.index("<style>") : hostile.index("</style>")]
    assert re.findall(r"url\(|@import", style) == []
    assert "default-src 'none'" in str(read.elements)


def test_control_characters_are_pictured() -> None:
    assert shown("\x00a\t\x1b\x7f<\"'") == "␀a\t␛␡&lt;&quot;&#x27;"


def test_every_part_of_an_evaluation_is_there(moderator: Moderator, hostile: str) -> None:
    read = Reader(hostile)
    tags = [tag for tag, _ in read.elements]
    assert tags.count("svg") == len(FAMILIES)
    for title in (
        "Metrics",
        "Labels",
        "Confusion matrix",
        "Reliability",
        "Content that was dropped",
        "Junk that was kept",
    ):
        assert f"<h2>{title}</h2>" in hostile
    for name in NAMES:
        assert f"{name} <b>{BY_NAME[name].code}</b>" in hostile
    assert "keep_calibration_error" in hostile
    assert "prefers-color-scheme: dark" in hostile
    assert 'name=viewport content="width=device-width' in hostile
    assert moderator.model.id in read.text


def test_the_same_evaluation_makes_the_same_file(moderator: Moderator, hostile: str) -> None:
    assert made(moderator, wrong_pages(moderator, ATTACKS, count=2)) == hostile


def test_mistakes_stand_in_their_context_the_surest_first(moderator: Moderator) -> None:
    pages = wrong_pages(
        moderator, ("首页 新闻 体育 登录 注册", "", *ATTACKS[4:5], "联系我们 | 网站地图", ATTACKS[4][:20])
    )
    scored = score_pages(moderator, pages)
    found = [*worst_mistakes(scored, pages, moderator.model, kept=False)]
    assert [m.sure for m in found] == sorted((m.sure for m in found), reverse=True)
    first = next(m for m in found if m.line.number == 0)
    assert (first.line.truth, first.line.kept, first.place) == ("content", False, 0)
    assert [line.number for line in first.context] == [0, 2, 3], "a blank line is no context"
    assert first.reasons
    assert {m.line.kept for m in worst_mistakes(scored, pages, moderator.model, kept=True)} <= {True}


def test_a_page_does_not_fill_the_list(moderator: Moderator) -> None:
    pages = wrong_pages(moderator, ("首页 新闻 体育 登录 注册",) * 8, count=2)
    found = worst_mistakes(score_pages(moderator, pages), pages, moderator.model, kept=False)
    assert len(found) == 2 * OF_A_PAGE


def test_a_page_without_mistakes_says_so(moderator: Moderator) -> None:
    text = "首页 新闻 体育 登录 注册"
    labels = tuple(verdict.label for verdict in moderator.clean(text).verdicts)
    html = made(moderator, [LabelledPage("p", (text,), labels)])
    assert html.count("<p>None.</p>") == 2


def test_deciding_words_are_marked_and_long_lines_are_cut() -> None:
    reasons = (Reason("<b>", 2, 5, 1.5), Reason("是", 0, 1, -0.5), Reason("(shape)", 0, 5, 2.0))
    assert marked("是a<b>&", reasons) == "<mark class=against>是</mark>a<mark>&lt;b&gt;</mark>&amp;"
    long = marked("长" * 2000, (Reason("长", 1999, 2000, 1.0),))
    assert long == "长" * LONGEST + f"<i>… {2000 - LONGEST} more characters</i>"


def test_a_cell_of_the_heat_map_has_the_share_of_its_row() -> None:
    html = heat_map(["content", "nav"], [[3, 1], [0, 0]])
    assert 'class="right strong" style="--share:0.750" title="content found to be content: 3 of 4 lines">3<' in html
    assert 'class="wrong" style="--share:0.250"' in html
    assert html.count('style="--share:0.000"') == 2


def test_a_diagram_has_a_dot_for_each_bin_with_lines() -> None:
    bins = [Bin(4, 0.1, 0.25), Bin(0, 0.0, 0.0), Bin(2, 0.9, 1.0)]
    svg = reliability_diagram("keep", bins)
    assert svg.count("<circle") == 2
    assert 'cx="20.0" cy="150.0" r="4"><title>4 lines, mean probability 0.100, came true 0.250' in svg
    assert reliability_diagram("spam", [Bin(0, 0.0, 0.0)] * 15).count("<circle") == 0


def test_text_and_json_report_the_calibration_of_every_label(moderator: Moderator) -> None:
    pages = wrong_pages(moderator, ("首页 新闻 体育 登录 注册",))
    found = report(moderator, pages, score_pages(moderator, pages))
    rows = {row["label"]: row for row in found["labels"]}
    assert rows["seo"]["calibration_error"] is None
    (given,) = [row for row in rows.values() if row["found"]]
    assert given["calibration_error"] == pytest.approx(moderator.clean(pages[0].text).verdicts[0].score)
    assert re.search(r"\nseo .* -\n", report_text(found))


def test_evaluate_writes_the_report_beside_what_it_prints(
    moderator: Moderator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = tmp_path / "pages.jsonl"
    write_pages(wrong_pages(moderator, ATTACKS), pages)
    assert main(["evaluate", str(pages), "--html", str(tmp_path / "report.html")]) == 0
    assert "keep_f1" in capsys.readouterr().out
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!doctype html>")


def test_a_report_never_lands_on_the_labelled_pages(
    moderator: Moderator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = tmp_path / "pages.jsonl"
    write_pages(wrong_pages(moderator, ATTACKS), pages)
    before = pages.read_bytes()
    assert main(["evaluate", str(pages), "--html", str(pages)]) == 2
    assert "give it a name that ends in .html" in capsys.readouterr().err
    assert pages.read_bytes() == before
