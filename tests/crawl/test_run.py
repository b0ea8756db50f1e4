"""`moderation clean` into a folder: what goes in, what comes out."""

import gzip
import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from moderation.crawl.engine import Job, open_room
from moderation.crawl.plan import Shard, all_pieces
from moderation.crawl.settings import Settings
from moderation.crawl.shard import run_shard
from moderation.formats.base import Source
from moderation.moderate import Moderator

from .conftest import Run, jsonl, page, read_jsonl, records, report, tree

zstandard: Any = pytest.importorskip("zstandard", reason='needs zstandard: pip install "moderation[zstd]"')


def test_a_folder_of_mixed_files_is_cleaned_to_files_of_the_same_names(run: Run, tmp_path: Path) -> None:
    rows = records(30)
    (tmp_path / "in/sub").mkdir(parents=True)
    (tmp_path / "in/a.jsonl").write_bytes(jsonl(rows[:10]))
    (tmp_path / "in/b.jsonl.gz").write_bytes(gzip.compress(jsonl(rows[10:20])))
    (tmp_path / "in/sub/c.jsonl.zst").write_bytes(zstandard.compress(jsonl(rows[20:])))
    (tmp_path / "in/sub/page.txt").write_text(rows[0]["text"], "utf-8")
    (tmp_path / "in/notes.docx").write_bytes(b"PK")
    assert run("clean", "in", "-o", "out", "--quiet") == 0
    names = sorted(path.relative_to(tmp_path / "out/data").as_posix() for path in (tmp_path / "out/data").rglob("*.*"))
    assert names == ["a-00000.jsonl", "b-00000.jsonl.gz", "sub/c-00000.jsonl.zst", "sub/page.txt"]
    assert report(tmp_path / "out")["state"] == "complete"
    assert report(tmp_path / "out")["tally"]["documents"]["read"] == 31


def test_the_texts_are_those_of_the_moderator_and_other_fields_stay(
    run: Run, tmp_path: Path, moderator: Moderator
) -> None:
    rows = records(25)
    (tmp_path / "in.jsonl").write_bytes(jsonl(rows))
    assert run("clean", "in.jsonl", "-o", "out/", "--shard-bytes", "3000") == 0
    shards = sorted((tmp_path / "out/data").glob("*.jsonl"))
    assert len(shards) > 2
    clean = moderator.clean_many([row["text"] for row in rows])
    found = [row for shard in shards for row in read_jsonl(shard)]
    assert found == [{**row, "text": result.text} for row, result in zip(rows, clean, strict=True)]


@pytest.mark.parametrize("shard_bytes", [700, 1500, 10**9])
@pytest.mark.parametrize("name", ["in.jsonl", "in.jsonl.gz", "in.jsonl.zst"])
def test_the_cut_into_shards_changes_nothing(run: Run, tmp_path: Path, name: str, shard_bytes: int) -> None:
    data = jsonl([*records(20), b"oops", *records(5, seed=1)])
    frames = b"".join(zstandard.compress(data[n : n + 999]) for n in range(0, len(data), 999))
    packed = {"in.jsonl": data, "in.jsonl.gz": gzip.compress(data), "in.jsonl.zst": frames}
    (tmp_path / name).write_bytes(packed[name])
    assert run("clean", name, "-o", "out", "--to", "jsonl", "--ledger", "jsonl", "--shard-bytes", shard_bytes) == 1
    together = [b for path in sorted((tmp_path / "out/data").iterdir()) for b in path.read_bytes().splitlines()]
    assert len(together) == 25
    (tmp_path / "whole.jsonl").write_bytes(data)
    assert run("clean", "whole.jsonl", "-o", "whole/", "--ledger", "jsonl") == 1
    assert together == (tmp_path / "whole/data/whole-00000.jsonl").read_bytes().splitlines()
    tallies = [report(tmp_path / folder)["tally"] for folder in ("out", "whole")]
    assert tallies[0] == tallies[1]
    assert tallies[0]["documents"] == {"read": 26, "kept": 25, "changed": 21, "dropped": 0, "failed": 1}
    asides = [read_jsonl(path) for folder in ("out", "whole") for path in (tmp_path / folder / "rejected").iterdir()]
    assert [aside[0]["byte"] for aside in asides] == [data.index(b"oops")] * 2


