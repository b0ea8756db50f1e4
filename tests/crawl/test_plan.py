"""The cut into shards, and what the files of a run are called."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from moderation.crawl.inputs import find_inputs
from moderation.crawl.plan import MOST_PIECES, TAIL_PARTS, TAIL_SHARDS, make_plan
from moderation.crawl.settings import Settings, read_settings, settings_record
from moderation.errors import UsageError
from moderation.formats.base import Source

from .conftest import Run, jsonl, records, report


def make(folder: Path, names: list[str]) -> list[Source]:
    """Files of one record, or one page, each."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes("江口".encode() if name.endswith(".txt") else jsonl(records(1)))
    return find_inputs([str(folder)], None).sources


@pytest.mark.parametrize(
    ("names", "to", "outputs"),
    [
        (["a.jsonl", "b/a.jsonl"], None, ["a-00000.jsonl", "b/a-00000.jsonl"]),
        (["a.jsonl", "a.ndjson"], None, ["a.jsonl-00000.jsonl", "a.ndjson-00000.jsonl"]),
        (["a.txt", "b/a.txt"], None, ["a.txt", "b/a.txt"]),
        (["1.txt", "a.jsonl", "b.txt"], "jsonl", ["a-00000.jsonl", "pages-00000.jsonl", "pages-00000.jsonl"]),
        (["1.txt", "pages.jsonl"], "jsonl", ["pages-00000.jsonl", "pages-of-text-00000.jsonl"]),
    ],
)
def test_outputs_are_named_after_their_inputs(
    tmp_path: Path, settings: Settings, names: list[str], to: str | None, outputs: list[str]
) -> None:
    plan = make_plan(make(tmp_path, names), replace(settings, to=to))
    assert [piece.output for shard in plan.shards for piece in shard.pieces] == outputs


def test_two_inputs_that_would_become_one_file_are_refused(tmp_path: Path, settings: Settings) -> None:
    sources = make(tmp_path, ["a.jsonl", "a.ndjson", "a.jsonl.json"])
    with pytest.raises(UsageError, match=r"would both become a.jsonl-00000.jsonl; rename an input"):
        make_plan(sources, read_settings({**settings_record(settings), "shard_bytes": 10}))


def test_a_package_that_the_output_lacks_is_named_before_anything_is_read(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(3)))
    known = {f"moderation.formats.{name}" for name in ("wet", "warc", "warc_records")}
    for name in [name for name in sys.modules if name in known or name.split(".")[0] == "fastwarc"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fastwarc", None)
    with pytest.raises(UsageError, match="wet files need the package fastwarc"):
        make_plan(find_inputs([str(tmp_path / "in.jsonl")], None).sources, replace(settings, to="wet"))


def test_small_files_share_a_shard_up_to_a_thousand(tmp_path: Path, settings: Settings) -> None:
    plan = make_plan(make(tmp_path, [f"{n:05}.txt" for n in range(MOST_PIECES + 3)]), settings)
    assert len(plan.shards[0].pieces) == settings.shard_bytes // len("江口".encode())
    assert max(len(shard.pieces) for shard in plan.shards) <= MOST_PIECES


@hypothesis_settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.integers(200, 5000))
def test_extents_follow_each_other_without_gaps(
    tmp_path_factory: pytest.TempPathFactory, settings: Settings, counts: list[int], size: int
) -> None:
    folder = tmp_path_factory.mktemp("plan")
    for n, count in enumerate(counts):
        (folder / f"{n}.jsonl").write_bytes(jsonl(records(count)))
    sources = find_inputs([str(folder)], None).sources
    plan = make_plan(sources, read_settings({**settings_record(settings), "shard_bytes": size}))
    assert [shard.number for shard in plan.shards] == list(range(len(plan.shards)))
    for source in sources:
        extents = [p.extent for shard in plan.shards for p in shard.pieces if p.source == source]
        assert [extent.start for extent in extents] == [0, *(extent.stop for extent in extents[:-1])]
        assert extents[-1].stop is None
    assert plan.size == sum(Path(source.path).stat().st_size for source in sources)


@pytest.mark.parametrize("shards", [3, 7.5, 15, 24])
@pytest.mark.parametrize("files", [1, 4])
def test_the_last_shards_are_smaller_so_that_workers_end_together(
    tmp_path: Path, settings: Settings, shards: float, files: int
) -> None:
    size = 20_000
    for n in range(files):
        (tmp_path / f"{n}.jsonl").write_bytes(b"x" * int(shards * size / files))
    sources = find_inputs([str(tmp_path)], None).sources
    plan = make_plan(sources, replace(settings, shard_bytes=size))
    sizes = [shard.size for shard in plan.shards]
    tail = [n for n, _ in enumerate(sizes) if sum(sizes[n:]) <= TAIL_SHARDS * size]
    assert max(sizes) <= 1.1 * size
    assert len(tail) >= TAIL_SHARDS * TAIL_PARTS - 1
    assert max(sizes[n] for n in tail) <= size / TAIL_PARTS
    assert max(sizes[: tail[0]], default=size) > 0.6 * size
    ends = [0.0, 0.0]
    for each in sizes:  # the next shard goes to the worker that is free first
        ends[ends.index(min(ends))] += each
    assert abs(ends[0] - ends[1]) <= size / TAIL_PARTS


def test_a_small_input_is_not_cut_for_the_sake_of_its_tail(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"x" * 20_000)
    plan = make_plan(find_inputs([str(tmp_path)], None).sources, replace(settings, shard_bytes=20_000))
    assert len(plan.shards) == 1


def test_settings_come_back_from_the_manifest(settings: Settings) -> None:
    assert read_settings(settings_record(settings)) == settings


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.jsonl")).write_bytes(b"{}\n")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    with pytest.raises(UsageError, match="the name is not UTF-8, which a manifest can't hold; rename the file"):
        find_inputs([str(tmp_path)], None)


def test_reapplying_is_resumed_as_cleaning_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(20)))
    assert run("clean", "in.jsonl", "-o", "out/", "--ledger", "jsonl", "--ledger-scores", "--shard-bytes", "2000") == 0
    assert run("reapply", "out", "--policy", "spam-only", "-o", "again") == 0
    (tmp_path / "again/shards.jsonl").write_bytes((tmp_path / "again/shards.jsonl").read_bytes()[:900])
    assert run("reapply", "out", "--policy", "spam-only", "-o", "again", "--resume") == 0
    assert report(tmp_path / "again")["state"] == "complete"
    assert run("reapply", "out", "--policy", "flag-only", "-o", "again", "--resume") == 2
