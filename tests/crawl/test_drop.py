"""`--drop-doc`: documents that go as a whole, by rule, each with its reason, and none of them lost."""

from pathlib import Path
from typing import Any

import pytest

from moderation.crawl.drop import MEASURES, RULES, measures, parse_rule
from moderation.crawl.tally import imbalance, read_tally
from moderation.errors import UsageError
from moderation.moderate import Moderator

from .conftest import LEDGERS, Run, jsonl, read_jsonl, report

ARTICLE = (
    "青禾镇春灌今天开闸，三条干渠同时放水，预计四月上旬以前可以浇完两万亩麦田。\n"
    "水管站的老周一早就带着铁锹上了渠，他说今年的水比往年来得早，麦苗正等着这一口。\n"
)
DOORWAY = "\n".join(
    ["亚洲成人在线视频 国产精品免费观看 欧美激情一区二区", "免费看成人影片 高清无码在线播放 激情小说"] * 6
)
MENU = "首页 新闻 体育 财经 娱乐 登录 注册\n版权所有 江口日报社 京ICP备12345678号\n"
PAGES: list[dict[str, Any]] = [
    {"id": "news", "url": "https://qinghe.example/1", "text": MENU + ARTICLE},
    {"id": "doorway", "url": "https://x.example/1", "text": DOORWAY},
    {"id": "menu", "url": "https://qinghe.example/2", "text": MENU},
    {"id": "empty", "url": None, "text": ""},
]


@pytest.mark.parametrize(
    ("rule", "gone"),
    [
        ("spam-share>0.5", ["doorway"]),
        ("adult-doorway", ["doorway"]),
        ("gambling-doorway", []),
        ("kept-chars<50", ["doorway", "menu", "empty"]),
        ("kept-share<0.1", ["doorway", "menu"]),
        ("kept-lines <= 0, chrome-share > 0.5", ["menu"]),
        ("kept-chars>=1000000", []),
    ],
)
def test_a_rule_drops_the_documents_it_describes(run: Run, tmp_path: Path, rule: str, gone: list[str]) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(PAGES))
    assert run("clean", "in.jsonl", "-o", "out/", "--drop-doc", rule) == 0
    reasons = [row for path in (tmp_path / "out/dropped/reasons").glob("*") for row in read_jsonl(path)]
    assert [row["id"] for row in reasons] == gone
    assert {row["reason"] for row in reasons} <= {rule.replace(" ", "")}
    aside = [row for path in (tmp_path / "out/dropped/data").glob("*") for row in read_jsonl(path)]
    assert aside == [page for page in PAGES if page["id"] in gone]


@pytest.mark.parametrize("form", LEDGERS)
def test_every_drop_is_on_the_books_in_ledger_and_attributes_and_can_be_undone(
    run: Run, tmp_path: Path, form: str
) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(PAGES))
    words = ("--drop-doc", "adult-doorway", "--drop-doc", "kept-chars<50", "--ledger", form, "--attributes")
    assert run("clean", "in.jsonl", "-o", "out/", *words) == 0
    tally = read_tally(report(tmp_path / "out")["tally"])
    assert tally.dropped == {"adult-doorway": 1, "kept-chars<50": 2}
    assert (tally.documents["kept"], tally.documents["dropped"], imbalance(tally)) == (1, 3, [])
    assert run("restore", "out/", "-o", "back/") == 0
    assert [row for path in sorted((tmp_path / "back").rglob("*.jsonl")) for row in read_jsonl(path)] == PAGES


def test_the_attributes_of_a_dropped_document_name_the_rule(run: Run, tmp_path: Path) -> None:
    import gzip  # noqa: PLC0415

    (tmp_path / "in.jsonl").write_bytes(jsonl(PAGES))
    assert run("clean", "in.jsonl", "-o", "out/", "--drop-doc", "adult-doorway", "--attributes") == 0
    (path,) = (tmp_path / "out/attributes/moderation").glob("*.gz")
    (tmp_path / "a.jsonl").write_bytes(gzip.decompress(path.read_bytes()))
    found = {row["id"]: row["attributes"] for row in read_jsonl(tmp_path / "a.jsonl")}
    assert found["doorway"]["moderation__moderation__dropped:adult-doorway"] == [[0, len(DOORWAY), 1.0]]
    assert [key for key in found["news"] if "dropped" in key] == []


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("spam", "'spam' is no rule such as spam-share>0.5"),
        ("spam-share=0.5", "'spam-share=0.5' is no rule"),
        ("chars<50", "there is no measure 'chars'; measures are kept-chars"),
        ("spam-share>50", "a share is between 0 and 1, found 50"),
        ("kept-chars<50,", "'' is no rule"),
        ("", "'' is no rule"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_before_anything_is_read(rule: str, sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_rule(rule)
    assert sentence in str(refused.value)


def test_the_command_line_refuses_it_and_makes_no_folder(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(PAGES))
    assert run("clean", "in.jsonl", "-o", "out/", "--drop-doc", "spam>1") == 2
    assert "there is no measure 'spam'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_shares_of_all_labels_make_one_and_every_named_rule_can_be_read(moderator: Moderator) -> None:
    for page in PAGES[:3]:
        found = measures(moderator.clean(page["text"]))
        assert set(found) == set(MEASURES)
        assert found["content-share"] + found["junk-share"] == pytest.approx(1)
        assert found["chrome-share"] + found["spam-share"] + found["noise-share"] == pytest.approx(found["junk-share"])
    assert [len(parse_rule(name).conditions) for name in RULES] == [2, 2, 2]
