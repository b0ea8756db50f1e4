"""JSONL, plain and compressed: each record once wherever the file is cut, the rest of a broken file reported."""

import gzip
import io
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formats.support import TEXTS, chunks, extents, read_each_way, source, written
from moderation.formats.base import Compression, Reading
from moderation.formats.compression import encoded

RECORDS = [{"id": f"页{n}", "text": TEXTS[n % len(TEXTS)], "n": n, "deep": {"a": [n, None]}} for n in range(80)]
LINES = b"".join(orjson.dumps(record) + b"\n" for record in RECORDS)


def packed(data: bytes, compression: Compression) -> bytes:
    """As our own outputs are compressed."""
    out = io.BytesIO()
    file = encoded(out, compression)
    file.write(data)
    if file is not out:
        file.close()
    return out.getvalue()


def frames(data: bytes) -> bytes:
    """Several Zstandard frames, cut without regard to lines."""
    zstandard = pytest.importorskip("zstandard")
    return b"".join(zstandard.compress(data[n : n + 777]) for n in range(0, len(data), 777))


@pytest.mark.parametrize("compression", ["", "gz", "zst"])
def test_each_record_is_read_once_and_written_as_it_was(tmp_path: Path, compression: Compression) -> None:
    if compression == "zst":
        pytest.importorskip("zstandard")
    (tmp_path / "a").write_bytes(packed(LINES, compression))
    src = source(tmp_path / "a", "jsonl", compression)
    read = read_each_way(src, Reading(chunk_bytes=500))
    assert read.texts == [record["text"] for record in RECORDS]
    assert read.ids == [record["id"] for record in RECORDS]
    assert written("jsonl", chunks(src)) == LINES


def test_frames_of_zstandard_are_extents(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.zst").write_bytes(frames(LINES))
    src = source(tmp_path / "a.jsonl.zst", "jsonl", "zst")
    assert len(extents(src, 300)) > 3
    assert read_each_way(src).ids == [record["id"] for record in RECORDS]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(
        st.sampled_from([b'{"text":"\xe7\x94\xb2"}', b"", b"{", b"\xff", b'{"text":5}', b" \t", b'{"text":""}'])
    ),
    end=st.sampled_from([b"", b"\n", b"\r\n"]),
    break_=st.sampled_from([b"\n", b"\r\n"]),
)
def test_any_mixture_of_lines_is_the_same_wherever_it_is_cut(
    tmp_path: Path, lines: list[bytes], end: bytes, break_: bytes
) -> None:
    (tmp_path / "a.jsonl").write_bytes(break_.join(lines) + end)
    read = read_each_way(source(tmp_path / "a.jsonl", "jsonl"))
    assert len(read.texts) == sum(b'"text":"' in line for line in lines)
    assert len(read.reasons) == sum(line in (b"{", b"\xff", b'{"text":5}') for line in lines)


@pytest.mark.parametrize("compression", ["gz", "zst"])
def test_of_a_truncated_file_the_beginning_is_read_and_the_end_reported(
    tmp_path: Path, compression: Compression
) -> None:
    if compression == "zst":
        pytest.importorskip("zstandard")
    long = b"".join(orjson.dumps({"text": f"第{n * n}行"}) + b"\n" for n in range(30_000))
    data = gzip.compress(long) if compression == "gz" else frames(long)
    (tmp_path / "a").write_bytes(data[: len(data) // 2])
    src = source(tmp_path / "a", "jsonl", compression)
    found = chunks(src)
    texts = [text for chunk in found for text in chunk.texts]
    assert len(texts) > 5000
    assert texts == [f"第{n * n}行" for n in range(len(texts))]
    assert "can't be decompressed any further" in found[-1].rejects[-1].reason


def test_a_line_over_the_limit_is_set_aside_by_its_beginning(tmp_path: Path) -> None:
    giant = b'{"text":"' + b"x" * 300_000 + b'"}\n'
    (tmp_path / "a.jsonl").write_bytes(b'{"text":"1"}\n' + giant + b'{"text":"2"}\n')
    src = source(tmp_path / "a.jsonl", "jsonl")
    assert read_each_way(src, Reading(max_record_bytes=1000)).texts == ["1", "2"]
    reject = chunks(src, reading=Reading(max_record_bytes=1000))[0].rejects[0]
    assert (reject.place, reject.size, len(reject.raw)) == (13, len(giant), 1001)
