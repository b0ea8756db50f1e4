"""Comparing two models: every flip, with its context, as text, JSON and HTML."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from moderation.cli.main import main
from moderation.loop.compare import Comparison, Flip, NearLine, PageSet, Side, compare, comparison_record
from moderation.loop.compare_html import comparison_html
from moderation.loop.compare_text import comparison_text
from moderation.loop.page_sets import store_sets
from moderation.loop.reading import kept_verdict
from moderation.loop.store import Store
from moderation.loop.verdicts import keep_verdicts
from moderation.model.store import save_model
from moderation.moderate import Moderator
from moderation.train.corpus import authored_pages
from moderation.train.dataset import LabelledPage

HOSTILE = "<script>alert(1)</script>加微信 \x1b[31m\u202eabc\"'&"
PAGES = tuple(page for page in authored_pages() if page.split == "test")[:30]


def moved(moderator: Moderator) -> Moderator:
    """The model with a strong leaning towards promo."""
    bias = moderator.model.lines.bias.copy()
    bias[9] += 2.5
    lines = replace(moderator.model.lines, bias=bias)
    manifest = moderator.model.manifest | {"name": "moved", "digest": "f" * 64}
    return Moderator(replace(moderator.model, lines=lines, manifest=manifest), moderator.policy)


@pytest.fixture(scope="module")
def found(moderator: Moderator) -> Comparison:
    hostile = LabelledPage("<b>页</b>", (HOSTILE, "市图书馆照常开放，自助还书机全天可用。"), ("promo", "content"))
    return compare(moderator, moved(moderator), [PageSet("built-in", (*PAGES, hostile))])


def test_a_model_does_not_differ_from_itself(moderator: Moderator) -> None:
    found = compare(moderator, moderator, [PageSet("built-in", PAGES)])
    assert found.flips == ()
    assert found.figures[0].old == found.figures[0].new
    assert "0 of" in comparison_text(found)


def test_every_line_whose_verdict_differs_is_a_flip_and_no_other(moderator: Moderator, found: Comparison) -> None:
    pages = [PageSet("built-in", PAGES)]
    texts = [page.text for page in PAGES]
    expected = {
        (page.id, a.line)
        for page, one, two in zip(PAGES, moderator.clean_many(texts), moved(moderator).clean_many(texts), strict=True)
        for a, b in zip(one.verdicts, two.verdicts, strict=True)
        if (a.label, a.action) != (b.label, b.action)
    }
    flips = compare(moderator, moved(moderator), pages).flips
    assert expected
    assert {(flip.page, flip.line) for flip in flips if flip.old.spans == flip.new.spans} <= expected
    assert expected <= {(flip.page, flip.line) for flip in flips}
    assert len(found.flips) >= len(flips)


def test_flips_that_change_what_is_done_come_first_with_their_context(found: Comparison) -> None:
    order = [not flip.changes_action for flip in found.flips]
    assert order == sorted(order)
    by_id = {page.id: page for page in PAGES}
    for flip in found.flips:
        if flip.page in by_id:
            page = by_id[flip.page]
            assert page.lines[flip.line] == flip.text
            assert page.labels[flip.line] == flip.truth
            assert all(page.lines[near.line] == near.text for near in (*flip.before, *flip.after))
            assert all(near.line < flip.line for near in flip.before)


def test_the_record_is_json_and_counts_what_it_leaves_out(found: Comparison) -> None:
    record = json.loads(json.dumps(comparison_record(found, 3)))
    assert (len(record["flips"]), record["flipped"]) == (3, len(found.flips))
    assert set(record["flips"][0]) == {"set", "page", "line", "text", "truth", "old", "new", "before", "after"}


def test_the_text_tells_how_many_became_right_and_shows_no_control_character(found: Comparison) -> None:
    text = comparison_text(found)
    assert "become right and" in text
    assert not {"\x1b", "\u202e"} & set(text)
    assert f"{len(found.flips) - 2} more flips (--limit -1 shows all)" in comparison_text(found, 2)


class Tags(HTMLParser):
    """The tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)


def test_the_page_shows_a_hostile_line_and_runs_nothing(moderator: Moderator) -> None:
    page = LabelledPage("<b>页</b>", (HOSTILE,), ("promo",))
    flip = compare(moderator, moderator, [PageSet("x", (page,))])
    sides = {"label": "content", "score": 0.9, "action": "keep", "spans": ("<i>",)}
    old, new = Side(**sides), Side(**(sides | {"label": "promo", "action": "drop"}))  # type: ignore[arg-type]
    near = (NearLine(0, HOSTILE),)
    made = Flip(
        set="<u>", page="<b>页</b>", line=0, text=HOSTILE, truth="promo", old=old, new=new, before=near, after=near
    )
    text = comparison_html(replace(flip, flips=(made,)))
    tags = Tags()
    tags.feed(text)
    assert not {"script", "b>页", "i", "u", "img", "link"} & set(tags.names)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "default-src 'none'" in text
    assert "now right" in text


def test_kept_pages_are_compared_without_figures(moderator: Moderator, tmp_path: Path) -> None:
    store = Store.open(str(tmp_path / "store.db"))
    text = "首页 | 新闻\r\n今晚八点锁定阿秋直播间，羊毛衫九块九上车\r\n"
    kept = kept_verdict("v", None, text, moderator.clean(text), moderator.model, moderator.policy)
    keep_verdicts(store, [kept])
    sets = store_sets(store)
    store.close()
    assert [(one.name, len(one.pages), one.labelled) for one in sets] == [("corrections", 0, True), ("kept", 1, False)]
    found = compare(moderator, moved(moderator), sets)
    assert found.figures == ()
    assert all(flip.truth is None for flip in found.flips)


@pytest.fixture(scope="module")
def other(moderator: Moderator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another model, as a folder."""
    folder = tmp_path_factory.mktemp("models") / "moved"
    model = moved(moderator).model
    save_model(folder, model.stages, model.tables, {"name": "moved"})
    return folder


def test_the_command_compares_labelled_and_plain_pages(
    other: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows.txt").write_text("### p\nN|首页 | 新闻\nP|今晚八点锁定阿秋直播间，羊毛衫九块九上车\n", "utf-8")
    (tmp_path / "plain.txt").write_text("首页 | 新闻\n今晚八点锁定阿秋直播间，羊毛衫九块九上车\n", "utf-8")
    (tmp_path / "many.jsonl").write_text('{"text": "首页 | 新闻", "id": 1}\n{"no": 1}\n', "utf-8")
    names = [str(tmp_path / name) for name in ("rows.txt", "plain.txt", "many.jsonl")]
    report = tmp_path / "report.html"
    assert main(["compare", "default", str(other), *names, "--json", "--html", str(report)]) == 1
    out = capsys.readouterr()
    record = json.loads(out.out)
    assert [row["set"] for row in record["metrics"]] == ["rows.txt"]
    assert record["lines"] == 5
    assert "many.jsonl:2: rejected" in out.err
    assert report.read_text("utf-8").startswith("<!doctype html>")


def test_the_command_takes_the_built_in_pages_where_none_are_named(
    other: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.loop.page_sets.authored_pages", lambda: list(PAGES))
    assert main(["compare", "default", str(other), "--limit", "1"]) == 0
    assert "built-in: 30 pages" in capsys.readouterr().out
    assert main(["compare", "default", str(other), "--html", "report.txt"]) == 2
    assert "the report is an HTML file" in capsys.readouterr().err
