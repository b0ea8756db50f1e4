"""The ledger: what was removed, putting it back, and another policy over the same judgements."""

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from moderation.crawl import engine
from moderation.crawl.ledger import Row
from moderation.crawl.steps import Step
from moderation.crawl.stored import entries, read_ledger
from moderation.formats.base import Chunk, Source
from moderation.result import Result
from moderation.train.corpus import authored_pages

from .conftest import LEDGERS, NEEDS_PYARROW, Run, jsonl, read_jsonl, records, report, tree

DAMAGED = "首页 新闻 体育 财经 娱乐\n他說發(fā)展、關(guan)于這件事，&ldquo;慢慢來&rdquo;。<br/>\n版权所有 江口日报社\n"


def dropping(source: Source, chunk: Chunk, results: Sequence[Result]) -> list[str | None]:
    """A step that drops every seventh document."""
    return ["every seventh" if str(own).endswith("7") else None for own in chunk.ids]


def crawl() -> bytes:
    """Records of many kinds: changed, unchanged, empty, repaired, and one that can't be used."""
    pages = [{"id": f"书-{n}", "text": page.text, "split": page.split} for n, page in enumerate(authored_pages()[::29])]
    return jsonl([*records(20), {"id": "空", "text": ""}, {"text": DAMAGED}, b"oops", *pages])


def rows(folder: Path) -> list[Row]:
    return [row for path in sorted((folder / "ledger").iterdir()) for row in read_ledger(path)]


@pytest.fixture
def drop(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[Step] = [dropping]
    monkeypatch.setattr(engine, "steps_of", lambda settings: steps)


@pytest.mark.parametrize("form", LEDGERS)
def test_every_removed_line_has_a_row_that_says_what_it_was(run: Run, tmp_path: Path, form: str) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(3)))
    assert run("clean", "in.jsonl", "-o", "out/", "--ledger", form) == 0
    found = rows(tmp_path / "out")
    assert {row.file for row in found} == {"in-00000.jsonl"}
    texts = {row["id"]: row["text"] for row in records(3)}
    for row in found:
        if row.kind == "line":
            assert row.line is not None
            assert texts[row.id or ""][row.start : row.end] == row.text
            assert texts[row.id or ""].split("\n")[row.line].strip() == (row.text or "").strip()
            assert (row.label, row.action) != ("content", "keep")
            assert row.reason


@pytest.mark.parametrize("form", LEDGERS)
def test_the_rows_add_up_to_the_books(run: Run, tmp_path: Path, form: str, drop: None) -> None:
    (tmp_path / "in.jsonl").write_bytes(crawl())
    assert run("clean", "in.jsonl", "-o", "out/", "--ledger", form) == 1
    tally = report(tmp_path / "out")["tally"]
    found = rows(tmp_path / "out")
    lines: dict[str, int] = {}
    for row in found:
        if row.kind == "line" and row.action == "drop":
            lines[row.label or ""] = lines.get(row.label or "", 0) + 1
    assert lines == tally["dropped_lines"]
    removed = [row for row in found if row.kind in ("line", "span", "gap") and row.action == "drop"]
    assert sum(len(row.text or "") for row in removed) == tally["chars"]["removed"]
    repairs = [row for row in found if row.kind == "repair"]
    assert repairs
    assert sum(len(row.after or "") - len(row.text or "") for row in repairs) == tally["chars"]["repaired"]
    pages = [orjson.loads(line) for line in crawl().splitlines() if line != b"oops"]
    sevenths = sum(str(page.get("id")).endswith("7") for page in pages)
    assert sum(row.kind == "document" and row.action == "drop" for row in found) == sevenths > 0
    assert tally["documents"]["dropped"] == sevenths


@pytest.mark.parametrize("words", [[], ["--ledger-scores"], ["--shard-bytes", "5000"]])
@pytest.mark.parametrize("form", LEDGERS)
def test_a_run_is_restored_from_its_ledger_to_the_byte(
    run: Run, tmp_path: Path, form: str, words: list[str], drop: None
) -> None:
    (tmp_path / "in.jsonl").write_bytes(crawl())
    assert run("clean", "in.jsonl", "-o", "out/", "--ledger", form, *words) == 1
    assert run("restore", "out", "-o", "back") == 0
    back = b"".join(path.read_bytes() for path in sorted((tmp_path / "back").iterdir()))
    assert back == crawl().replace(b"oops\n", b"")