def test_a_single_file_leaves_no_report_that_nobody_reads(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(5)))
    source = Source(str(tmp_path / "in.jsonl"), "in.jsonl", "jsonl")
    shard = Shard(0, tuple(all_pieces([source], settings)))
    for highlights in (True, False):
        folder = tmp_path / f"out-{highlights}"
        run_shard(shard, open_room(Job(folder, "rejected", settings, {}, highlights=highlights)), lambda *_: None)
        assert any(folder.glob("report/*")) == highlights
    data = [next((tmp_path / f"out-{highlights}/data").iterdir()).read_bytes() for highlights in (True, False)]
    assert data[0] == data[1]


def test_two_workers_write_what_one_writes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl([*records(60), b"oops"]))
    words = ["--shard-bytes", "3000", "--ledger", "jsonl", "--attributes", "--quiet"]
    for workers in (1, 2):
        assert run("clean", "in.jsonl", "-o", f"out{workers}", "--workers", workers, *words) == 1
    assert tree(tmp_path / "out1") == tree(tmp_path / "out2")


def test_pages_become_records_of_one_file_when_asked_for(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for row in records(6):
        (tmp_path / f"in/{row['n']}.txt").write_text(row["text"], "utf-8")
    assert run("clean", "in", "-o", "out", "--to", "jsonl.gz") == 0
    lines = gzip.decompress((tmp_path / "out/data/pages-00000.jsonl.gz").read_bytes()).splitlines()
    assert len(lines) == 6


def test_a_glob_names_files_and_two_files_of_one_name_keep_apart(run: Run, tmp_path: Path) -> None:
    for n, row in enumerate(records(3)):
        (tmp_path / f"crawl{n}").mkdir()
        (tmp_path / f"crawl{n}/part.jsonl").write_bytes(jsonl([row]))
    assert run("clean", "crawl*/part.jsonl", "-o", "out") == 0
    names = sorted(path.relative_to(tmp_path / "out/data").as_posix() for path in (tmp_path / "out/data").rglob("*.*"))
    assert names == [f"crawl{n}/part-00000.jsonl" for n in range(3)]
    assert run("clean", *[f"crawl{n}/part.jsonl" for n in range(3)], "-o", "again/") == 0
    assert tree(tmp_path / "again/data") == tree(tmp_path / "out/data")


@pytest.mark.parametrize("suffix", ["jsonl.gz", "jsonl.zst"])
def test_compressed_files_are_cleaned_file_to_file(run: Run, tmp_path: Path, suffix: str) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(5)))
    packed = {"jsonl.gz": gzip.compress, "jsonl.zst": zstandard.compress}[suffix]
    (tmp_path / f"in.{suffix}").write_bytes(packed((tmp_path / "in.jsonl").read_bytes()))
    assert run("clean", "in.jsonl", "-o", "plain.jsonl") == 0
    assert run("clean", f"in.{suffix}", "-o", "out.jsonl") == 0
    assert run("clean", "in.jsonl", "-o", f"out.{suffix}") == 0
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "plain.jsonl").read_bytes()
    assert run("clean", f"out.{suffix}", "-o", "twice.jsonl", "--policy", "flag-only") == 0
    assert (tmp_path / "twice.jsonl").read_bytes() == (tmp_path / "plain.jsonl").read_bytes()


