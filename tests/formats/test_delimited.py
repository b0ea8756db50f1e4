"""CSV and TSV: quoted line breaks, marks and delimiters; rows that can't be read are set aside and the rest goes on."""

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formats.support import TEXTS, Read, chunks, read_each_way, source, written
from moderation.errors import InputError, OutputError
from moderation.formats.base import Columns, Reading
from moderation.formats.table import load_format


def read(tmp_path: Path, data: str | bytes, form: str = "csv", reading: Reading | None = None) -> Read:
    """What a file holds."""
    path = tmp_path / f"a.{form}"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_each_way(source(path, form), reading)


def rewritten(tmp_path: Path, data: str, form: str = "csv") -> str:
    """A file as it comes out."""
    path = tmp_path / f"a.{form}"
    path.write_bytes(data.encode())
    return written(form, chunks(source(path, form))).decode()


def test_line_breaks_quotes_and_commas_stand_in_quotes(tmp_path: Path) -> None:
    data = 'id,text\n1,"第一行\n第二行，""引号"", 逗号\r\n第三行"\n2,短\n'
    assert read(tmp_path, data).texts == ['第一行\n第二行，"引号", 逗号\r\n第三行', "短"]


def test_all_columns_come_back_as_they_are(tmp_path: Path) -> None:
    data = 'n,text,"a,b",空\n007,甲,"x\ny",\n1e3,乙,NULL, 空格 \n'
    assert rewritten(tmp_path, data) == data


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbftext\n\xe7\x94\xb2\n").texts == ["甲"]


def test_tsv_has_tabs(tmp_path: Path) -> None:
    data = 'id\ttext\n1\t甲,乙\n2\t"有\t符"\n'
    assert read(tmp_path, data, "tsv").texts == ["甲,乙", "有\t符"]
    assert rewritten(tmp_path, data, "tsv") == data


def test_fields_may_be_larger_than_the_csv_module_allows(tmp_path: Path) -> None:
    assert read(tmp_path, f"text\n{'长' * 200_000}\n").texts == ["长" * 200_000]


@pytest.mark.parametrize(
    ("rows", "texts", "reasons"),
    [
        ("1,甲,多\n2,乙\n", ["乙"], [(0, "has 3 fields, the header has 2")]),
        ("1\n2,乙\n", ["乙"], [(0, "has 1 fields, the header has 2")]),
        ('1,"甲"x\n2,乙\n', ["乙"], [(0, "can't be read (',' expected after '\"')")]),
        ('1,甲\n2,"没关\n3,丙\n4,丁\n', ["甲", "丙", "丁"], [(1, "has a quote that is not closed")]),
        ("1,甲\n\n\n2,乙\n", ["甲", "乙"], []),
    ],
)
def test_broken_rows_are_set_aside_and_the_next_ones_read(
    tmp_path: Path, rows: str, texts: list[str], reasons: list[tuple[int, str]]
) -> None:
    found = read(tmp_path, "id,text\n" + rows)
    assert (found.texts, found.reasons) == (texts, reasons)


def test_rows_that_are_not_utf8_are_set_aside(tmp_path: Path) -> None:
    found = chunks_of(tmp_path, "text\n甲\n".encode() + "乙".encode("gbk") + "\n丙\n".encode())
    assert found.texts == ["甲", "丙"]
    assert found.reasons == [(1, "is not UTF-8")]


def chunks_of(tmp_path: Path, data: bytes) -> Read:
    """The same as read, by another name of the file."""
    return read(tmp_path, data)


def test_a_giant_row_is_set_aside_without_being_held(tmp_path: Path) -> None:
    found = read(tmp_path, f"text\n甲\n{'长' * 90_000}\n乙\n", reading=Reading(max_record_bytes=5000))
    assert found.texts == ["甲", "乙"]
    assert found.reasons == [(1, "is over the limit of 5,000 bytes (--max-record-bytes)")]


def test_of_a_truncated_gz_the_rows_before_the_end_are_read(tmp_path: Path) -> None:
    rows = "".join(f"{n},第{n * n}行\n" for n in range(20_000))
    data = gzip.compress(f"id,text\n{rows}".encode())
    (tmp_path / "a.csv.gz").write_bytes(data[: len(data) // 2])
    found = read_each_way(source(tmp_path / "a.csv.gz", "csv", "gz"))
    assert len(found.texts) > 1000
    assert found.texts == [f"第{n * n}行" for n in range(len(found.texts))]
    assert "can't be decompressed any further" in found.reasons[-1][1]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "has no column 'text', only none"),
        (b"id,content\n1,x\n", "has no column 'text', only id, content; name it with --text-field"),
        (b"text,text\n", "has two columns named 'text'"),
        ("id,text\n".encode("utf-16"), "is UTF-16, expected UTF-8"),
        ("编号,text\n".encode("gbk"), "is not UTF-8"),
        (b'"text\n1\n', "has no header that can be read"),
    ],
)
def test_a_file_without_a_usable_header_is_refused(tmp_path: Path, data: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read(tmp_path, data)


def test_a_file_without_rows_keeps_its_header(tmp_path: Path) -> None:
    assert rewritten(tmp_path, "id,text\n") == "id,text\n"


def test_values_that_are_no_text_are_written_as_json(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text":"甲","n":5,"m":{"a":[1]},"b":true,"z":null}\n', "utf-8")
    assert written("csv", chunks(source(tmp_path / "a.jsonl", "jsonl"))).decode() == (
        'text,n,m,b,z\n甲,5,"{""a"":[1]}",true,\n'
    )


def test_a_field_without_a_column_is_refused_rather_than_lost(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text":"甲"}\n{"text":"乙","new":1}\n', "utf-8")
    found = chunks(source(tmp_path / "a.jsonl", "jsonl"), reading=Reading(chunk_bytes=1))
    writer = load_format("csv").writer(io.BytesIO(), Columns(), found[0], None)
    writer.write(found[0], found[0].texts, [True])
    with pytest.raises(OutputError, match="field 'new' has no column"):
        writer.write(found[1], found[1].texts, [True])


FIELDS = st.one_of(st.sampled_from(TEXTS), st.text(st.characters(exclude_categories=["Cs"]), max_size=30))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(FIELDS, FIELDS), max_size=8), chunk=st.integers(1, 200))
def test_whatever_a_csv_writer_wrote_comes_back(tmp_path: Path, rows: list[tuple[str, str]], chunk: int) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerows([("text", "other"), *rows])
    path = tmp_path / "a.csv"
    path.write_bytes(buffer.getvalue().encode())
    found = chunks(source(path, "csv"), reading=Reading(chunk_bytes=chunk))
    again = csv.reader(io.StringIO(written("csv", found).decode(), newline=""))
    assert [tuple(row) for row in again][1:] == rows
