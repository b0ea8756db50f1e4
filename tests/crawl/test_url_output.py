"""A run whose folder lies behind a URL: what a local run writes, nothing half-written, safe to interrupt."""

# ruff: noqa: E402  (what the extra brings is looked for first)

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

fsspec = pytest.importorskip("fsspec", reason='URLs need the extra: pip install "moderation[remote]"')

from moderation.crawl import remote
from moderation.crawl.claim import CLAIM
from moderation.crawl.inputs import find_inputs
from moderation.crawl.manifest import is_complete
from moderation.crawl.mirror import mirror_of
from moderation.crawl.pool import Pool
from moderation.crawl.run import Order, clean_crawl
from moderation.crawl.settings import Settings
from moderation.errors import UsageError
from moderation.formats.table import load_format

from .buckets import Bucket, Disk, register
from .conftest import NEEDS_PYARROW, Run, Silent, jsonl, read_jsonl, records, tree

WORDS = ("--ledger", "jsonl", "--attributes", "--shard-bytes", "3000")
KINDS = ("s3a", "disk", "memory")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder in which the stores keep their files; temporary files have a folder of their own, too."""
    register(tmp_path / "store")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(remote, "WAIT_SECONDS", 0.0)
    yield tmp_path / "store"
    memory = fsspec.filesystem("memory")
    if memory.exists("/crawl"):
        memory.rm("/crawl", recursive=True)


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_bytes(jsonl([*records(30), b"oops", *records(30, seed=3)]))
    return path


def brought(url: str, folder: Path) -> dict[str, bytes]:
    """What lies behind the URL, as conftest.tree has it."""
    system, place = fsspec.core.url_to_fs(url)
    for path in system.find(place):
        target = folder / str(path).removeprefix(f"{place}/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(system.cat_file(path))
    return tree(folder)


def left_over(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "tmp").iterdir() if path.name != "moderation-numba"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("words", [(), ("--site-lines",)], ids=" ".join)
def test_a_url_gets_what_a_folder_gets(
    run: Run, crawl: Path, tmp_path: Path, kind: str, words: tuple[str, ...]
) -> None:
    assert run("clean", "in.jsonl", "-o", "whole/", *WORDS, *words) == 1
    assert run("clean", "in.jsonl", "-o", f"{kind}://crawl/out/", *WORDS, *words) == 1
    found = brought(f"{kind}://crawl/out", tmp_path / "found")
    assert found == tree(tmp_path / "whole")
    assert is_complete(tmp_path / "found")
    assert [path for path in found if "part-" in path or path.startswith("shards/")] == []
    assert left_over(tmp_path) == []


def test_a_single_file_goes_to_a_url(run: Run, crawl: Path, tmp_path: Path, store: Path) -> None:
    assert run("clean", "in.jsonl", "-o", "one.jsonl.gz", "--ledger", "jsonl") == 1
    assert run("clean", "in.jsonl", "-o", "s3a://crawl/one.jsonl.gz", "--ledger", "jsonl") == 1
    for name in ("one.jsonl.gz", "one.jsonl.gz.ledger.jsonl", "one.jsonl.gz.rejected.jsonl"):
        assert (store / "crawl" / name).read_bytes() == (tmp_path / name).read_bytes()
    assert run("clean", "in.jsonl", "-o", "s3a://crawl/plain.jsonl") == 1
    assert len(read_jsonl(store / "crawl/plain.jsonl")) == 60


def test_a_file_url_is_a_local_path(run: Run, crawl: Path, tmp_path: Path) -> None:
    assert run("clean", "in.jsonl", "-o", f"file://{tmp_path}/out/", *WORDS) == 1
    assert is_complete(tmp_path / "out")


@NEEDS_PYARROW
def test_parquet_behind_a_url_can_be_read_there(run: Run, crawl: Path, store: Path) -> None:
    assert run("clean", "in.jsonl", "-o", "s3a://crawl/out/", "--to", "parquet") == 1
    (found,) = find_inputs(["s3a://crawl/out/data"], None).sources
    (extent,) = load_format("parquet").split(found, 1 << 30)
    assert 0 < extent.size < (store / "crawl/out/data/in-00000.parquet").stat().st_size


def order(crawl: Path, url: str, settings: Settings, *, resume: bool = False) -> Order:
    mirror = mirror_of(url, None)
    sources = find_inputs([str(crawl)], None).sources
    return Order(folder=mirror.folder, sources=sources, settings=settings, resume=resume, mirror=mirror)


def dies_at(moment: int, work: Any) -> bool:
    """Do the work in a child that is killed before the moment-th change of the store shows; whether it was."""
    child = os.fork()
    if not child:
        left = iter(range(moment))

        def before(_what: str, _path: str) -> None:
            if next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        for kind in (Disk, Bucket):
            kind.before = staticmethod(before)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


@pytest.mark.parametrize("kind", ["s3a", "disk"])
def test_a_run_killed_at_any_change_of_the_store_goes_on_to_the_same_files(
    kind: str, crawl: Path, tmp_path: Path, settings: Settings, store: Path
) -> None:
    clean_crawl(order(crawl, f"{kind}://whole", settings), Silent())
    whole = tree(store / "whole")
    moment = kills = 0
    while True:
        url, folder = f"{kind}://out{moment}", store / f"out{moment}"
        if not dies_at(moment, lambda url=url: clean_crawl(order(crawl, url, settings), Silent())):
            break
        kills += 1
        assert not is_complete(folder)
        shown = tree(folder) if folder.is_dir() else {}
        shown = {path: data for path, data in shown.items() if not path.startswith(("shards/", "report.json", CLAIM))}
        assert {path for path, data in shown.items() if whole.get(path) != data and ".part-" not in path} == set()
        clean_crawl(order(crawl, url, settings, resume=True), Silent())
        assert tree(folder) == whole, f"killed at moment {moment}"
        moment += 3
    assert kills > 10
    rows = [row for path in (folder / "data").iterdir() for row in read_jsonl(path)]
    assert len(rows) == 60


PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from crawl.buckets import register
if __name__ == "__main__":
    register(Path(sys.argv[2]))
    from moderation.cli.main import main
    sys.exit(main(sys.argv[3:]))
"""


