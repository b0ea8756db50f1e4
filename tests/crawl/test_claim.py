"""Two runs that want one place, where no lock of the system reaches: who gets it, who is told what."""

import os
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

pytest.importorskip("fsspec", reason='URLs need the extra: pip install "moderation[remote]"')

from moderation.crawl import claim, manifest, remote
from moderation.crawl.claim import CLAIM, Owner, Place, Shared, begun, claimed, is_gone, this_process
from moderation.crawl.inputs import find_inputs
from moderation.crawl.mirror import mirror_of
from moderation.crawl.remote import Remote
from moderation.crawl.run import Order, clean_crawl
from moderation.crawl.settings import Settings
from moderation.errors import OutputError, UsageError

from .buckets import register
from .conftest import Silent, jsonl, records, tree

Places = Callable[[], Place]
ELSEWHERE = Owner("li", "node7", 4711, "2026-10-01T08:00:00Z", "another boot", "99", "feed")


@pytest.fixture(autouse=True)
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stores in a folder, and no long waiting."""
    register(tmp_path / "store")
    monkeypatch.setattr(claim, "PATIENCE_SECONDS", 1.0)
    monkeypatch.setattr(claim, "RENEW_SECONDS", 0.02)
    monkeypatch.setattr(remote, "WAIT_SECONDS", 0.0)


@pytest.fixture(params=["s3a", "disk", "mounted"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param != "mounted":
        return Remote(f"{request.param}://crawl/out")
    (tmp_path / "out").mkdir()
    return Shared(tmp_path / "out")


@pytest.fixture
def said() -> list[str]:
    return []


def test_a_claim_is_there_while_the_run_works_and_gone_afterwards(place: Place, said: list[str]) -> None:
    with claimed(place, "out", resume=False, say=said.append) as own:
        found = orjson.loads(place.read(CLAIM) or b"")
        assert (found["pid"], found["token"]) == (os.getpid(), own.owner.token)
        assert set(found) == {"user", "host", "pid", "time", "boot", "begun", "token", "renewed"}
    assert place.read(CLAIM) is None
    assert said == []


def test_a_claim_is_respected_by_a_run_that_does_not_resume(place: Place, said: list[str]) -> None:
    place.write(CLAIM, ELSEWHERE.record())
    who = r"out: li on node7 \(process 4711, since 2026-10-01T08:00:00Z\) is writing to it; .* go on with --resume"
    with pytest.raises(UsageError, match=who), claimed(place, "out", resume=False, say=said.append):
        pass
    assert place.read(CLAIM) == ELSEWHERE.record()


def test_of_many_runs_that_begin_at_once_one_gets_the_place(place: Place, said: list[str]) -> None:
    begin, refused = threading.Barrier(6), threading.Semaphore(0)

    def wants(_: int) -> bool:
        begin.wait()
        try:
            with claimed(place, "out", resume=False, say=said.append):
                return all(refused.acquire(timeout=10) for _ in range(5))
        except UsageError:
            refused.release()
            return False

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(wants, range(6))) == 1


def test_a_run_that_is_still_at_work_elsewhere_is_not_taken_over(place: Place, said: list[str]) -> None:
    working = threading.Event()

    def works() -> None:
        renewed = 0
        while not working.wait(0.02):
            renewed += 1
            place.write(CLAIM, replace(ELSEWHERE, renewed=renewed).record())

    place.write(CLAIM, ELSEWHERE.record())
    thread = threading.Thread(target=works)
    thread.start()
    try:
        refused = pytest.raises(UsageError, match=r"out: li on node7 .* is writing to it and still at work; wait")
        with refused, claimed(place, "out", resume=True, say=said.append):
            pass
    finally:
        working.set()
        thread.join()
    assert said[0].startswith("moderation: out: was claimed by li on node7 (process 4711, since 2026-10-01T08:00:00Z)")


def test_a_run_elsewhere_that_shows_no_sign_of_life_is_taken_over(place: Place, said: list[str]) -> None:
    place.write(CLAIM, ELSEWHERE.record())
    with claimed(place, "out", resume=True, say=said.append) as own:
        assert orjson.loads(place.read(CLAIM) or b"")["token"] == own.owner.token
    assert said[1].startswith("moderation: out: taken over from li on node7 ")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells when a process began")
@pytest.mark.parametrize("reaped", [False, True])
def test_a_run_of_this_machine_that_was_killed_is_taken_over_at_once(
    place: Place, said: list[str], monkeypatch: pytest.MonkeyPatch, reaped: bool
) -> None:
    monkeypatch.setattr(claim, "PATIENCE_SECONDS", 600)
    with subprocess.Popen(["sleep", "600"]) as process:
        owner = replace(this_process(), pid=process.pid, begun=begun(process.pid))
        assert not is_gone(owner, this_process())
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | (0 if reaped else os.WNOWAIT))
        place.write(CLAIM, owner.record())
        with claimed(place, "out", resume=True, say=said.append):
            assert [line.split(" from ")[0] for line in said] == ["moderation: out: taken over"]


def test_another_process_with_the_number_of_a_dead_one_is_not_taken_for_it() -> None:
    own = this_process()
    assert not is_gone(own, own)
    assert is_gone(replace(own, begun="1"), own) == bool(own.begun)
    assert not is_gone(replace(own, begun="1", boot="another"), own)


def test_a_living_process_of_another_user_that_the_system_hides_is_not_taken_for_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(pid: int, signal: int) -> None:
        raise PermissionError

    own = this_process()
    hidden = replace(own, pid=2**30, begun="1")
    assert is_gone(hidden, own)
    monkeypatch.setattr("os.kill", refuse)
    assert not is_gone(hidden, own)


def test_of_two_runs_that_take_over_the_same_claim_the_one_that_lost_it_ends_at_once(
    place: Place, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write(CLAIM, ELSEWHERE.record())
    other = replace(ELSEWHERE, user="wang", token="beef")
    monkeypatch.setattr(type(place), "write", lambda self, path, data: None)
    monkeypatch.setattr(claim, "PATIENCE_SECONDS", 0.0)
    found = iter([ELSEWHERE, ELSEWHERE, other])
    monkeypatch.setattr(claim, "owner_of", lambda _: next(found))
    refused = pytest.raises(UsageError, match=r"wang on node7 .* has just gone on with that run")
    with refused, claimed(place, "out", resume=True, say=said.append):
        pass


@pytest.mark.skipif(not Path("/proc/self/ns/pid").exists(), reason="only Linux has namespaces")
def test_a_run_in_another_container_of_this_machine_may_be_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    own = this_process()
    monkeypatch.setattr("os.readlink", lambda _: "pid:[1]")
    assert not is_gone(replace(this_process(), begun="1"), own)


def test_a_disk_that_fails_for_a_moment_does_not_end_the_renewing(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read, times = Path.read_bytes, iter(range(10**6))

    def stale(path: Path) -> bytes:
        if next(times) == 2:
            raise OSError(116, "Stale file handle")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", stale)
    with claimed(Shared(tmp_path), "out", resume=False, say=said.append) as own:
        end = time.monotonic() + 10
        while own.owner.renewed < 3 and time.monotonic() < end:
            time.sleep(0.02)
        assert own.owner.renewed >= 3


def test_a_claim_that_can_not_be_understood_is_one_all_the_same(place: Place, said: list[str]) -> None:
    place.write(CLAIM, b'{"pid":')
    refused = pytest.raises(UsageError, match="out: somebody on another machine")
    with refused, claimed(place, "out", resume=False, say=said.append):
        pass
    with claimed(place, "out", resume=True, say=said.append):
        assert place.read(CLAIM) != b'{"pid":'


def test_a_run_whose_claim_was_taken_over_finds_out_and_leaves_it_alone(place: Place, said: list[str]) -> None:
    with claimed(place, "out", resume=False, say=said.append) as own:
        place.write(CLAIM, ELSEWHERE.record())
        assert own.over.wait(10)
        with pytest.raises(OutputError, match=r"out: li on node7 .* has gone on with this run, so it ends here"):
            own.check()
    assert place.read(CLAIM) == ELSEWHERE.record()


def test_a_place_that_keeps_a_history_is_not_filled_with_renewals(place: Place, said: list[str]) -> None:
    class Repository(Shared):
        def write(self, path: str, data: bytes) -> None:
            raise AssertionError("renewed")

    if isinstance(place, Shared):
        with claimed(Repository(place.folder, keeps_history=True), "out", resume=False, say=said.append) as own:
            time.sleep(0.1)
            assert own.owner.renewed == 0
    else:
        assert not place.keeps_history


def ordered(folder: Path, url: str, settings: Settings, *, resume: bool, spool: str) -> Order:
    (folder / "in.jsonl").write_bytes(jsonl(records(30))) if not (folder / "in.jsonl").exists() else None
    mirror = mirror_of(url, str(folder / spool))
    sources = find_inputs([str(folder / "in.jsonl")], None).sources
    return Order(folder=mirror.folder, sources=sources, settings=settings, resume=resume, mirror=mirror)


@pytest.mark.parametrize("resume", [False, True])
def test_a_second_machine_is_refused_while_the_first_one_works(
    tmp_path: Path, settings: Settings, resume: bool
) -> None:
    home = mirror_of("s3a://crawl/out", None).remote
    with claimed(home, "out", resume=False, say=print), pytest.raises(UsageError, match=r"is writing to it"):
        clean_crawl(ordered(tmp_path, "s3a://crawl/out", settings, resume=resume, spool="other"), Silent())
    clean_crawl(ordered(tmp_path, "s3a://crawl/out", settings, resume=False, spool="other"), Silent())
    assert CLAIM not in tree(tmp_path / "store/crawl/out")


def test_a_run_that_is_taken_over_in_the_middle_ends_and_the_other_one_finishes(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "RENEW_SECONDS", 600)  # it looks once more at the end; renewing would undo the theft
    first = ordered(tmp_path, "s3a://crawl/out", settings, resume=False, spool="first")
    clean_crawl(ordered(tmp_path, "s3a://crawl/whole", settings, resume=False, spool="whole"), Silent())

    class Robbed(Silent):
        def finished(self, shard: object, report: object) -> None:
            """Once."""
            if not self.stored:
                first.mirror.remote.write(CLAIM, ELSEWHERE.record())  # type: ignore[union-attr]
            self.stored = 1

        def advance(self, stored: int, rejected: int) -> None:
            """Time to be told."""
            time.sleep(0.05)

    with pytest.raises(OutputError, match=r"li on node7 .* has gone on with this run"):
        clean_crawl(first, Robbed())
    assert not (tmp_path / "store/crawl/out/report.json").exists()
    clean_crawl(ordered(tmp_path, "s3a://crawl/out", settings, resume=True, spool="second"), Silent())
    assert tree(tmp_path / "store/crawl/out") == tree(tmp_path / "store/crawl/whole")


def test_a_folder_without_locks_is_claimed(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(5)))
    monkeypatch.setattr("fcntl.flock", lambda *_: (_ for _ in ()).throw(OSError(38, "Function not implemented")))
    sources = find_inputs([str(tmp_path / "in.jsonl")], None).sources
    order = Order(folder=tmp_path / "out", sources=sources, settings=settings)
    (tmp_path / "out").mkdir()
    with manifest.locked(tmp_path / "out") as held:
        assert not held
    refused = pytest.raises(UsageError, match="is writing to it")
    with claimed(Shared(tmp_path / "out"), "out", resume=False, say=print), refused:
        clean_crawl(order, Silent())
    clean_crawl(order, Silent())
    assert not (tmp_path / "out" / CLAIM).exists()
