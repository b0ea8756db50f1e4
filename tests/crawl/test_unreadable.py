"""Files of which nothing can be read: set aside once each, by name, and the others are cleaned."""

# ruff: noqa: E402  (what the extra brings is looked for first)

import os
from pathlib import Path

import pytest

pa = pytest.importorskip("pyarrow", reason='needs pyarrow: pip install "moderation[parquet]"')
import pyarrow.parquet as pq

from moderation.crawl.tally import imbalance, read_tally

from .conftest import Run, jsonl, read_jsonl, records, report, tree

TEXTS = {"id": ["甲", "乙"], "text": ["今天上午，闸口全部更换。", "澳门新葡京娱乐城开户送88元彩金"]}
BAD = {
    "cut.parquet": "is not a Parquet file, or not a whole one",
    "empty.parquet": "is not a Parquet file, or not a whole one",
    "body.parquet": "has no column 'text', only body",
    "number.parquet": "column 'text' is int64, not text",
    "empty.arrow": "is not an Arrow file",
    "wide.csv": "is UTF-16, expected UTF-8",
    "none.tsv": "has no column 'text', only id, body",
}


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    """Good files, with bad ones between them."""
    folder = tmp_path / "in"
    folder.mkdir()
    pq.write_table(pa.table(TEXTS), folder / "good.parquet")
    whole = (folder / "good.parquet").read_bytes()
    (folder / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.parquet").write_bytes(b"")
    pq.write_table(pa.table({"body": ["甲"]}), folder / "body.parquet")
    pq.write_table(pa.table({"text": [1, 2]}), folder / "number.parquet")
    (folder / "empty.arrow").write_bytes(b"")
    (folder / "wide.csv").write_bytes("id,text\n1,好\n".encode("utf-16"))
    (folder / "none.tsv").write_text("id\tbody\n1\t好\n", "utf-8")
    (folder / "good.csv").write_text("id,text\n1,今天上午，闸口全部更换。\n", "utf-8")
    (folder / "good.jsonl").write_bytes(jsonl(records(8)))
    return folder


@pytest.mark.parametrize("shard_bytes", [200, 10**9])
def test_what_can_not_be_read_is_set_aside_by_name_and_the_rest_is_cleaned(
    run: Run, crawl: Path, tmp_path: Path, shard_bytes: int
) -> None:
    assert run("clean", "in", "-o", "out", "--shard-bytes", shard_bytes) == 1
    found = report(tmp_path / "out")
    assert (found["state"], found["balance"]) == ("complete", "ok")
    assert imbalance(read_tally(found["tally"])) == []
    assert found["tally"]["failed"]["is UTF-16"] == 1
    assert found["tally"]["documents"]["read"] == 2 + 1 + 8 + len(BAD)
    rejected = [row for path in (tmp_path / "out/rejected").iterdir() for row in read_jsonl(path)]
    assert sorted(row["file"] for row in rejected) == sorted(BAD)
    for row in rejected:
        assert row["reason"].startswith(BAD[row["file"]])
        assert (row["path"], row["bytes"]) == (f"in/{row['file']}", (crawl / row["file"]).stat().st_size)
    made = {path.name.split("-")[0] for path in (tmp_path / "out/data").iterdir()}
    assert made == {"good", "good.jsonl", "good.csv"} & made
    assert not any(name.partition(".")[0] in made for name in BAD)


def test_such_a_run_gives_its_originals_back_and_takes_another_policy(run: Run, crawl: Path, tmp_path: Path) -> None:
    words = ("--ledger", "jsonl", "--ledger-scores")
    assert run("clean", "in", "-o", "out", *words) == 1
    assert run("restore", "out", "-o", "back/") == 0
    assert pq.read_table(tmp_path / "back/good-00000.parquet").to_pydict() == TEXTS
    assert run("reapply", "out", "--policy", "spam-only", "-o", "again/") == 1
    assert run("clean", "in", "-o", "afresh/", "--policy", "spam-only", *words) == 1
    again, afresh = tree(tmp_path / "again"), tree(tmp_path / "afresh")
    parts = ("data/", "ledger/", "rejected/")
    assert {p: d for p, d in again.items() if p.startswith(parts)} == {
        p: d for p, d in afresh.items() if p.startswith(parts)
    }


@pytest.mark.parametrize("words", [("-o", "out/"), ("-o", "out.parquet")], ids=" ".join)
def test_where_no_file_can_be_read_nothing_is_begun(
    run: Run, crawl: Path, tmp_path: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("clean", "in/body.parquet", "in/none.tsv", *words) == 2
    said = capsys.readouterr().err
    assert said == ("moderation: error: in/body.parquet: has no column 'text', only body; name it with --text-field\n")
    assert not (tmp_path / words[1]).exists()


def test_a_file_that_breaks_after_the_plan_fails_its_shards_and_is_read_when_it_is_back(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pa.table({"text": [f"今天上午，闸口更换，第{n}天。" for n in range(40)]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=10)
    whole, then = (tmp_path / "a.parquet").read_bytes(), (tmp_path / "a.parquet").stat()

    def broken(_: object) -> None:
        (tmp_path / "a.parquet").write_bytes(whole[: len(whole) // 2])

    with monkeypatch.context() as patch:
        patch.setattr("moderation.crawl.run.remove_all_parts", broken)
        assert run("clean", "a.parquet", "-o", "out/", "--shard-bytes", "300") == 1
    found = report(tmp_path / "out")
    assert (found["state"], found["tally"]["documents"].get("failed", 0)) == ("incomplete", 0)
    (tmp_path / "a.parquet").write_bytes(whole)
    os.utime(tmp_path / "a.parquet", ns=(then.st_atime_ns, then.st_mtime_ns))
    assert run("clean", "a.parquet", "-o", "out/", "--shard-bytes", "300", "--resume") == 0
    assert report(tmp_path / "out")["tally"]["documents"]["read"] == 40


def test_the_summary_says_why_records_were_rejected_and_where_they_are(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl([*records(3), b"oops", b"{}", {"id": 1}]))
    assert run("clean", "in.jsonl", "-o", "out/") == 1
    said = capsys.readouterr().err
    assert "rejected: 2 × has no field 'text'; 1 × is not JSON; they are in out/rejected\n" in said
    assert "; 3 rejected" in said


def test_a_page_in_another_encoding_is_counted_under_its_encodings_name(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes('{"text":"今天"}\n'.encode("gb18030"))
    assert run("clean", "in.jsonl", "-o", "out/") == 1
    assert report(tmp_path / "out")["tally"]["failed"] == {"is not UTF-8": 1}
