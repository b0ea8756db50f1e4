"""The ledger made column by column says what the one made row by row says: the same bytes of JSON, the same table."""

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.samples import DOCUMENTS, TEXTS
from moderation.crawl import ledger_json
from moderation.crawl.ledger import JsonlLedger, Row
from moderation.crawl.ledger_blocks import Block, joined, ledger_blocks
from moderation.crawl.ledger_rows import SITE_REASON, ledger_rows
from moderation.formats.base import Chunk, Source
from moderation.judge import Judgement
from moderation.labels import LABELS
from moderation.lines import Lines, read_lines
from moderation.moderate import Moderator
from moderation.policy import load_policy
from moderation.result import Result, decide
from moderation.spans import Spans
from moderation.text.batch import pack
from moderation.text.tables import built_tables

from .conftest import NEEDS_PYARROW, records

SOURCE: Final = Source("a/江口.jsonl", "江口.jsonl", "jsonl")
POLICY: Final = replace(load_policy("default"), repair=True)
DAMAGED: Final = (
    "他說發(fā)展、關(guan)于這件事，&ldquo;慢慢來&rdquo;。<br/>\r\n老\u200b街\u200b的𠮷野家\u200b又\u200b開張了\n"
)
ESCAPED: Final = "街" + "".join(map(chr, range(0x100))) + "\u2028𠮷\U0010ffff"
GONE: Final = ("", "few content lines", 'all "junk"\n', SITE_REASON)


def chunk_of(texts: Sequence[str], bare: bool = False) -> Chunk:
    """Documents with ids of several types and with addresses, or without both."""
    n = len(texts)
    ids: list[Any] = [None] * n if bare else [(f'页"{k}\\', k, None)[k % 3] for k in range(n)]
    urls = [None if bare or k % 4 == 3 else f"https://s{k % 2}.jiangkou.example/\t{k}" for k in range(n)]
    return Chunk(list(texts), ids, urls, [1 << 33 | k for k in range(n)], [1] * n, [{} for _ in texts])


def invented(texts: Sequence[str], seed: int) -> list[Result]:
    """Results of a judgement that no model would give: any label, any spans, lines that their site gave away."""
    rng = np.random.default_rng(seed)
    lines = read_lines(pack(texts), built_tables())
    n = lines.line_start.size
    probabilities = rng.random((n, len(LABELS)), np.float32) ** 4
    probabilities[rng.random(n) < 0.5, 0] = 4
    probabilities /= probabilities.sum(1, keepdims=True, dtype=np.float32)
    outside = rng.random(n) < 0.3 if seed % 2 else None
    judgement = Judgement(lines, probabilities, spans_in(lines, rng), outside)
    policy = replace(POLICY, repair=seed % 3 > 0)
    return decide(judgement, policy, "invented@0", built_tables())


