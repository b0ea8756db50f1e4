"""Mapped weights: the same arrays as read ones, and the same refusals."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from moderation.errors import ModelError
from moderation.model.mapped import CACHE_LINE, map_file, mapped_arrays, on_cache_lines
from moderation.model.store import WEIGHTS, load_model, model_folder, replace_file
from moderation.moderate import Moderator
from moderation.policy import built_in

PAGE = "首页 | 新闻 | 登录\n市图书馆国庆假期照常开放，自助还书机全天可用。\n版权所有 市图书馆\n"


def test_mapped_arrays_are_those_that_are_read() -> None:
    path = model_folder("default") / WEIGHTS
    read, mapped = load(path.read_bytes()), mapped_arrays(map_file(path))
    assert set(read) == set(mapped)
    for name, array in read.items():
        assert mapped[name].dtype == array.dtype
        assert mapped[name].flags.aligned
        np.testing.assert_array_equal(mapped[name], array)


def test_verdicts_do_not_depend_on_how_a_model_was_loaded() -> None:
    read, mapped = (Moderator(load_model(mapped=how), built_in("default")) for how in (False, True))
    assert read.clean(PAGE).record() == mapped.clean(PAGE).record()


def test_a_replaced_file_leaves_the_mapped_one_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "some.safetensors"
    path.write_bytes(save({"a": np.arange(5, dtype=np.int32)}))
    array = mapped_arrays(map_file(path))["a"]
    replace_file(path, b"")
    assert array.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("size", [0, 5, 100, 100_000])
def test_a_cut_off_file_is_refused(tmp_path: Path, size: int) -> None:
    shutil.copytree(model_folder("default"), tmp_path / "model")
    weights = tmp_path / "model" / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:size])
    with pytest.raises(ModelError, match=r"is not the file its manifest names|can't be read"):
        load_model(tmp_path / "model", mapped=True)


ROW = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["I8", "F32", "U16", "BF16", 3, None]),
        "shape": st.one_of(st.lists(st.integers(-3, 40), max_size=3), st.just("x")),
        "data_offsets": st.one_of(st.lists(st.integers(-50, 200), min_size=1, max_size=3), st.just(None)),
    }
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=st.one_of(st.dictionaries(st.text(max_size=3), ROW, max_size=3), st.just([1]), st.just({"a": 1})))
def test_whatever_the_header_says_no_array_reaches_beyond_the_file(tmp_path: Path, header: object) -> None:
    body = json.dumps(header).encode()
    path = tmp_path / "w"
    path.write_bytes(len(body).to_bytes(8, "little") + body + bytes(range(100)))
    try:
        arrays = mapped_arrays(map_file(path))
    except (ValueError, KeyError, TypeError):
        return
    assert sum(array.nbytes for array in arrays.values()) <= 100 * len(arrays)


def test_rows_of_the_weight_table_lie_on_cache_lines(tmp_path: Path) -> None:
    arrays: dict[str, np.ndarray[Any, Any]] = {
        "a": np.arange(5, dtype=np.int32),
        "table": np.arange(400, dtype=np.int32),
        "z": np.ones(3, np.int8),
    }
    path = tmp_path / "some.safetensors"
    path.write_bytes(on_cache_lines(save(arrays)))
    mapped = mapped_arrays(map_file(path))
    assert mapped["table"].ctypes.data % CACHE_LINE == 0
    for name, array in load(path.read_bytes()).items():
        np.testing.assert_array_equal(mapped[name], array)