def test_pages_are_restored_under_their_names(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in/sub").mkdir(parents=True)
    for row in records(5):
        (tmp_path / f"in/sub/{row['n']}.txt").write_bytes(row["text"].encode())
    assert run("clean", "in", "-o", "out", "--ledger", "jsonl") == 0
    assert run("restore", "out", "-o", "back") == 0
    assert tree(tmp_path / "back") == tree(tmp_path / "in")


@NEEDS_PYARROW
def test_a_single_file_is_restored_from_its_ledger(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl.gz").write_bytes(gzip.compress(jsonl(records(9))))
    assert run("clean", "in.jsonl.gz", "-o", "out.jsonl.gz", "--ledger", "parquet") == 0
    assert run("restore", "out.jsonl.gz", "--ledger", "out.jsonl.gz.ledger.parquet", "-o", "back.jsonl") == 0
    assert (tmp_path / "back.jsonl").read_bytes() == jsonl(records(9))


def test_a_changed_clean_text_is_refused(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(9)))
    assert run("clean", "in.jsonl", "-o", "out/", "--ledger", "jsonl") == 0
    path = tmp_path / "out/data/in-00000.jsonl"
    path.write_bytes(path.read_bytes().replace("老人".encode(), "老者".encode()))
    capsys.readouterr()
    assert run("restore", "out", "-o", "back") == 2
    assert "the clean text is not the one these verdicts were written for" in capsys.readouterr().err
    assert not (tmp_path / "back").exists()


def without_bytes(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files of a run but for what tells which run it is."""
    return {name: data for name, data in files.items() if name not in ("manifest.json", "report.json")}


@pytest.mark.parametrize("form", LEDGERS)
@pytest.mark.parametrize("policy", ["spam-only", "flag-only", "keep-meta", "strict.toml"])
def test_reapplying_another_policy_equals_cleaning_afresh_with_it(
    run: Run, tmp_path: Path, policy: str, form: str, drop: None
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jsonl").write_bytes(crawl())
    for row in records(5):
        (tmp_path / f"in/{row['n']}.txt").write_bytes(row["text"].encode())
    (tmp_path / "strict.toml").write_text("threshold = 0.2\nspan_threshold = 0.1\nrepair = true\n")
    words = ["--ledger", form, "--ledger-scores", "--attributes", "--shard-bytes", "20000"]
    assert run("clean", "in", "-o", "first", *words) == 1
    assert run("clean", "in", "-o", "fresh", "--policy", policy, *words) == 1
    assert run("reapply", "first", "--policy", policy, "-o", "again") == 1
    assert without_bytes(tree(tmp_path / "again")) == without_bytes(tree(tmp_path / "fresh"))
    tallies: list[Any] = [report(tmp_path / folder)["tally"] for folder in ("again", "fresh")]
    for tally in tallies:
        tally.pop("bytes")
    assert tallies[0] == tallies[1]


def test_reapplying_scores_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(9)))
    assert run("clean", "in.jsonl", "-o", "out/", "--ledger", "jsonl", "--ledger-scores") == 0

    def never(*_: object) -> None:
        raise AssertionError("scored")

    monkeypatch.setattr("moderation.moderate.judge", never)
    assert run("reapply", "out/ledger", "--policy", "flag-only", "-o", "again") == 0
    assert (tmp_path / "again/data/in-00000.jsonl").read_bytes() == jsonl(records(9))
    assert run("reapply", "again", "--policy", "default", "-o", "twice") == 0
    assert tree(tmp_path / "twice/data") == tree(tmp_path / "out/data")


def test_reapplying_needs_scores_and_a_finished_run(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(3)))
    assert run("clean", "in.jsonl", "-o", "out/", "--ledger", "jsonl") == 0
    capsys.readouterr()
    assert run("reapply", "out", "--policy", "flag-only", "-o", "again") == 2
    assert "out: its ledger holds no scores of kept lines; clean again with --ledger-scores" in capsys.readouterr().err
    assert run("reapply", "in.jsonl", "--policy", "flag-only", "-o", "again") == 2
    assert "in.jsonl: is neither the folder of a run nor its ledger" in capsys.readouterr().err


def test_dropped_documents_are_kept_aside_with_their_reasons(run: Run, tmp_path: Path, drop: None) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(20)))
    assert run("clean", "in.jsonl", "-o", "out/") == 0
    assert read_jsonl(tmp_path / "out/dropped/data/in-00000.jsonl") == [records(20)[7], records(20)[17]]
    why = read_jsonl(tmp_path / "out/dropped/reasons/shard-000000.jsonl")
    assert [(row["id"], row["row"], row["reason"]) for row in why] == [
        ("页-7", 7, "every seventh"),
        ("页-17", 16, "every seventh"),
    ]
    assert len(read_jsonl(tmp_path / "out/data/in-00000.jsonl")) == 18
    assert report(tmp_path / "out")["tally"]["dropped"] == {"every seventh": 2}


def test_attributes_point_into_the_original_text(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl([*records(6), {"text": "江口"}]))
    assert run("clean", "in.jsonl", "-o", "out/", "--attributes") == 0
    path = tmp_path / "out/attributes/moderation/in-00000.jsonl.gz"
    (tmp_path / "a.jsonl").write_bytes(gzip.decompress(path.read_bytes()))
    found = read_jsonl(tmp_path / "a.jsonl")
    assert [row["id"] for row in found][-2:] == ["页-5", f"in.jsonl#{len(jsonl(records(6)))}"]
    texts = {row["id"]: row["text"] for row in records(6)}
    for row in found[:-1]:
        for name, spans in row["attributes"].items():
            assert name.startswith("moderation__moderation__")
            for start, end, score in spans:
                assert texts[row["id"]][start:end].strip()
                assert 0 <= score <= 1


def test_entries_begin_at_document_rows() -> None:
    blank = Row("a.jsonl", 0, "a.jsonl", 0, None, None, "document")
    listed = [blank, blank._replace(kind="line"), blank._replace(row=1), blank._replace(row=2)]
    assert [len(entry.rows) for entry in entries(iter(listed))] == [1, 0, 0]