def test_a_page_of_a_run_keeps_its_bytes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    text = "\ufeff" + page(random.Random(3)) + "\0盐要少。\u2028\r\n"
    (tmp_path / "in/a.txt").write_bytes(text.encode())
    assert run("clean", "in", "-o", "out", "--policy", "flag-only") == 0
    assert (tmp_path / "out/data/a.txt").read_bytes() == text.encode()


def test_the_log_of_a_server_is_json(run: Run, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl([*records(20), b"oops"]))
    assert run("clean", "in.jsonl", "-o", "out/", "--log-json", "--shard-bytes", "3000") == 1
    events = [orjson.loads(line) for line in capfdbinary.readouterr().err.splitlines()]
    assert [event["event"] for event in events][:2] == ["begin", "shard"]
    assert events[0]["bytes"] == (tmp_path / "in.jsonl").stat().st_size
    assert run("clean", "in.jsonl", "-o", "out/", "--log-json") == 2
    (refused,) = [orjson.loads(line) for line in capfdbinary.readouterr().err.splitlines()]
    assert (refused["event"], refused["text"][:28]) == ("error", "out: holds a finished run; g")
    last = [event for event in events if event["event"] == "shard"][-1]
    assert (last["bytes"], last["of"], last["rejected"]) == (events[0]["bytes"], events[0]["bytes"], 1)
    assert events[-1]["text"].startswith("21 documents in ")


def test_quiet_says_nothing(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl([*records(2), b"oops"]))
    assert run("clean", "in.jsonl", "-o", "out/", "--quiet") == 1
    assert capsys.readouterr() == ("", "")


def test_files_of_no_known_format_are_named(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jsonl").write_bytes(jsonl(records(1)))
    (tmp_path / "in/b.pdf").write_bytes(b"%PDF")
    assert run("clean", "in", "-o", "out") == 0
    assert "moderation: 1 file is not read, as no format has such a suffix: in/b.pdf;" in capsys.readouterr().err


def test_a_run_inside_of_its_input_is_resumed_without_reading_itself(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl(records(3)))
    assert run("clean", ".", "-o", "out") == 0
    assert run("clean", ".", "-o", "out", "--resume") == 0
    assert report(tmp_path / "out")["inputs"] == 1


def test_the_clean_files_of_a_run_can_be_the_input_of_another(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl(records(3)))
    assert run("clean", "a.jsonl", "-o", "out/", "--ledger", "jsonl") == 0
    assert run("clean", "out", "-o", "again", "--policy", "flag-only") == 0
    assert report(tmp_path / "again")["tally"]["documents"]["read"] == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["in.jsonl", "-o", "out/", "--verdicts", "v.jsonl"], "--verdicts belongs to plain JSONL and text files"),
        (["in.jsonl", "-o", "out/", "--ledger-scores"], "--ledger-scores needs --ledger parquet or --ledger jsonl"),
        (["-", "-o", "out/"], "standard input (-) can't be read again after an interruption"),
        (["in.jsonl", "-o", "out/", "--to", "warc"], "--to warc: can't be written; choose one of parquet, arrow, wet"),
        (["in.jsonl", "-o", "out/", "--to", "text"], "in.jsonl: plain text holds one page a file"),
        (["in.jsonl", "-o", "out/", "--ray-address", "x"], "--ray-address needs --engine ray"),
        (["in.jsonl", "in.jsonl", "-o", "out/"], "in.jsonl is named twice; every file is cleaned once"),
        (["gone/*.jsonl", "-o", "out/"], "gone/*.jsonl: holds no file of a known format"),
        (["in.jsonl", "-o", "nosuch://bucket/out/"], "nosuch://bucket/out/: this kind of URL can't be opened"),
        (["in.jsonl", "-o", "out/", "--policy", "strict"], "no policy 'strict'"),
    ],
)
def test_a_wrong_call_ends_in_one_sentence_and_makes_no_folder(
    run: Run, tmp_path: Path, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(1)))
    assert run("clean", *words) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"moderation: error: {sentence}")
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]
