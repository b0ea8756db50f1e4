"""What a run shows while it counts and while it cleans: on a terminal, in a log, and when it is told to be quiet."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from crawl.conftest import jsonl, records
from moderation.cli.run_progress import JsonLog, Quiet, Shown
from moderation.crawl.plan import Piece, Shard
from moderation.crawl.shard import ShardReport
from moderation.formats.base import Extent, Source

SHARD = Shard(3, (Piece(Source("in.jsonl", "in.jsonl", "jsonl"), Extent(0, 0, None, 100), "in.jsonl", "jsonl", ""),))


def clean(folder: Path, *words: str) -> str:
    """What the command says."""
    (folder / "in.jsonl").write_bytes(jsonl([*records(60), b"oops"]))
    command = [sys.executable, "-m", "moderation", "clean", "in.jsonl", "-o", "out/", "--site-lines", *words]
    done = subprocess.run([*command, "--shard-bytes", "9000"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    return done.stderr


def test_a_log_tells_of_both_passes(tmp_path: Path) -> None:
    rows = [orjson.loads(line) for line in clean(tmp_path, "--log-json").splitlines()]
    begun = [row for row in rows if row["event"] == "begin"]
    assert [(row["task"], row["done"]) for row in begun] == [("counting", 0), ("cleaning", 0)]
    for task in ("counting", "cleaning"):
        shards = [row for row in rows if row["event"] == "shard" and row["task"] == task]
        assert len(shards) == begun[0]["shards"]
        assert shards[-1]["bytes"] == shards[-1]["of"] == (tmp_path / "in.jsonl").stat().st_size
        assert all(row["bytes_per_second"] > 0 and row["seconds_left"] >= 0 for row in shards)


def test_a_quiet_run_says_nothing(tmp_path: Path) -> None:
    assert clean(tmp_path, "--quiet") == ""


def test_a_terminal_shows_a_bar_for_each_pass(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(300)))
    words = ["clean", "in.jsonl", "-o", "out/", "--site-lines", "--shard-bytes", "9000"]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen(
        [sys.executable, "-m", "moderation", *words], cwd=tmp_path, stderr=theirs, env=environment
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            more = os.read(ours, 1 << 16)
        except OSError:  # Linux says so when the other end is closed
            break
        if not more:
            break
        shown += more
    os.close(ours)
    assert process.wait() == 0
    assert shown.index(b"counting") < shown.index(b"cleaning")


def test_where_there_is_no_terminal_a_sentence_comes_once_in_a_while(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("moderation.cli.run_progress.EVERY", -1.0)
    watcher = Shown()
    watcher.begin(4, 1000, 0, "counting")
    watcher.advance(250, 0)
    said = capsys.readouterr().err
    assert said.startswith("moderation: counting: 25.0%; ")
    assert "min left; 0 of 4 shards; 0 rejected" in said


@pytest.mark.parametrize("task", ["counting", "cleaning"])
def test_a_shard_that_fails_is_named_with_what_failed(task: Any, capsys: pytest.CaptureFixture[str]) -> None:
    watcher = Quiet()
    watcher.begin(4, 1000, 0, task)
    watcher.finished(SHARD, ShardReport(3, error="the disk is gone"))
    failed = {"counting": "could not be counted", "cleaning": "failed"}[task]
    assert capsys.readouterr().err == f"moderation: shard 3 (in.jsonl) {failed}: the disk is gone\n"


def test_the_second_pass_has_a_rate_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    monkeypatch.setattr("sys.stderr", io.TextIOWrapper(io.BytesIO()))
    watcher = JsonLog()
    watcher.begin(1, 1000, 0, "counting")
    now[0] = 101.0
    watcher.advance(1000, 0)
    assert watcher.rate == 1000
    watcher.begin(1, 1000, 200, "cleaning")
    now[0] = 105.0
    watcher.advance(400, 0)
    assert (watcher.rate, watcher.seconds_left) == (100, 4)
