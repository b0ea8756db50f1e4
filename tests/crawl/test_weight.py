"""Documents are judged in parts that a worker has room for; one that it has no room for is set aside."""

from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.crawl.weight import TOGETHER, bearable, light_runs, weight
from moderation.formats.base import MAX_RECORD_BYTES, Chunk, Reading, Reject

from .conftest import Run, jsonl, read_jsonl, records, report


def chunk(*texts: str) -> Chunk:
    n = len(texts)
    rows = [{"text": text, "n": at} for at, text in enumerate(texts)]
    return Chunk(
        texts, [None] * n, [None] * n, list(range(n)), [len(t.encode()) for t in texts], rows, (), 77, {"x": 1}
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 44), ("老", 47), ("ab", 47), ("老\n", 94), ("a\n" * 10, 30 + 44 * 11)],
)
def test_a_line_weighs_more_than_its_characters(text: str, expected: int) -> None:
    assert weight(text) == expected


def test_an_ordinary_chunk_stays_whole() -> None:
    found = chunk("老人说，腌菜要趁霜降以后动手。\n" * 100, "施工期间，八路公交车临时改道。")
    assert list(bearable(found, Reading())) == [found]


def test_what_there_is_no_room_for_is_set_aside_between_its_neighbours() -> None:
    lines = "a\n" * (MAX_RECORD_BYTES // 28)
    found = chunk("首页\n", lines, "完")
    parts = list(bearable(replace(found, rejects=[Reject(5, "is bad", b"", 0)]), Reading()))
    assert [text for part in parts for text in part.texts] == ["首页\n", "完"]
    assert [row["n"] for part in parts for row in part.rows] == [0, 2]
    (heavy, bad) = parts[0].rejects
    assert (heavy.place, bad.place) == (1, 5)
    assert heavy.reason == (
        f"has {len(lines):,} characters in {len(lines) // 2 + 1:,} lines, which take more memory than 6,291,456 bytes "
        "of Chinese text (--max-record-bytes)"
    )
    assert sum(part.stored for part in parts) == 77
    assert [dict(part.skipped) for part in parts if part.skipped] == [{"x": 1}]


def test_a_chunk_of_nothing_but_heavy_documents_leaves_its_rejects() -> None:
    lines = "\n" * MAX_RECORD_BYTES
    (part,) = bearable(chunk(lines, lines), Reading())
    assert (len(part), len(part.rejects), part.stored) == (0, 2, 77)


@given(st.lists(st.sampled_from([1, 1000, TOGETHER // 2, TOGETHER, TOGETHER + 5, 3 * TOGETHER])))
def test_runs_hold_every_light_document_once_and_are_light_or_single(weights: list[int]) -> None:
    limit = 2 * TOGETHER
    found = light_runs(weights, limit)
    assert [n for start, stop in found for n in range(start, stop)] == [n for n, w in enumerate(weights) if w <= limit]
    assert all(sum(weights[a:b]) <= TOGETHER or b - a == 1 for a, b in found)


def test_many_short_lines_are_set_aside_by_the_command_and_the_books_balance(run: Run, tmp_path: Path) -> None:
    heavy = {"id": "行", "text": "a\n" * (MAX_RECORD_BYTES // 28)}
    data = jsonl([*records(3), heavy, *records(3, seed=1)])
    (tmp_path / "in.jsonl").write_bytes(data)
    assert run("clean", "in.jsonl", "-o", "out/", "--site-lines") == 1
    (row,) = read_jsonl(tmp_path / "out/rejected/shard-000000.jsonl")
    assert "which take more memory than" in row["reason"]
    assert row["byte"] == data.index(orjson.dumps(heavy))
    assert report(tmp_path / "out")["balance"] == "ok"
    assert report(tmp_path / "out")["tally"]["documents"]["kept"] == 6
