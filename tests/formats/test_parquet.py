"""Parquet: row groups as extents, every other column with its type, what can't be used set aside."""

# ruff: noqa: E402  (what the extra brings is looked for first)

import datetime
import decimal
import io
from pathlib import Path
from typing import Any

import pytest

pa = pytest.importorskip("pyarrow", reason="Parquet needs the extra [parquet]")
pq = pytest.importorskip("pyarrow.parquet")

from formats.support import TEXTS, chunks, extents, read_each_way, source, summed, written
from moderation.errors import InputError, OutputError
from moderation.formats.base import Columns, Reading
from moderation.formats.table import load_format

ROWS = 210


def table(text_type: Any = None) -> Any:
    """Every kind of column beside the text, with nulls in it."""
    moment = datetime.datetime(2024, 9, 18, 9, 30, tzinfo=datetime.UTC)
    half = ROWS // 2
    return pa.table(
        {
            "id": pa.array([None if n % 10 == 9 else n for n in range(ROWS)], pa.uint32()),
            "text": pa.array([TEXTS[n % len(TEXTS)] for n in range(ROWS)], text_type or pa.string()),
            "url": pa.array(["https://江口.example/1", None] * half),
            "time": pa.array([moment] * ROWS, pa.timestamp("ns", "Asia/Shanghai")),
            "price": pa.array([decimal.Decimal("12.30"), None] * half, pa.decimal128(9, 2)),
            "links": pa.array([["甲", None], None] * half, pa.list_(pa.large_string())),
            "meta": pa.array([{"a": 1, "b": {"c": [b"\xff"]}}, None] * half),
            "tags": pa.array([[("k", 1)], []] * half, pa.map_(pa.string(), pa.int8())),
            "site": pa.array(["甲站", None] * half).dictionary_encode(),
            "none": pa.nulls(ROWS),
            "share": pa.array([1.5, None] * half, pa.float32()),
            "day": pa.array([datetime.date(2024, 1, 1), None] * half),
            "vector": pa.array([[1.0, 2.0], None] * half, pa.list_(pa.float32(), 2)),
        }
    ).replace_schema_metadata({"maker": "青禾"})


def stored(path: Path, data: Any, **options: Any) -> Path:
    """A file of several row groups."""
    pq.write_table(data, path, row_group_size=40, **options)
    return path


