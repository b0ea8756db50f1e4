"""`--site-lines`: what stands on most pages of a site goes; what is a page's own stays, or is shared by two."""

import importlib.util
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.crawl import site_count, site_table
from moderation.crawl.output import part_files
from moderation.crawl.site_count import ROW, PageCounter, added, is_counted, keys_of, site_key
from moderation.crawl.site_lines import STRONG, SiteEvidence, lone, strength
from moderation.crawl.site_table import MIN_PAGES, SiteTable, blocks, make_table, read_table
from moderation.lines import read_lines
from moderation.moderate import Moderator
from moderation.records import SITE
from moderation.text.batch import pack

from .conftest import Run, jsonl, read_jsonl, tree

ROOT = Path(__file__).parents[2]


@cache
def authored() -> ModuleType:
    """benchmarks/authored_sites.py as a module."""
    spec = importlib.util.spec_from_file_location("authored_sites", ROOT / "benchmarks/authored_sites.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["authored_sites"] = module
    spec.loader.exec_module(module)
    return module


def crawl() -> list[dict[str, Any]]:
    return [{"id": str(n), "url": p.url, "text": p.text} for n, p in enumerate(authored().authored_sites())]


def left(folder: Path) -> dict[str, list[str]]:
    """The lines of each document that are left."""
    found = [row for path in sorted((folder / "data").glob("*.jsonl")) for row in read_jsonl(path)]
    return {row["id"]: row["text"].split("\n") for row in found}


@pytest.fixture
def both(run: Run, tmp_path: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """What is left without the option and with it."""
    (tmp_path / "in.jsonl").write_bytes(jsonl(crawl()))
    words = ("clean", "in.jsonl", "--quiet", "--shard-bytes", "20000", "--ledger", "jsonl")
    assert run(*words, "-o", "alone/") == 0
    assert run(*words, "-o", "sites/", "--site-lines") == 0
    return left(tmp_path / "alone"), left(tmp_path / "sites")


def test_more_chrome_goes_and_no_content_with_it(both: Any) -> None:
    alone, sites = both
    counts: Counter[str] = Counter()
    for n, page in enumerate(authored().authored_sites()):
        for text, content in page.lines:
            before, after = text in alone[str(n)], text in sites[str(n)]
            if content:
                assert after == before, text
            else:
                counts.update(chrome=1, before=not before, after=not after)
    assert counts["before"] < 0.8 * counts["chrome"]
    assert counts["after"] > 0.97 * counts["chrome"]


def test_a_story_that_two_sites_print_stays(both: Any) -> None:
    alone, sites = both
    story = authored().SYNDICATED
    for found in (alone, sites):
        assert sum(line in lines for lines in found.values() for line in story) == 9


def test_the_ledger_says_that_the_site_decided_and_everything_can_be_put_back(
    both: Any, run: Run, tmp_path: Path
) -> None:
    rows = [row for path in (tmp_path / "sites/ledger").iterdir() for row in read_jsonl(path)]
    reasons = {row["text"].strip(): row["reason"] for row in rows if row["kind"] == "line"}
    assert reasons["青禾是一座有着八百年历史的水边小城，这里的人说话慢，走路也慢。"] == (
        "the line stands on most pages of its site"
    )
    assert run("restore", "sites/", "-o", "back/") == 0
    back = [row for path in sorted((tmp_path / "back").rglob("*.jsonl")) for row in read_jsonl(path)]
    assert back == crawl()


def test_without_the_option_documents_are_independent(run: Run, tmp_path: Path) -> None:
    rows = crawl()
    (tmp_path / "all.jsonl").write_bytes(jsonl(rows))
    (tmp_path / "few.jsonl").write_bytes(jsonl(rows[::7]))
    for name in ("all", "few"):
        assert run("clean", f"{name}.jsonl", "-o", f"{name}/", "--quiet", "--workers", "1") == 0
    whole, few = left(tmp_path / "all"), left(tmp_path / "few")
    assert few == {key: whole[key] for key in few}
    assert not (tmp_path / "all/site-lines").exists()


def test_two_workers_and_other_shards_find_the_same(both: Any, run: Run, tmp_path: Path) -> None:
    words = ("clean", "in.jsonl", "--quiet", "--site-lines")
    assert run(*words, "-o", "two/", "--workers", "2", "--shard-bytes", "20000", "--ledger", "jsonl") == 0
    assert tree(tmp_path / "two") == tree(tmp_path / "sites")
    assert run(*words, "-o", "one/") == 0
    assert left(tmp_path / "one") == left(tmp_path / "sites")
    table = "site-lines/table.rows"
    assert (tmp_path / "one" / table).read_bytes() == (tmp_path / "sites" / table).read_bytes()


def test_a_run_that_is_cut_off_while_counting_or_cleaning_goes_on(both: Any, run: Run, tmp_path: Path) -> None:
    words = ("clean", "in.jsonl", "--quiet", "--shard-bytes", "20000", "--ledger", "jsonl", "--site-lines")

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    for name, target in (("counting", "make_table"), ("cleaning", "html_report")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(f"moderation.crawl.run.{target}", cut)
            assert run(*words, "-o", f"{name}/") == 130
        assert run(*words, "-o", f"{name}/", "--resume") == 0
        assert tree(tmp_path / name) == tree(tmp_path / "sites")


def test_a_run_begun_without_the_option_is_not_resumed_with_it(
    both: Any, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("clean", "in.jsonl", "-o", "alone/", "--shard-bytes", "20000", "--ledger", "jsonl", "--resume")
    assert run(*words, "--site-lines") == 2
    assert "site_lines" in capsys.readouterr().err


PAGES = st.lists(
    st.tuples(st.sampled_from(["a.example", "b.example"]), st.lists(st.sampled_from("甲乙丙丁戊"), max_size=6)),
    max_size=30,
)


@settings(max_examples=40, deadline=None)
@given(PAGES, st.integers(1, 9), st.integers(1, 12))
def test_counts_are_those_of_plain_counting_however_they_are_cut(
    tmp_path_factory: pytest.TempPathFactory, moderator: Moderator, pages: Any, size: int, held: int
) -> None:
    folder = tmp_path_factory.mktemp("count")
    tables = moderator.model.tables
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site_count, "RUN_ROWS", held)
        patch.setattr(site_table, "BLOCK_ROWS", held)
        with part_files(folder) as files:
            counter = PageCounter(files, "shard-000000", tables)
            for n in range(0, len(pages), size):
                part = pages[n : n + size]
                counter.add(["\n".join(lines) for _, lines in part], [f"https://{host}/" for host, _ in part])
            counter.close()
            files.commit()
        found = list(blocks(sorted((folder / site_count.COUNTS).glob("*.rows"))))
    truth: Counter[tuple[int, int]] = Counter()
    for host, lines in pages:
        keys = {int(key) for key in keys_of(read_lines(pack(["\n".join(lines)]), tables))} - {0}
        truth.update((site_key(host), key) for key in {0, *keys})
    rows = np.concatenate([np.zeros(0, ROW), *found])
    assert {(int(r["site"]), int(r["line"])): int(r["pages"]) for r in rows} == dict(truth)
    order = [(int(r["site"]), int(r["line"])) for r in rows]
    assert order == sorted(order)


def test_many_files_are_merged_in_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_table, "FAN", 2)
    (tmp_path / site_count.COUNTS).mkdir(parents=True)
    for n in range(9):
        rows = np.array([(5, 0, 2), (5, 77, 2), (5, 100 + n, 1)], ROW)
        (tmp_path / site_count.COUNTS / f"shard-{n:06}-0000.rows").write_bytes(rows.tobytes())
    assert make_table(tmp_path) == (1, 1)
    table = read_table(tmp_path)
    assert table.shares(5, np.array([77, 104, 3], np.uint64)).tolist() == [1.0, 0.0, 0.0]
    assert not (tmp_path / site_count.COUNTS).exists()


def evidence_of(moderator: Moderator, pages: list[str], share: float) -> Any:
    """What a table says in which the first line of the pages stands on a share of the site's other pages."""
    lines = read_lines(pack(pages), moderator.model.tables)
    keys = keys_of(lines)
    rows = np.array([(9, 0, 101), (9, int(keys[0]), 1 + round(100 * share))], ROW)
    table = SiteTable(rows, np.zeros(0, np.uint64))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("moderation.crawl.site_lines.site_key", lambda host: 9)
        return SiteEvidence(table, ["https://x.example"] * len(pages))(lines, 0)


MOTTO = "青禾是一座有着八百年历史的水边小城，这里的人说话慢，走路也慢。"
OWN = "陈守田告诉记者，桥头村一共有八十户人家，靠莲藕过日子的就占了一半以上。"


@pytest.mark.parametrize(
    ("share", "log_odds"), [(0.1, 0), (0.4, 0), (0.5, 0), (0.55, STRONG / 2), (0.6, STRONG), (1.0, STRONG)]
)
def test_the_more_pages_have_a_line_the_more_speaks_against_it(
    moderator: Moderator, share: float, log_odds: float
) -> None:
    shares = np.array([share])
    assert strength(shares).tolist() == pytest.approx([log_odds], abs=0.3)
    found = evidence_of(moderator, [f"{MOTTO}\n{OWN}"], share)
    assert found.tolist() == pytest.approx([log_odds, 0], abs=0.3)


def test_nothing_is_said_about_a_page_that_is_a_copy(moderator: Moderator) -> None:
    assert evidence_of(moderator, [f"{MOTTO}\n{MOTTO}\n{MOTTO}"], 1.0).tolist() == [0, 0, 0]


def test_a_short_heading_between_lines_of_its_own_page_is_no_menu() -> None:
    size, share = np.array([20, 2, 0, 20, 2, 3]), np.array([0, 1.0, 0, 0, 1.0, 1.0])
    assert lone(size, share).tolist() == [False, True, False, False, False, False]


def test_a_verdict_that_the_site_turned_says_so_and_others_are_as_before(moderator: Moderator) -> None:
    text = f"{OWN}\n{MOTTO}\n首页 | 登录 | 注册"
    alone = moderator.clean(text)
    (found,) = moderator.clean_many([text], lambda lines, first: np.array([0, STRONG, 0], np.float32))
    assert [v.reason for v in found.verdicts] == ["", SITE, ""]
    assert [found.verdicts[n] for n in (0, 2)] == [alone.verdicts[n] for n in (0, 2)]
    assert (alone.verdicts[1].action, found.verdicts[1].action) == ("keep", "drop")
    assert [line.get("reason") for line in found.record()["lines"]] == [None, SITE, None]


def test_lines_that_are_chrome_of_many_sites_are_chrome_of_a_small_one() -> None:
    table = SiteTable(np.array([(7, 0, MIN_PAGES)], ROW), np.array([3, 5], np.uint64))
    assert table.shares(8, np.array([3, 4], np.uint64)).tolist() == [1.0, 0.0]
    assert table.shares(7, np.array([3, 4], np.uint64)).tolist() == [0.0, 0.0]


def test_documents_without_an_address_are_judged_by_themselves(run: Run, tmp_path: Path) -> None:
    rows = [{**row, "url": None} for row in crawl()]
    (tmp_path / "in.jsonl").write_bytes(jsonl(rows))
    assert run("clean", "in.jsonl", "-o", "a/", "--quiet") == 0
    assert run("clean", "in.jsonl", "-o", "b/", "--quiet", "--site-lines") == 0
    assert left(tmp_path / "a") == left(tmp_path / "b")


def test_a_shard_is_counted_when_all_its_files_are_there(tmp_path: Path) -> None:
    from moderation.crawl.plan import Shard  # noqa: PLC0415

    assert not is_counted(tmp_path, Shard(3, ()))
    assert added([]).size == 0
