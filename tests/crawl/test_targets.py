"""What files of other formats become: every format that can be written, named and readable."""

import csv
import gzip
from pathlib import Path

import pytest

pytest.importorskip("fastwarc", reason='needs FastWARC: pip install "moderation[warc]"')

from moderation.formats.base import Reading, Source
from moderation.formats.table import load_format

from .conftest import NEEDS_PYARROW, Run, jsonl, read_jsonl, records

ROWS = records(9)


def texts(path: Path, form: str) -> list[str]:
    source = Source(str(path), path.name, form)
    found = load_format(form)
    return [t for e in found.split(source, 1 << 40) for chunk in found.read(source, e, Reading()) for t in chunk.texts]


def test_anything_becomes_wet_and_comes_back(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl(ROWS))
    assert run("clean", "a.jsonl", "-o", "out/", "--to", "wet", "--ledger", "jsonl") == 0
    made = tmp_path / "out/data/a-00000.wet.gz"
    assert gzip.decompress(made.read_bytes()).count(b"WARC-Type: conversion") == len(ROWS)
    assert run("restore", "out", "-o", "back/") == 0
    assert texts(tmp_path / "back/a-00000.wet.gz", "wet") == [row["text"] for row in ROWS]
    assert run("clean", "a.jsonl", "-o", "one.wet.gz") == 0
    assert texts(tmp_path / "one.wet.gz", "wet") == texts(made, "wet")


@pytest.mark.parametrize("form", ["warc", "warc.gz", "wet.zst", "parquet.gz", "docx"])
@pytest.mark.parametrize("as_option", [True, False])
def test_what_can_not_be_written_is_refused(
    run: Run, tmp_path: Path, form: str, as_option: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl(ROWS))
    if as_option:
        assert run("clean", "a.jsonl", "-o", "out/", "--to", form) == 2
        one_of = "choose one of parquet, arrow, wet, or, with .gz or .zst or plain, jsonl, text, csv, tsv"
        assert capsys.readouterr().err == f"moderation: error: --to {form}: can't be written; {one_of}\n"
    elif form in ("warc", "warc.gz", "wet.zst"):
        assert run("clean", "a.jsonl", "-o", f"out.{form}") == 2
        assert f"out.{form}: can't be written; choose another suffix" in capsys.readouterr().err


@NEEDS_PYARROW
def test_one_table_of_several_files_has_the_columns_of_all(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl([{"id": "甲", "text": "今天上午，闸口全部更换。"}]))
    (tmp_path / "b.jsonl").write_bytes(jsonl([{"id": "乙", "text": "老人说，腌菜要趁霜降以后动手。", "n": 7}]))
    assert run("clean", "a.jsonl", "b.jsonl", "-o", "one.csv", "--ledger", "parquet") == 0
    with (tmp_path / "one.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))
    assert found[0] == ["id", "text", "n"]
    assert [row[2] for row in found[1:]] == ["", "7"]


def test_a_table_without_rows_does_not_decide_the_columns_of_the_next_ones(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\n", "utf-8")
    (tmp_path / "b.csv").write_text("id,text,n\n乙,今天上午闸口全部更换。,7\n", "utf-8")
    assert run("clean", "a.csv", "b.csv", "-o", "one.csv") == 0
    assert (tmp_path / "one.csv").read_text("utf-8").splitlines()[0] == "id,text,n"
    assert run("clean", "a.csv", "-o", "none.csv") == 0
    assert (tmp_path / "none.csv").read_text("utf-8").splitlines() == ["id,text"]


@NEEDS_PYARROW
def test_a_run_that_fails_says_so_in_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Parquet writers that are given up must not complain from their finalizers."""
    (tmp_path / "a.jsonl").write_bytes(jsonl(ROWS))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("moderation.formats.parquet.ParquetWriter.close", full)
    assert run("clean", "a.jsonl", "-o", "out/", "--to", "parquet", "--ledger", "parquet") == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "moderation: shard 0 (a.jsonl) failed: can't be written (No space left on device)"
    assert len(said) == 2


def test_attribute_files_of_equal_stems_are_kept_apart(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for suffix, sign in ((".csv", ","), (".tsv", "\t")):
        lines = [sign.join(["id", "text"]), *(sign.join([f"{suffix}{n}", "今天上午，闸口更换。"]) for n in range(3))]
        (tmp_path / f"in/a{suffix}").write_text("\n".join(lines) + "\n", "utf-8")
    (tmp_path / "in/a.jsonl").write_bytes(jsonl(records(2)))
    assert run("clean", "in", "-o", "out/", "--attributes", "--shard-bytes", "10") == 0
    folder = tmp_path / "out/attributes/moderation"
    names = sorted(path.name for path in folder.iterdir())
    assert "a-00000.csv.jsonl.gz" in names
    assert "a-00000.tsv.jsonl.gz" in names
    for suffix in (".csv", ".tsv"):
        (folder / "found.jsonl").write_bytes(gzip.decompress((folder / f"a-00000{suffix}.jsonl.gz").read_bytes()))
        assert [row["id"] for row in read_jsonl(folder / "found.jsonl")] == [f"{suffix}{n}" for n in range(3)]
    assert run("clean", "in", "-o", "out/", "--attributes", "--shard-bytes", "10", "--resume") == 0
