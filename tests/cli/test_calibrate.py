"""`moderation calibrate` as it is used. The pages are labelled with what the model itself finds, or all wrong: so no
test depends on how good the model is."""

import json
from pathlib import Path

import pytest

from moderation.moderate import Moderator
from moderation.policy import load_policy

from .conftest import NEWS, RECIPE, Run, write_jsonl

TARGET = ("--target-precision", "0.995")


def write_pages(path: Path, *, right: bool = True, split: str = "") -> Path:
    """Two pages, labelled as the model has it, or every line as noise."""
    records = []
    for number, text in enumerate([NEWS, RECIPE]):
        lines = text.split("\n")
        labels: list[str | None] = [None] * len(lines)
        for verdict in Moderator.load().clean(text).verdicts:
            labels[verdict.line] = verdict.label if right else "noise"
        records.append({"id": str(number), "lines": lines, "labels": labels, "split": split})
    return write_jsonl(path, *records)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Rightly labelled pages."""
    return write_pages(tmp_path / "pages.jsonl")


def test_threshold_precision_and_recall_are_printed(run: Run, pages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("calibrate", pages, *TARGET, "--label", "nav") == 0
    out, err = capsys.readouterr()
    assert out.startswith("2 pages, 12 lines; model default@")
    assert "\nnav: threshold 0." in out
    assert f"(until now {load_policy('default').rule('nav').threshold})" in out
    assert "precision 1.0000 on " in out
    assert "95 % interval by page 1.0000 - 1.0000" in out
    assert "moderation: warning: nav: the threshold rests on few lines (" in err


def test_json_is_one_object_with_a_row_a_label(run: Run, pages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("calibrate", pages, *TARGET, "--label", "N", "--label", "footer", "--label", "nav", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["policy"], found["pages"], found["target_precision"]) == ("default", 2, 0.995)
    assert [row["label"] for row in found["labels"]] == ["nav", "footer"]
    assert {row["precision"] for row in found["labels"]} == {1.0}
    assert {row["few_lines"] for row in found["labels"]} == {True}


def test_the_policy_that_is_written_can_be_used(
    run: Run, pages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("calibrate", pages, *TARGET, "--label", "nav", "-o", "mine.toml", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)["labels"]
    policy = load_policy(tmp_path / "mine.toml")
    assert (policy.name, policy.rule("nav").threshold) == ("mine", row["threshold"])
    assert policy.rule("footer") == load_policy("default").rule("footer")
    (tmp_path / "page.txt").write_text(NEWS, "utf-8")
    assert run("clean", "page.txt", "--policy", "mine.toml", "--quiet") == 0


def test_runs_add_up_and_a_second_run_changes_nothing(run: Run, pages: Path, tmp_path: Path) -> None:
    words = ["calibrate", pages, *TARGET, "--policy", "default", "-o"]
    assert run(*words, "mine.toml", "--label", "nav") == 0
    assert run(*words, "mine.toml", "--label", "footer") == 0
    first = (tmp_path / "mine.toml").read_bytes()
    assert run(*words, "mine.toml", "--label", "footer", "--label", "nav") == 0
    assert (tmp_path / "mine.toml").read_bytes() == first
    assert run(*words, "both.toml", "--label", "nav", "--label", "footer") == 0
    assert (tmp_path / "both.toml").read_bytes() == first.replace(b'"mine"', b'"both"')


def test_nothing_is_written_when_one_label_falls_short(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = write_pages(tmp_path / "wrong.jsonl", right=False)
    assert run("calibrate", wrong, *TARGET, "--label", "nav", "-o", "mine.toml") == 2
    err = capsys.readouterr().err
    assert err.startswith(
        "moderation: error: nav: no threshold reaches a precision of 0.995 on these pages; the best is 0"
    )
    assert err.count("\n") == 1
    assert not (tmp_path / "mine.toml").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--label", "spam"], "unknown label 'spam'; known labels: "),
        (["--label", "nav", "--split", "dev"], "no page has the split 'dev'"),
        (["--label", "nav", "--policy", "spam-only"], "nav: the policy spam-only keeps it at any score"),
        (["--label", "nav", "--policy", "strict"], "no policy 'strict'"),
        (["--label", "nav", "-o", "pages.jsonl"], "pages.jsonl: a policy is a TOML file"),
        (["--label", "nav", "-o", "no/mine.toml"], "no/mine.toml: can't be written"),
    ],
)
def test_a_wrong_call_is_refused_in_one_sentence(
    run: Run, pages: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    before = pages.read_bytes()
    assert run("calibrate", pages, *TARGET, *words) == 2
    err = capsys.readouterr().err
    assert err.startswith("moderation: error: ")
    assert sentence in err
    assert err.count("\n") == 1
    assert pages.read_bytes() == before


def test_only_pages_of_the_split_are_measured(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = write_pages(tmp_path / "right.jsonl", split="dev")
    wrong = write_pages(tmp_path / "wrong.jsonl", right=False, split="train")
    assert run("calibrate", right, wrong, *TARGET, "--label", "nav", "--split", "dev", "--json") == 0
    assert json.loads(capsys.readouterr().out)["pages"] == 2
