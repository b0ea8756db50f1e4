"""Interrupted runs: whatever the moment, going on gives what an uninterrupted run gives, each record once."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from moderation.crawl.inputs import find_inputs
from moderation.crawl.manifest import Finished, locked
from moderation.crawl.run import Order, clean_crawl
from moderation.crawl.settings import Settings
from moderation.crawl.shard import ShardReport
from moderation.errors import UsageError

from .conftest import Run, Silent, jsonl, read_jsonl, records, tree

COUNT = 60
MOMENTS = 20


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    """A folder of two files and some pages."""
    folder = tmp_path / "in"
    folder.mkdir()
    rows = records(COUNT)
    (folder / "a.jsonl").write_bytes(jsonl([*rows[:40], b"oops"]))
    (folder / "b.jsonl").write_bytes(jsonl(rows[40:]))
    for row in records(4, seed=2):
        (folder / f"page{row['n']}.txt").write_text(row["text"], "utf-8")
    return folder


def ids(folder: Path) -> list[str]:
    """Of all records that were written."""
    return sorted(row["id"] for path in (folder / "data").glob("*.jsonl") for row in read_jsonl(path))


def dies_at(moment: int, work: Callable[[], object]) -> bool:
    """Do the work in a child that is killed at the moment-th time something is made to last; whether it was."""
    child = os.fork()
    if not child:
        left = iter(range(moment))
        real = os.fsync

        def fsync(handle: Any) -> None:
            if next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
            real(handle)

        os.fsync = fsync  # type: ignore[assignment]
        try:
            work()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def orders(crawl: Path, folder: Path, settings: Settings, *, resume: bool) -> Order:
    return Order(folder=folder, sources=find_inputs([str(crawl)], None).sources, settings=settings, resume=resume)


def test_a_run_killed_at_every_moment_that_lasts_goes_on_to_the_same_output(
    crawl: Path, tmp_path: Path, settings: Settings
) -> None:
    clean_crawl(orders(crawl, tmp_path / "whole", settings, resume=False), Silent())
    moments = 0
    while True:
        folder = tmp_path / f"out{moments}"
        killed = dies_at(moments, partial(clean_crawl, orders(crawl, folder, settings, resume=False), Silent()))
        if not killed:
            break
        clean_crawl(orders(crawl, folder, settings, resume=True), Silent())
        assert tree(folder) == tree(tmp_path / "whole"), f"killed at moment {moments}"
        moments += 1
    assert moments > MOMENTS
    assert len(ids(folder)) == len(set(ids(folder))) == COUNT


def command(crawl: Path, folder: Path) -> list[str]:
    words = ["clean", str(crawl), "-o", str(folder), "--workers", "2", "--shard-bytes", "2000", "--resume", "--quiet"]
    return [sys.executable, "-m", "moderation", *words, "--ledger", "jsonl", "--attributes"]


def test_the_command_killed_at_random_moments_and_resumed_gives_the_same_output(crawl: Path, tmp_path: Path) -> None:
    whole, folder = tmp_path / "whole", tmp_path / "out0"
    begin = time.perf_counter()
    assert subprocess.run(command(crawl, whole), check=False).returncode == 1, "one record is set aside"
    length = time.perf_counter() - begin
    rng = random.Random(time.time_ns())
    kills = finished = 0
    while kills < MOMENTS or not finished:
        process = subprocess.Popen(command(crawl, folder))
        try:
            process.wait(rng.uniform(0.2, 1.2) * length if kills < MOMENTS else None)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
            continue
        assert process.returncode == 1
        assert tree(folder) == tree(whole)
        assert len(ids(folder)) == len(set(ids(folder))) == COUNT
        finished += 1
        folder = tmp_path / f"out{finished}"


def test_a_finished_run_is_left_as_it_is(run: Run, crawl: Path, tmp_path: Path) -> None:
    assert run("clean", "in", "-o", "out") == 1
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out/data").rglob("*")}
    assert run("clean", "in", "-o", "out", "--resume") == 1
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out/data").rglob("*")} == before


@pytest.mark.parametrize("damage", ["changed", "gone", "torn"])
def test_shards_that_are_not_as_they_were_written_are_done_again(
    run: Run, crawl: Path, tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("clean", "in", "-o", "out", "--shard-bytes", "3000") == 1
    before = tree(tmp_path / "out")
    victim = tmp_path / "out/data/a-00001.jsonl"
    if damage == "changed":
        victim.write_bytes(victim.read_bytes().replace(b"a", b"b"))
    elif damage == "gone":
        victim.unlink()
    else:
        path = tmp_path / "out/shards.jsonl"
        path.write_bytes(path.read_bytes()[:-40])
    (tmp_path / "out/data/.part-1-a-00001.jsonl").write_text("left behind")
    assert run("clean", "in", "-o", "out", "--shard-bytes", "3000", "--resume") == 1
    assert tree(tmp_path / "out") == before
    assert ("were changed or removed since; they are done again" in capsys.readouterr().err) == (damage != "torn")


def alter(crawl: Path, what: str) -> None:
    path = crawl / "a.jsonl"
    stat = path.stat()
    if what == "longer":
        path.write_bytes(path.read_bytes() + b"\n")
    elif what == "edited":
        path.write_bytes(path.read_bytes().replace(b"oops", b"OOPS"))
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    elif what == "touched":
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    elif what == "missing":
        path.unlink()
    elif what == "more":
        (crawl / "c.jsonl").write_bytes(b"{}\n")


@pytest.mark.parametrize(
    ("what", "words", "sentence"),
    [
        ("longer", [], "in/a.jsonl: has changed since out was begun (its size differs)"),
        ("edited", [], "in/a.jsonl: has changed since out was begun (its beginning or end differs)"),
        ("touched", [], "in/a.jsonl: has changed since out was begun (its time of change differs)"),
        ("missing", [], "in/a.jsonl: was among the inputs when out was begun and is missing now"),
        ("more", [], "in/c.jsonl: was not among the inputs when out was begun"),
        ("", ["--policy", "spam-only"], "out: was begun with policy.name 'default', now it is 'spam-only'"),
        ("", ["--ledger", "jsonl"], "out: was begun with ledger '', now it is 'jsonl'"),
        ("", ["--to", "jsonl.gz"], "out: was begun with to None, now it is 'jsonl'"),
    ],
)
def test_a_run_is_not_resumed_as_another_one(
    run: Run,
    crawl: Path,
    tmp_path: Path,
    what: str,
    words: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("clean", "in", "-o", "out") == 1
    before = tree(tmp_path / "out")
    capsys.readouterr()
    alter(crawl, what)
    assert run("clean", "in", "-o", "out", "--resume", *words) == 2
    assert f"moderation: error: {sentence}" in capsys.readouterr().err
    assert tree(tmp_path / "out") == before


def test_another_model_is_refused(run: Run, crawl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("clean", "in", "-o", "out") == 1
    path = tmp_path / "out/manifest.json"
    path.write_bytes(path.read_bytes().replace(b"default@", b"other@"))
    assert run("clean", "in", "-o", "out", "--resume") == 2
    assert "out: was begun with model_id 'other@" in capsys.readouterr().err


def test_the_same_model_may_lie_elsewhere(run: Run, crawl: Path, tmp_path: Path) -> None:
    assert run("clean", "in", "-o", "out") == 1
    shutil.copytree(Path(__file__).parents[2] / "models/default", tmp_path / "copy")
    assert run("clean", "in", "-o", "out", "--resume", "--model", "copy") == 1


def test_a_run_that_is_gone_on_with_tells_the_speed_of_what_it_did_itself(
    crawl: Path, tmp_path: Path, settings: Settings
) -> None:
    size = clean_crawl(orders(crawl, tmp_path / "out", settings, resume=False), Silent()).read
    assert size > 0
    assert clean_crawl(orders(crawl, tmp_path / "out", settings, resume=True), Silent()).read == 0


def test_a_run_that_is_not_finished_is_no_input(
    run: Run, crawl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("clean", "in", "-o", "out") == 1
    assert run("clean", "out", "-o", "twice/") == 0
    (tmp_path / "out/report.json").unlink()
    assert run("clean", "out", "-o", "thrice/") == 2
    assert "out: holds an unfinished run; finish it with --resume, or name out/data for" in capsys.readouterr().err


def test_the_folder_of_another_run_is_refused(
    run: Run, crawl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("clean", "in", "-o", "out") == 1
    capsys.readouterr()
    assert run("clean", "in", "-o", "out") == 2
    assert capsys.readouterr().err.startswith("moderation: error: out: holds a finished run; go on with --resume, or")
    (tmp_path / "out/report.json").unlink()
    assert run("clean", "in", "-o", "out") == 2
    assert capsys.readouterr().err.startswith("moderation: error: out: holds an unfinished run; go on with --resume")


def test_two_runs_do_not_write_to_one_folder(crawl: Path, tmp_path: Path, settings: Settings) -> None:
    clean_crawl(orders(crawl, tmp_path / "out", settings, resume=False), Silent())
    with locked(tmp_path / "out"), pytest.raises(UsageError, match="another run is writing to it"):
        clean_crawl(orders(crawl, tmp_path / "out", settings, resume=True), Silent())


def test_ctrl_c_leaves_a_run_that_can_be_resumed(
    run: Run, crawl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("clean", "in", "-o", "whole", "--shard-bytes", "3000") == 1
    real, calls = Finished.add, iter(range(2))

    def interrupted(self: Finished, report: ShardReport) -> None:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        real(self, report)

    monkeypatch.setattr(Finished, "add", interrupted)
    assert run("clean", "in", "-o", "out", "--shard-bytes", "3000") == 130
    assert "moderation: interrupted" in capsys.readouterr().err
    monkeypatch.setattr(Finished, "add", real)
    assert run("clean", "in", "-o", "out", "--shard-bytes", "3000", "--resume") == 1
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


@pytest.mark.parametrize("on_error", ["stop", "continue"])
def test_a_full_disk_ends_in_a_sentence_and_a_run_that_can_be_resumed(
    crawl: Path, tmp_path: Path, run: Run, on_error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("clean", "in", "-o", "whole", "--shard-bytes", "3000") == 1
    with pytest.MonkeyPatch.context() as patch:
        real, calls = os.fsync, iter(range(12))

        def fsync(handle: Any) -> None:
            if next(calls, None) is None:
                raise OSError(28, "No space left on device")
            real(handle)

        patch.setattr(os, "fsync", fsync)
        assert run("clean", "in", "-o", "out", "--shard-bytes", "3000", "--on-error", on_error) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert not (tmp_path / "out/report.json").exists()
    assert list((tmp_path / "out").rglob(".part-*")) == []
    assert run("clean", "in", "-o", "out", "--shard-bytes", "3000", "--resume") == 1
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")
