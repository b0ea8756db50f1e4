"""Arrow files and streams, and the folders that `datasets` saves."""

# ruff: noqa: E402  (what the extra brings is looked for first)

import io
from pathlib import Path
from typing import Any

import pytest

pa = pytest.importorskip("pyarrow", reason="Arrow needs the extra [parquet]")

from formats.support import TEXTS, chunks, extents, read_each_way, source, written
from moderation.errors import InputError
from moderation.formats.base import Reading

ROWS = 210


def table() -> Any:
    """Some columns with types that matter."""
    return pa.table(
        {
            "text": pa.array([None if n % 50 == 7 else TEXTS[n % len(TEXTS)] for n in range(ROWS)], pa.large_string()),
            "kind": pa.array(["新闻", "论坛", None] * (ROWS // 3)).dictionary_encode(),
            "links": pa.array([[{"a": n}] for n in range(ROWS)]),
        }
    ).replace_schema_metadata({"maker": "青禾"})


def stored(path: Path, data: Any, layout: str) -> Path:
    """A file or a stream of several batches."""
    make = pa.ipc.new_file if layout == "file" else pa.ipc.new_stream
    with make(str(path), data.schema) as writer:
        for batch in data.to_batches(max_chunksize=40):
            writer.write_batch(batch)
    return path


def load(data: bytes, layout: str) -> Any:
    """All of it again."""
    open_it = pa.ipc.open_file if layout == "file" else pa.ipc.open_stream
    return open_it(io.BytesIO(data)).read_all()


@pytest.mark.parametrize("layout", ["file", "stream"])
def test_columns_types_and_layout_are_kept(tmp_path: Path, layout: str) -> None:
    path = stored(tmp_path / "a.arrow", table(), layout)
    after = load(written("arrow", chunks(source(path, "arrow"))), layout)
    before = table().filter(table()["text"].is_valid())
    assert after.schema.equals(before.schema, check_metadata=True)
    assert after.to_pylist() == before.to_pylist()


@pytest.mark.parametrize("layout", ["file", "stream"])
def test_each_row_is_read_once_wherever_the_file_is_cut(tmp_path: Path, layout: str) -> None:
    path = stored(tmp_path / "a.arrow", table(), layout)
    read = read_each_way(source(path, "arrow"), Reading(chunk_bytes=500))
    assert read.places == [n for n in range(ROWS) if n % 50 != 7]
    assert [place for place, _ in read.reasons] == [n for n in range(ROWS) if n % 50 == 7]
    assert len(extents(source(path, "arrow"), 1)) == (6 if layout == "file" else 1)


@pytest.mark.parametrize("layout", ["file", "stream"])
def test_of_a_file_that_was_cut_off_the_first_batches_are_read(tmp_path: Path, layout: str) -> None:
    path = stored(tmp_path / "a.arrow", table(), layout)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    read = read_each_way(source(path, "arrow"))
    assert 0 < len(read.texts) < ROWS - 5
    assert read.reasons[-1][1].startswith("and all rows after it can't be read")


def test_what_is_no_arrow_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.arrow").write_bytes("一封信，不是表格".encode())
    with pytest.raises(InputError, match=r"a\.arrow: is not an Arrow file"):
        chunks(source(tmp_path / "a.arrow", "arrow"))


def test_a_saved_dataset_still_opens_when_its_files_are_cleaned(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict(
        {"text": list(TEXTS), "n": list(range(len(TEXTS))), "tags": [["甲"]] * len(TEXTS)}
    )
    data.save_to_disk(tmp_path / "saved", num_shards=2)
    for path in sorted((tmp_path / "saved").glob("*.arrow")):
        path.write_bytes(written("arrow", chunks(source(path, "arrow")), "。"))
    after = datasets.load_from_disk(str(tmp_path / "saved"))
    assert after.features == data.features
    assert after["text"][:] == [text + "。" for text in TEXTS]


def test_pandas_reads_what_was_written(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    path = stored(tmp_path / "a.feather", table(), "file")
    frame = pd.read_feather(io.BytesIO(written("arrow", chunks(source(path, "arrow")))))
    assert len(frame) == ROWS - 5
    assert str(frame["kind"].dtype) == "category"