def spans_in(lines: Lines, rng: np.random.Generator) -> Spans:
    """Up to two spans a line that do not overlap; they may touch, and take in its beginning, its end or all of it."""
    found: list[tuple[int, int, int]] = []
    for k in np.flatnonzero(~lines.blank & (rng.random(lines.blank.size) < 0.6)).tolist():
        places = np.arange(lines.line_start[k], lines.line_end[k] + 1)
        cut = sorted(rng.choice(places, size=min(4, places.size) // 2 * 2, replace=False).tolist())
        found += [(k, start, end) for start, end in zip(cut[::2], cut[1::2], strict=True)]
    line, start, end = np.array(found, np.int64).reshape(-1, 3).T
    return Spans(line, start, end, rng.integers(1, len(LABELS), line.size), rng.random(line.size, np.float32))


Given = tuple[str, int, Source, Chunk, Sequence[Result], Sequence[str | None]]


def json_of(given: Given) -> tuple[bytes, bytes]:
    """What both ways write as JSON."""
    by_row, by_block = io.BytesIO(), io.BytesIO()
    JsonlLedger(by_row).write(ledger_rows(*given, scores=False))
    for block in ledger_blocks(*given):
        JsonlLedger(by_block).write_block(block)
    return by_row.getvalue(), by_block.getvalue()


def table_of(data: bytes) -> list[dict[str, Any]]:
    """All rows of a Parquet file."""
    import pyarrow.parquet as pq  # noqa: PLC0415

    rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(data)).to_pylist()
    return rows


def parquet_of(blocks: Sequence[Block]) -> bytes:
    """A file of these blocks."""
    from moderation.crawl.ledger_parquet import ParquetLedger  # noqa: PLC0415

    file = io.BytesIO()
    ledger = ParquetLedger(file)
    for block in blocks:
        ledger.write_block(block)
    ledger.close()
    return file.getvalue()


def parquet_by_row(given: Given) -> bytes:
    """A file of the same rows, made one by one."""
    from moderation.crawl.ledger_parquet import ParquetLedger  # noqa: PLC0415

    file = io.BytesIO()
    ledger = ParquetLedger(file)
    ledger.write(ledger_rows(*given, scores=False))
    ledger.close()
    return file.getvalue()


def parts(block: Block, size: int) -> list[Block]:
    """The block in pieces of so many rows."""
    return [block.part(at, min(at + size, len(block))) for at in range(0, len(block), size)]


PIECES: Final = TEXTS | st.sampled_from([*(text for texts in DOCUMENTS.values() for text in texts if len(text) < 999)])
DOCUMENT: Final = st.lists(PIECES | st.sampled_from([DAMAGED, ESCAPED]), max_size=3).map("\n".join)


@st.composite
def judged(draw: st.DrawFn) -> Given:
    """A chunk of any documents under any decision, some of them dropped whole."""
    texts = draw(st.lists(DOCUMENT, min_size=1, max_size=5))
    results = invented(texts, draw(st.integers(0, 1 << 20)))
    begin = draw(st.integers(0, len(texts)))
    reasons = [draw(st.none() | st.sampled_from(GONE)) for _ in texts]
    chunk = chunk_of(texts[begin:], draw(st.booleans()))
    return "江口-00000.jsonl", draw(st.integers(0, 9)), SOURCE, chunk, results[begin:], reasons[begin:]


@settings(max_examples=300, deadline=None)
@given(judged())
def test_both_ways_write_the_same_json(given: Given) -> None:
    by_row, by_block = json_of(given)
    assert by_block == by_row


@NEEDS_PYARROW
@settings(deadline=None)
@given(judged(), st.integers(1, 9))
def test_both_ways_write_the_same_table_however_the_rows_come_in(given: Given, size: int) -> None:
    blocks = list(ledger_blocks(*given))
    whole = parquet_of(blocks)
    assert table_of(whole) == table_of(parquet_by_row(given))
    if blocks:
        assert parquet_of([piece for block in blocks for piece in parts(block, size)]) == whole
        assert parquet_of([joined(blocks)]) == whole


def kinds(rows: Sequence[Row]) -> set[tuple[str, str | None]]:
    return {(row.kind, row.action) for row in rows}


def test_the_invented_judgements_have_rows_of_all_kinds() -> None:
    results = invented([DAMAGED, ESCAPED, *DOCUMENTS["a batch"], DAMAGED] * 3, 5)
    chunk = chunk_of([""] * len(results))
    given: Given = "a", 0, SOURCE, chunk, results, [None, "few"] * (len(results) // 2) + [None] * (len(results) % 2)
    rows = list(ledger_rows(*given, scores=False))
    assert kinds(rows) == {
        *((kind, "drop") for kind in ("document", "line", "span", "gap")),
        ("document", "keep"),
        ("repair", "repair"),
    }
    assert SITE_REASON in {row.reason for row in rows}
    by_row, by_block = json_of(given)
    assert by_block == by_row


def test_real_pages_of_several_batches_have_the_same_rows(moderator: Moderator) -> None:
    texts = [DAMAGED + row["text"] for row in records(30)] + ["".join(DOCUMENTS["one giant line"])] * 30
    results = moderator.clean_many(texts)
    assert len({id(result.place[0]) for result in results}) > 1
    by_row, by_block = json_of(("a", 0, SOURCE, chunk_of(texts), results, [None] * len(texts)))
    assert by_block == by_row


def test_nothing_changed_leaves_no_row(moderator: Moderator) -> None:
    texts = ["", "春天来了。", "\n"]
    given: Given = "a", 0, SOURCE, chunk_of(texts), moderator.clean_many(texts), [None] * 3
    assert list(ledger_blocks(*given)) == []


def test_a_long_block_is_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_json, "PART_ROWS", 3)
    texts = [DAMAGED, *DOCUMENTS["a batch"]] * 3
    by_row, by_block = json_of(("a", 0, SOURCE, chunk_of(texts), invented(texts, 5), [None] * len(texts)))
    assert by_block == by_row


@NEEDS_PYARROW
def test_row_groups_end_by_rows_or_by_text_and_never_by_how_rows_come_in(monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415

    from moderation.crawl import ledger_parquet  # noqa: PLC0415

    monkeypatch.setattr(ledger_parquet, "GROUP_ROWS", 8)
    monkeypatch.setattr(ledger_parquet, "GROUP_BYTES", 300)
    texts = [DAMAGED, *DOCUMENTS["a batch"]] * 3
    given: Given = "a", 0, SOURCE, chunk_of(texts), invented(texts, 5), [None] * len(texts)
    blocks = list(ledger_blocks(*given))
    whole = parquet_of(blocks)
    assert table_of(whole) == table_of(parquet_by_row(given))
    for size in (1, 5, 64):
        assert parquet_of([piece for block in blocks for piece in parts(block, size)]) == whole
    meta = pq.ParquetFile(io.BytesIO(whole)).metadata
    sizes = [meta.row_group(n).num_rows for n in range(meta.num_row_groups)]
    assert max(sizes) == 8
    assert min(sizes[:-1]) < 8


def test_a_long_address_ends_a_part_as_long_text_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_json, "PART_BYTES", 4000)
    texts = ["加微信领红包\n" * 30, DAMAGED]
    chunk = replace(chunk_of(texts), urls=["https://s.example/" + "长" * 400, None])
    given: Given = "a", 0, SOURCE, chunk, invented(texts, 5), [None] * len(texts)
    pieces = [piece for block in ledger_blocks(*given) for piece in ledger_json.json_lines(block)]
    by_row, by_block = json_of(given)
    assert b"".join(pieces) == by_block == by_row
    assert len(pieces) > 4
    assert max(piece.count(b"\n") for piece in pieces[:-1]) <= 4


@NEEDS_PYARROW
def test_row_groups_of_a_long_address_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415

    from moderation.crawl import ledger_parquet  # noqa: PLC0415

    monkeypatch.setattr(ledger_parquet, "GROUP_BYTES", 4000)
    texts = ["加微信领红包\n" * 30, DAMAGED]
    chunk = replace(chunk_of(texts), urls=["https://s.example/" + "长" * 400, None])
    given: Given = "a", 0, SOURCE, chunk, invented(texts, 5), [None] * len(texts)
    whole = parquet_of(list(ledger_blocks(*given)))
    assert table_of(whole) == table_of(parquet_by_row(given))
    meta = pq.ParquetFile(io.BytesIO(whole)).metadata
    assert max(meta.row_group(n).num_rows for n in range(meta.num_row_groups - 1)) <= 4
