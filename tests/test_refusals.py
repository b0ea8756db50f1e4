"""What is refused, and in which words, where a caller or a record is wrong."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from moderation import Moderator, restore
from moderation.cli.main import main
from moderation.errors import RestoreError, UsageError
from moderation.explain import explain
from moderation.kernel.ngrams import LONGEST

PAGE = "首页 > 新闻 > 正文\n市图书馆国庆假期照常开放，读者可凭身份证入馆。\n版权所有 某某市图书馆"


@pytest.mark.parametrize("wrong", ["xx", None, 5])
def test_a_record_whose_removed_text_was_changed_restores_nothing(wrong: object) -> None:
    result = Moderator.load().clean(PAGE)
    record: dict[str, Any] = result.record()
    assert record["removed"], "the page has chrome to remove"
    record["removed"][0]["text"] = wrong
    with pytest.raises(RestoreError, match="was changed"):
        restore(result.text, record)


@pytest.mark.parametrize(
    ("texts", "words"),
    [(None, "not iterable"), ([b"a"], "a text is a str; found bytes at place 0"), ("abc", "use clean for one")],
)
def test_what_is_no_list_of_texts_is_refused(texts: Any, words: str) -> None:
    with pytest.raises((UsageError, TypeError), match=words):
        Moderator.load().clean_many(texts)


def test_texts_may_come_from_a_generator() -> None:
    results = Moderator.load().clean_many(text for text in (PAGE, ""))
    assert [result.text for result in results] == [Moderator.load().clean(PAGE).text, ""]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--jobs", "0"], "--jobs must be 1 or more"),
        (["--seed", "-1"], "--seed must be"),
        (["--generated", "nan"], "--generated must be a number"),
        (["--generated", "-1"], "--generated must be a number"),
    ],
)
def test_numbers_that_make_no_sense_are_refused_before_anything_is_read(
    options: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(tmp_path / "absent.jsonl"), *options, "-o", str(tmp_path / "m")]) == 2
    assert words in capsys.readouterr().err


def test_a_model_folder_that_cannot_be_made_is_refused_before_fitting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("", "utf-8")
    assert main(["train", str(tmp_path / "absent.jsonl"), "-o", str(tmp_path / "taken")]) == 2
    assert "can't be made a model's folder" in capsys.readouterr().err


def write_rows(path: Path) -> Path:
    """Two small labelled pages."""
    page = "N|首页 新闻 体育 财经\nC|旧桥修了整整三年，今年春天终于重新开放。\nF|版权所有 江口日报社\n"
    path.write_text(f"### p1 news\n{page}### p2 news\n{page}", "utf-8")
    return path


def test_a_model_is_replaced_only_by_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--generated", "0", "--no-context", "--jobs", "1", "-o", str(tmp_path / "mine")]
    words = ["train", str(write_rows(tmp_path / "rows.txt")), *options]
    assert main(words) == 0
    before = (tmp_path / "mine/manifest.json").read_bytes()
    capsys.readouterr()
    assert main([*words, "--seed", "7"]) == 2
    error = capsys.readouterr().err
    assert error.endswith("mine: holds a model already; name another folder with -o, or replace it with --force\n")
    assert (tmp_path / "mine/manifest.json").read_bytes() == before
    assert main([*words, "--seed", "7", "--force"]) == 0
    assert (tmp_path / "mine/manifest.json").read_bytes() != before


def test_half_a_model_is_not_overwritten_either(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/weights.safetensors").write_bytes(b"")
    assert main(["train", str(tmp_path / "absent.jsonl"), "-o", str(tmp_path / "mine")]) == 2
    assert "holds a model already" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["model", "policy"])
def test_a_moderator_can_not_be_changed(name: str) -> None:
    moderator = Moderator.load()
    with pytest.raises(AttributeError, match=f"property '{name}' of 'Moderator' object has no setter"):
        setattr(moderator, name, getattr(Moderator.load(policy="flag-only"), name))


def test_a_line_beyond_the_scored_length_is_explained() -> None:
    reasons = explain("文" * (LONGEST + 20), "content", Moderator.load().model, top=1)
    assert all(np.isfinite(reason.weight) for reason in reasons)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["clean"], "the following arguments are required: INPUT; moderation clean --help says what there is"),
        (["clean", "a.jsonl", "--colour", "red"], "unrecognized arguments: --colour red"),
        (["sweep"], "invalid choice: 'sweep'"),
    ],
)
def test_wrong_arguments_are_refused_in_one_sentence(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    line = capsys.readouterr().err
    assert line.startswith("moderation: error: ")
    assert said in line
    assert line.count("\n") == 1


def test_wrong_arguments_are_a_record_where_the_log_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clean", "a.jsonl", "--colour", "red", "--log-json"]) == 2
    record = orjson.loads(capsys.readouterr().err)
    assert record["event"] == "error"
    assert "--colour red" in record["text"]


def test_a_record_is_written_where_stderr_takes_text_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    assert main(["clean", "没有.jsonl", "--log-json", "-o", "out/"]) == 2
    assert "没有.jsonl" in orjson.loads(stderr.getvalue())["text"]


def test_the_command_alone_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "clean" in capsys.readouterr().err