def test_the_command_killed_at_random_moments_and_resumed_gives_the_same_files(
    crawl: Path, tmp_path: Path, store: Path
) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    begin = [sys.executable, str(tmp_path / "program.py"), str(Path(__file__).parents[1]), str(store)]
    more = ["--workers", "2", "--resume", "--quiet", *WORDS]
    start = time.perf_counter()
    assert subprocess.run([*begin, "clean", str(crawl), "-o", "s3a://whole/", *more], check=False).returncode == 1
    length = time.perf_counter() - start
    rng = random.Random(time.time_ns())
    kills = 0
    while True:
        process = subprocess.Popen([*begin, "clean", str(crawl), "-o", "s3a://out/", *more])
        try:
            process.wait(rng.uniform(0.3, 1.1) * length if kills < 8 else None)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
            assert is_complete(store / "out") or not (store / "out/report.json").exists()
            continue
        assert process.returncode == 1
        break
    assert tree(store / "out") == tree(store / "whole")
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("damage", ["gone", "other"])
def test_shards_that_are_not_as_they_were_put_there_are_done_again(
    run: Run, crawl: Path, store: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("clean", "in.jsonl", "-o", "s3a://crawl/out/", *WORDS) == 1
    before = tree(store / "crawl/out")
    victim = store / "crawl/out/data/in-00001.jsonl"
    if damage == "gone":
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes()[::-1])
    assert run("clean", "in.jsonl", "-o", "s3a://crawl/out/", *WORDS, "--resume") == 1
    assert "1 finished shards were changed or removed since; they are done again" in capsys.readouterr().err
    assert tree(store / "crawl/out") == before