@pytest.mark.parametrize("text_type", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_every_column_comes_back_with_its_type_and_values(tmp_path: Path, text_type: Any) -> None:
    path = stored(tmp_path / "a.parquet", table(text_type))
    before = pq.read_table(path)
    after = pq.read_table(io.BytesIO(written("parquet", chunks(source(path, "parquet")))))
    assert after.schema.metadata == before.schema.metadata
    for name in before.column_names:
        if name == "text" and pa.types.is_string_view(before.schema.field(name).type):
            continue
        assert after.schema.field(name).equals(before.schema.field(name)), name
        assert after[name].to_pylist() == before[name].to_pylist(), name


def test_the_text_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.parquet", table())
    after = pq.read_table(io.BytesIO(written("parquet", chunks(source(path, "parquet")), "。")))
    assert after["text"].to_pylist() == [text + "。" for text in table()["text"].to_pylist()]


def test_a_dictionary_of_texts_becomes_plain_text(tmp_path: Path) -> None:
    data = table()
    path = stored(tmp_path / "a.parquet", data.set_column(1, "text", data["text"].dictionary_encode()))
    read = read_each_way(source(path, "parquet"))
    assert read.texts == data["text"].to_pylist()
    after = pq.read_table(io.BytesIO(written("parquet", chunks(source(path, "parquet")))))
    assert after.schema.field("text").type == pa.string()


@pytest.mark.parametrize("codec", ["snappy", "gzip", "zstd", "lz4", "brotli", "none"])
def test_the_compression_of_the_source_is_kept(tmp_path: Path, codec: str) -> None:
    path = stored(tmp_path / "a.parquet", table(), compression=codec)
    after = pq.ParquetFile(io.BytesIO(written("parquet", chunks(source(path, "parquet")))))
    before = pq.ParquetFile(path)
    assert after.metadata.row_group(0).column(1).compression == before.metadata.row_group(0).column(1).compression


def test_extents_of_any_size_give_each_row_once(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.parquet", table())
    read = read_each_way(source(path, "parquet"), Reading(chunk_bytes=300))
    assert read.texts == table()["text"].to_pylist()
    assert read.places == list(range(ROWS))
    assert len(extents(source(path, "parquet"), 1)) == 6


def test_stored_bytes_add_up_to_the_extents(tmp_path: Path) -> None:
    src = source(stored(tmp_path / "a.parquet", table()), "parquet")
    found = chunks(src, 1, Reading(chunk_bytes=300))
    assert sum(chunk.stored for chunk in found) == sum(extent.size for extent in extents(src, 1))


def test_rows_whose_text_is_null_are_set_aside_with_their_other_columns(tmp_path: Path) -> None:
    data = pa.table({"id": ["甲", "乙", "丙"], "text": ["好", None, "也好"]})
    found = chunks(source(stored(tmp_path / "a.parquet", data), "parquet"))
    assert found[0].texts == ["好", "也好"]
    assert found[0].ids == ["甲", "丙"]
    assert found[0].places == [0, 2]
    (reject,) = found[0].rejects
    assert (reject.place, reject.reason) == (1, "has no text: 'text' is null")
    assert reject.raw.decode() == '{"id":"乙","text":null}\n'


def test_texts_that_are_not_utf8_are_set_aside(tmp_path: Path) -> None:
    raw = pa.array(["好".encode(), "坏".encode("gbk"), "也好".encode()], pa.binary())
    path = stored(tmp_path / "a.parquet", pa.table({"text": raw.view(pa.string())}))
    found = chunks(source(path, "parquet"))
    assert found[0].texts == ["好", "也好"]
    assert found[0].rejects[0].reason == "has a text that is not valid UTF-8 ('text')"
    assert found[0].rejects[0].raw == "坏".encode("gbk")


def test_a_text_over_the_limit_is_set_aside(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.parquet", pa.table({"text": ["好", "长" * 5000, "也好"]}))
    read = read_each_way(source(path, "parquet"), Reading(max_record_bytes=6000))
    assert read.texts == ["好", "也好"]
    assert read.reasons == [(1, "has a text of 15,000 bytes, over the limit of 6,000 (--max-record-bytes)")]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"content": ["好"]}, r"has no column 'text', only content"),
        ({"text": [1]}, r"column 'text' is int64, not text"),
    ],
)
def test_a_file_without_a_text_column_is_refused_by_name(tmp_path: Path, data: Any, sentence: str) -> None:
    path = stored(tmp_path / "a.parquet", pa.table(data))
    with pytest.raises(InputError, match=sentence):
        chunks(source(path, "parquet"))


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.parquet", table())
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(InputError, match=r"a\.parquet: is not a Parquet file, or not a whole one"):
        chunks(source(path, "parquet"))


