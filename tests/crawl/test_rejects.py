"""Records that can't be used: counted, set aside with reason and origin, and nothing else is lost with them."""

import base64
import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest

from moderation.crawl.engine import InProcess, Job
from moderation.crawl.plan import make_plan
from moderation.crawl.settings import Settings
from moderation.formats.base import REJECT_BYTES, Source
from moderation.formats.jsonl import Jsonl

from .conftest import Run, jsonl, read_jsonl, records, report

zstandard: Any = pytest.importorskip("zstandard", reason='needs zstandard: pip install "moderation[zstd]"')

BAD: list[tuple[bytes, str]] = [
    (b'{"text":"\xe6\xb1\x9f"', "is not JSON"),
    (b"[1]", "is not a JSON object but an array"),
    (b'{"body":"x"}', "has no field 'text', only body"),
    (b'{"text":3}', "has a number in the field 'text'"),
    (b'{"text":"\xff"}', "is not UTF-8: byte 0xff"),
]


def aside(folder: Path) -> list[Any]:
    return [row for path in sorted((folder / "rejected").iterdir()) for row in read_jsonl(path)]


@pytest.mark.parametrize(("line", "reason"), BAD)
def test_a_bad_record_is_set_aside_with_its_place(run: Run, tmp_path: Path, line: bytes, reason: str) -> None:
    data = jsonl([*records(5), line, *records(5, seed=1)])
    (tmp_path / "in.jsonl").write_bytes(data)
    assert run("clean", "in.jsonl", "-o", "out/", "--shard-bytes", "900") == 1
    (row,) = aside(tmp_path / "out")
    assert reason in row["reason"]
    assert (row["file"], row["path"], row["byte"]) == ("in.jsonl", "in.jsonl", data.index(line + b"\n"))
    raw = base64.b64decode(row["raw_base64"]) if "raw_base64" in row else row["raw"].encode()
    assert raw.rstrip(b"\n") == line
    assert report(tmp_path / "out")["tally"]["documents"]["kept"] == 10
    assert sum(report(tmp_path / "out")["tally"]["failed"].values()) == 1


@pytest.mark.parametrize("name", ["in.jsonl", "in.jsonl.gz", "in.jsonl.zst", "in.txt"])
def test_a_record_over_the_limit_is_set_aside_without_being_held(run: Run, tmp_path: Path, name: str) -> None:
    long = orjson.dumps({"text": "长" * 200_000}) + b"\n"
    data = long if name == "in.txt" else jsonl(records(3)) + long + jsonl(records(3, seed=1))
    packed = {"gz": gzip.compress, "zst": zstandard.compress}.get(name.rsplit(".", 1)[1], bytes)(data)
    (tmp_path / name).write_bytes(packed)
    assert run("clean", name, "-o", "out/", "--max-record-bytes", "100000", "--shard-bytes", "500000") == 1
    (row,) = aside(tmp_path / "out")
    assert row["reason"] == f"is {len(long):,} bytes long, over the limit of 100,000 (--max-record-bytes)"
    assert (row["bytes"], row["byte"]) == (len(long), data.index(long))
    raw = base64.b64decode(row["raw_base64"]) if "raw_base64" in row else row["raw"].encode()
    assert raw == long[:REJECT_BYTES]
    assert report(tmp_path / "out")["tally"]["documents"]["kept"] == (0 if name == "in.txt" else 6)


@pytest.mark.parametrize("suffix", ["gz", "zst"])
@pytest.mark.parametrize("cut", [1, 9, 400])
def test_a_truncated_file_gives_what_can_be_read_and_a_reject(run: Run, tmp_path: Path, suffix: str, cut: int) -> None:
    data = jsonl(records(200))
    packed = gzip.compress(data, mtime=0) if suffix == "gz" else zstandard.compress(data)
    (tmp_path / f"in.jsonl.{suffix}").write_bytes(packed[:-cut])
    assert run("clean", f"in.jsonl.{suffix}", "-o", "out/", "--to", "jsonl") == 1
    found = read_jsonl(tmp_path / "out/data/in-00000.jsonl")
    assert [row["id"] for row in found] == [f"页-{n}" for n in range(len(found))]
    rows = aside(tmp_path / "out")
    assert any("can't be decompressed any further" in row["reason"] for row in rows)
    assert report(tmp_path / "out")["balance"] == "ok"


def test_rejects_go_where_they_are_told_to(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl([*records(3), b"oops"]))
    assert run("clean", "in.jsonl", "-o", "out/", "--rejected", "bad") == 1
    assert [row["raw"] for row in read_jsonl(tmp_path / "bad/shard-000000.jsonl")] == ["oops"]
    assert not (tmp_path / "out/rejected").exists()
    assert run("clean", "in.jsonl", "-o", "out/", "--rejected", "bad", "--resume") == 1


@pytest.mark.parametrize("on_error", ["continue", "stop"])
def test_a_shard_that_fails_is_named_and_leaves_no_hole_that_looks_finished(
    run: Run, tmp_path: Path, on_error: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(20)))
    real = Jsonl.read

    def failing(self: Jsonl, source: Source, extent: Any, reading: Any) -> Any:
        if extent.index == 1:
            raise OSError(5, "Input/output error", source.path)
        return real(self, source, extent, reading)

    with monkeypatch.context() as patch:
        patch.setattr(Jsonl, "read", failing)
        status = run("clean", "in.jsonl", "-o", "out/", "--shard-bytes", "2000", "--on-error", on_error)
    err = capsys.readouterr().err
    assert "shard 1 (in.jsonl from byte " in err
    assert "Input/output error" in err
    if on_error == "stop":
        assert status == 2
        assert not (tmp_path / "out/report.json").exists()
    else:
        assert status == 1
        assert "shards FAILED, try again with --resume" in err
        assert report(tmp_path / "out")["state"] == "incomplete"
        assert len(report(tmp_path / "out")["failed_shards"]) == 1
    assert run("clean", "in.jsonl", "-o", "out/", "--shard-bytes", "2000", "--resume") == 0
    assert report(tmp_path / "out")["state"] == "complete"
    assert report(tmp_path / "out")["tally"]["documents"]["kept"] == 20


def test_an_engine_reports_on_every_shard(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(20)))
    plan = make_plan([Source(str(tmp_path / "in.jsonl"), "in.jsonl", "jsonl")], settings)
    news = list(InProcess().run(Job(tmp_path, "rejected", settings, plan.schemas), plan.shards))
    assert [item.number for item in news if hasattr(item, "number")] == [shard.number for shard in plan.shards]