def test_what_never_arrives_fails_its_shard_by_name_and_is_made_up_for(
    run: Run, crawl: Path, tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("clean", "in.jsonl", "-o", "whole/", *WORDS) == 1

    def before(what: str, path: str) -> None:
        if what == "put" and path.endswith("data/in-00002.jsonl"):
            raise OSError("the connection was reset")

    Bucket.before = staticmethod(before)
    assert run("clean", "in.jsonl", "-o", "s3a://crawl/out/", *WORDS) == 1
    said = capsys.readouterr().err
    assert "s3a://crawl/out/data/in-00002.jsonl: can't be reached or written (the connection was reset)" in said
    assert "shard 2 (in.jsonl from byte" in said
    assert b'"incomplete"' in (store / "crawl/out/report.json").read_bytes()
    Bucket.before = staticmethod(lambda *_: None)
    assert run("clean", "in.jsonl", "-o", "s3a://crawl/out/", *WORDS, "--resume") == 1
    assert tree(store / "crawl/out") == tree(tmp_path / "whole")


def test_a_connection_that_fails_for_a_moment_is_tried_again(
    run: Run, crawl: Path, tmp_path: Path, store: Path
) -> None:
    failures = iter(range(2))

    def before(_what: str, _path: str) -> None:
        if next(failures, None) is not None:
            raise OSError("timed out")

    Bucket.before = staticmethod(before)
    assert run("clean", "in.jsonl", "-o", "s3a://crawl/out/", *WORDS) == 1
    assert is_complete(store / "crawl/out")


def test_a_file_that_arrives_in_part_is_taken_away(
    run: Run, crawl: Path, store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = Bucket.put_file

    def short(self: Bucket, lpath: str, rpath: str, **more: Any) -> None:
        if rpath.endswith("data/in-00000.jsonl"):
            self.local(rpath).parent.mkdir(parents=True, exist_ok=True)
            self.local(rpath).write_bytes(Path(lpath).read_bytes()[:-1])
        else:
            real(self, lpath, rpath, **more)

    monkeypatch.setattr(Bucket, "put_file", short)
    assert run("clean", "in.jsonl", "-o", "s3a://crawl/out/", *WORDS) == 1
    assert "bytes arrived)" in capsys.readouterr().err
    assert not (store / "crawl/out/data/in-00000.jsonl").exists()
    assert not is_complete(store / "crawl/out")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["-o", "s3a://crawl/out/"], "s3a://crawl/out: holds a finished run; go on with --resume, or name another"),
        (["-o", "s3a://crawl/"], "s3a://crawl: is not empty (out/"),
        (
            ["-o", "s3a://crawl/out/", "--resume", "--policy", "spam-only"],
            "s3a://crawl/out: was begun with policy.name",
        ),
        (["-o", "s3a://x/", "--rejected", "s3a://y/"], "--rejected s3a://y/: name a folder of this machine, or none"),
        (["-o", "here/", "--spool", "there"], "--spool is for an output behind a URL"),
        (["-o", "s3a://x/", "--engine", "ray", "--ray-address", "a:1"], "--ray-address with an output behind a URL"),
        (["-o", "nosuch://x/"], "nosuch://x/: this kind of URL can't be opened"),
        (["-o", "s3a://crawl/one.jsonl", "--verdicts", "v.jsonl"], "--verdicts belongs to plain JSONL"),
    ],
)
def test_a_wrong_call_ends_in_one_sentence(
    run: Run, crawl: Path, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("clean", "in.jsonl", "-o", "s3a://crawl/out/") == 1
    capsys.readouterr()
    assert run("clean", "in.jsonl", *words) == 2
    assert capsys.readouterr().err.startswith(f"moderation: error: {sentence}")


def test_an_input_inside_of_the_output_is_refused_or_left_out(
    run: Run, crawl: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (store / "crawl/in").mkdir(parents=True)
    (store / "crawl/in/a.jsonl").write_bytes(crawl.read_bytes())
    assert run("clean", "s3a://crawl/in/a.jsonl", "-o", "s3a://crawl/in/") == 2
    assert "a.jsonl lies in s3a://crawl/in/, which is to be written" in capsys.readouterr().err


def test_the_clean_files_of_a_run_behind_a_url_are_inputs(run: Run, crawl: Path, tmp_path: Path, store: Path) -> None:
    assert run("clean", "in.jsonl", "-o", "out/", *WORDS) == 1
    assert run("clean", "in.jsonl", "-o", "s3a://crawl/out/", *WORDS) == 1
    assert run("clean", "out", "-o", "twice/", *WORDS) == 0
    assert run("clean", "s3a://crawl/out", "-o", "s3a://crawl/twice/", *WORDS) == 0
    data = {path.name: path.read_bytes() for path in (tmp_path / "twice/data").iterdir()}
    assert {path.name: path.read_bytes() for path in (store / "crawl/twice/data").iterdir()} == data


def test_two_runs_of_one_machine_do_not_write_to_one_url(crawl: Path, settings: Settings) -> None:
    with mirror_of("s3a://crawl/out", None).opened(), pytest.raises(UsageError, match="another run is writing"):
        clean_crawl(order(crawl, "s3a://crawl/out/", settings), Silent())


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_behind_a_url_gives_its_originals_back(run: Run, crawl: Path, tmp_path: Path, kind: str) -> None:
    words = ("--ledger-scores", "--drop-doc", "spam-share>0.3", *WORDS)
    assert run("clean", "in.jsonl", "-o", "out/", *words) == 1
    assert run("clean", "in.jsonl", "-o", f"{kind}://crawl/out/", *words) == 1
    assert run("restore", "out/", "-o", "here/") == 0
    assert run("restore", f"{kind}://crawl/out/", "-o", "there/") == 0
    assert tree(tmp_path / "there") == tree(tmp_path / "here")
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("kind", KINDS)
def test_another_policy_is_applied_from_url_to_url(run: Run, crawl: Path, tmp_path: Path, kind: str) -> None:
    assert run("clean", "in.jsonl", "-o", f"{kind}://crawl/out/", "--ledger-scores", *WORDS) == 1
    assert run("clean", "in.jsonl", "-o", "afresh/", "--policy", "spam-only", "--ledger-scores", *WORDS) == 1
    home = f"{kind}://crawl/out/ledger"
    assert run("reapply", home, "--policy", "spam-only", "-o", f"{kind}://crawl/more/") == 1
    found = brought(f"{kind}://crawl/more", tmp_path / "found")
    afresh = tree(tmp_path / "afresh")
    parts = ("data/", "ledger/", "rejected/")
    assert {p: d for p, d in found.items() if p.startswith(parts)} == {
        p: d for p, d in afresh.items() if p.startswith(parts)
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["s3a://crawl/out/", "-o", "s3a://crawl/back/"], "s3a://crawl/back/: originals are written to this machine"),
        (["s3a://crawl/one.jsonl", "--ledger", "s3a://crawl/l.jsonl", "-o", "x"], "s3a://crawl/l.jsonl: of URLs, only"),
        (["s3a://crawl/none/", "-o", "x"], "s3a://crawl/none/: holds no run"),
    ],
)
def test_what_can_not_be_restored_is_refused(
    run: Run, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("restore", *words) == 2
    assert capsys.readouterr().err.startswith(f"moderation: error: {sentence}")


def test_a_ledger_that_is_missing_is_not_taken_for_an_empty_one(
    run: Run, crawl: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("clean", "in.jsonl", "-o", "s3a://crawl/out/", "--ledger-scores", *WORDS) == 1
    (store / "crawl/out/ledger/shard-000003.jsonl").unlink()
    assert run("reapply", "s3a://crawl/out/", "--policy", "spam-only", "-o", "other/") == 1
    assert "shard 3 (in.jsonl" in (said := capsys.readouterr().err)
    assert "ledger/shard-000003: is missing" in said
    assert run("restore", "s3a://crawl/out/", "-o", "back/") == 2


def test_workers_need_not_know_the_store(crawl: Path, settings: Settings) -> None:
    """A file system in memory lives in one process only: the one that began the run."""
    found = replace(order(crawl, "memory://crawl/out", settings), engine=Pool(2))
    clean_crawl(found, Silent())
    assert fsspec.filesystem("memory").exists("/crawl/out/report.json")