def test_a_damaged_row_group_is_one_reject_and_the_others_are_read(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.parquet", table(), compression="gzip")
    column = pq.ParquetFile(path).metadata.row_group(2).column(1)
    data = bytearray(path.read_bytes())
    begin = column.dictionary_page_offset or column.data_page_offset
    data[begin : begin + 120] = b"\xaa" * 120
    path.write_bytes(data)
    read = read_each_way(source(path, "parquet"))
    assert read.places == [*range(80), *range(120, ROWS)]
    assert len(read.reasons) == 1
    assert read.reasons[0][0] == 80
    assert read.reasons[0][1].startswith("and all rows up to 120 can't be read: row group 2 is damaged")


def test_a_file_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    path = stored(tmp_path / "a.parquet", table().slice(0, 0))
    found = chunks(source(path, "parquet"))
    assert [len(chunk) for chunk in found] == [0]
    after = pq.read_table(io.BytesIO(written("parquet", found)))
    assert after.schema.equals(pq.read_table(path).schema)


def test_pandas_gets_back_what_it_wrote(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {"text": list(TEXTS), "n": range(len(TEXTS))}, index=pd.Index(list("甲乙丙丁戊己庚"), name="序")
    )
    frame["kind"] = pd.Categorical(["新闻"] * len(TEXTS))
    frame.to_parquet(tmp_path / "a.parquet")
    after = pd.read_parquet(io.BytesIO(written("parquet", chunks(source(tmp_path / "a.parquet", "parquet")))))
    pd.testing.assert_frame_equal(after, frame)


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    found = chunks(source(stored(tmp_path / "a.parquet", table()), "parquet"))
    assert written("parquet", found) == written("parquet", found)


def test_sources_with_other_columns_share_one_schema(tmp_path: Path) -> None:
    one = chunks(
        source(stored(tmp_path / "a.parquet", pa.table({"text": ["甲"], "n": pa.array([1], pa.int8())})), "parquet")
    )
    two = chunks(
        source(stored(tmp_path / "b.parquet", pa.table({"n": [2**40], "text": ["乙"], "m": [True]})), "parquet")
    )
    form = load_format("parquet")
    agreed = form.schema([*one, *two], Columns())
    tables = []
    for found in (one, two):
        out = io.BytesIO()
        writer = form.writer(out, Columns(), found[0], agreed)
        writer.write(found[0], found[0].texts, [True])
        writer.close()
        tables.append(pq.read_table(io.BytesIO(out.getvalue())))
    assert tables[0].schema.equals(tables[1].schema)
    assert pa.concat_tables(tables).to_pylist() == [
        {"text": "甲", "n": 1, "m": None},
        {"text": "乙", "n": 2**40, "m": True},
    ]


def test_a_column_that_no_sample_had_is_refused_rather_than_lost(tmp_path: Path) -> None:
    one = chunks(source(stored(tmp_path / "a.parquet", pa.table({"text": ["甲"]})), "parquet"))
    two = chunks(source(stored(tmp_path / "b.parquet", pa.table({"text": ["乙"], "m": [True]})), "parquet"))
    form = load_format("parquet")
    writer = form.writer(io.BytesIO(), Columns(), one[0], form.schema(one, Columns()))
    with pytest.raises(OutputError, match="column 'm' was in none of the files"):
        writer.write(two[0], two[0].texts, [True])


def test_records_of_jsonl_get_types_and_what_does_not_fit_is_kept_as_json(tmp_path: Path) -> None:
    lines = ['{"id":1,"text":"甲","n":5,"meta":{"a":1},"tags":["x"]}', '{"id":2,"text":"乙","n":"五","new":[1]}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines), "utf-8")
    found = chunks(source(tmp_path / "a.jsonl", "jsonl"), reading=Reading(chunk_bytes=10))
    assert [len(chunk) for chunk in found][:2] == [1, 1]
    after = pq.read_table(io.BytesIO(written("parquet", found)))
    assert after.schema.field("n").type == pa.int64()
    assert after.to_pylist() == [
        {"id": 1, "text": "甲", "n": 5, "meta": '{"a":1}', "tags": ["x"], "other_fields": None},
        {"id": 2, "text": "乙", "n": None, "meta": None, "tags": None, "other_fields": '{"new":[1],"n":"五"}'},
    ]


def test_large_rows_do_not_make_large_chunks(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["长" * 30_000] * 100}), path)
    found = chunks(source(path, "parquet"), reading=Reading(chunk_bytes=200_000))
    assert max(sum(chunk.sizes) for chunk in found) <= 200_000
    assert len(summed(found).texts) == 100
