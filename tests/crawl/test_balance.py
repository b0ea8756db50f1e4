"""The books balance on every format of the suffix table: what went in was kept, dropped or set aside."""

import gzip
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats.archives import conversion, page, response
from moderation.crawl import engine
from moderation.crawl.steps import Step
from moderation.crawl.tally import Tally, imbalance, merge, read_tally, short_reason
from moderation.errors import UsageError
from moderation.formats.base import Chunk, Columns, Reading, Reject, Source
from moderation.formats.table import TABLE, Row, load_format
from moderation.result import Result

from .conftest import NEEDS_PYARROW, Run, jsonl, read_jsonl, records, report

COUNT = 12
DROPPED = ("页-3", "页-9")


def load(name: str) -> Any:
    """A format, or a skipped test."""
    try:
        return load_format(name)
    except UsageError as error:
        pytest.skip(str(error))


def sample(row: Row, folder: Path) -> list[Path]:
    """COUNT documents in files of a format."""
    form, rows = load(row.name), records(COUNT)
    path = folder / f"a{row.suffixes[0]}"
    if row.name == "text":
        paths = [folder / f"{record['n']}.txt" for record in rows]
        for page_path, record in zip(paths, rows, strict=True):
            page_path.write_bytes(record["text"].encode())
        return paths
    if row.name == "warc":
        path.write_bytes(b"".join(response(page(f"通告{n}"), n) for n in range(COUNT)))
    elif row.name == "wet":
        path.write_bytes(b"".join(conversion(record["text"], n) for n, record in enumerate(rows)))
    else:
        flat = [{key: record[key] for key in ("id", "url", "text", "n")} for record in rows]
        texts, ids = [record["text"] for record in rows], [record["id"] for record in rows]
        zeros = [0] * COUNT
        chunk = Chunk(texts, ids, [None] * COUNT, zeros, zeros, flat)
        with path.open("wb") as file:
            writer = form.writer(file, Columns(), chunk, form.schema([chunk], Columns()))
            writer.write(chunk, texts, [True] * COUNT)
            writer.close()
    return [path]


def dropping(source: Source, chunk: Chunk, results: Sequence[Result]) -> list[str | None]:
    return ["of no use" if own in DROPPED else None for own in chunk.ids]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_the_books_balance(run: Run, tmp_path: Path, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[Step] = [dropping]
    monkeypatch.setattr(engine, "steps_of", lambda settings: steps)
    (tmp_path / "in").mkdir()
    sample(row, tmp_path / "in")
    (tmp_path / "in/bad.jsonl").write_bytes(jsonl([b"oops", {"id": 1}]))
    assert run("clean", "in", "-o", "out", "--shard-bytes", "3000", "--ledger", "jsonl") == 1
    found = report(tmp_path / "out")
    tally = read_tally(found["tally"])
    assert found["balance"] == "ok"
    assert imbalance(tally) == []
    dropped = 0 if row.name in ("text", "warc", "wet") else len(DROPPED)
    assert tally.documents["read"] == COUNT + 2
    assert (tally.documents["failed"], tally.documents["dropped"]) == (2, dropped)
    assert tally.lines["read"] > tally.lines["kept"] > 0
    rejected = [line for path in (tmp_path / "out/rejected").iterdir() for line in read_jsonl(path)]
    assert len(rejected) == 2
    rows = [line for path in (tmp_path / "out/ledger").iterdir() for line in read_jsonl(path)]
    lines = Counter(line["label"] for line in rows if line["kind"] == "line")
    assert lines == Counter(dict(tally.dropped_lines))
    kept = 0
    for path in sorted((tmp_path / "out/data").rglob("*.*")):
        if "bad" not in path.name:
            packed: Any = path.suffix[1:] if path.suffix in (".gz", ".zst") else ""
            one = Source(str(path), path.name, row.writes, packed)
            form = load(row.writes)
            kept += sum(len(chunk) for e in form.split(one, 1 << 40) for chunk in form.read(one, e, Reading()))
    assert kept == tally.documents["kept"]


@NEEDS_PYARROW
def test_every_format_in_one_folder_is_cleaned_by_one_command(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for row in TABLE:
        sample(row, tmp_path / "in")
    (tmp_path / "in/b.jsonl.gz").write_bytes(gzip.compress(jsonl(records(COUNT))))
    assert run("clean", "in", "-o", "out", "--to", "parquet", "--ledger", "parquet") == 0
    import pyarrow.dataset as ds  # noqa: PLC0415

    assert report(tmp_path / "out")["tally"]["documents"]["kept"] == COUNT * (len(TABLE) + 1)
    table = ds.dataset(tmp_path / "out/data", format="parquet").to_table()
    assert table.num_rows == COUNT * (len(TABLE) + 1)


counts = st.dictionaries(st.sampled_from(["read", "kept", "dropped", "新"]), st.integers(0, 1000))
tallies = st.lists(st.builds(Tally, documents=counts, lines=counts, dropped_lines=counts), max_size=6)


@given(tallies, st.integers(0, 6))
def test_tallies_add_up_in_any_grouping(found: list[Tally], cut: int) -> None:
    whole = merge(found)
    assert merge([merge(found[:cut]), merge(found[cut:])]) == whole
    assert merge(found[::-1]) == whole
    assert read_tally(whole.record()).record() == whole.record()


def test_books_that_do_not_balance_say_where() -> None:
    tally = Tally(documents={"read": 3, "kept": 1, "failed": 1}, failed={"is not JSON": 1})
    assert imbalance(tally) == ["documents: read = kept + dropped + failed: off by 1"]


@pytest.mark.parametrize(
    ("reason", "short"),
    [
        ("is not JSON: unexpected end of data at character 21", "is not JSON"),
        ("is 102,041,733 bytes long, over the limit of 16,777,216 (--max-record-bytes)", "is N bytes long"),
        ("has no field 'text', only id, body", "has no field 'text'"),
    ],
)
def test_reasons_are_counted_without_what_differs_from_record_to_record(reason: str, short: str) -> None:
    assert short_reason(Reject(0, reason, b"", 0)) == short
