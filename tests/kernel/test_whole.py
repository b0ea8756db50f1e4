"""Products of whole numbers: exact, whatever the weights, and never too large for their sums."""

from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kernel.contexts import arrays_of, made_up_context
from moderation.kernel.jit import kernel
from moderation.kernel.network import ABREAST, MOST_STEPS, multiply_rows, write_steps
from moderation.kernel.vector import LANES
from moderation.kernel.whole import LARGEST, MOST_FINE, aligned, floats, ready_weights, whole_weights

ROWS: Final = 112
KINDS: Final = ("normal", "cauchy", "one", "zero")


@kernel
def products(x: NDArray[np.int16], layer: Any, start: NDArray[np.float32]) -> NDArray[np.float32]:
    """ABREAST rows of x through a layer."""
    columns = start.size
    out = np.empty(ABREAST * columns, np.float32)
    width = x.size // ABREAST
    multiply_rows(x, 0, width, width // 2, layer[0], layer[1], start, out, 0, columns)
    return out.reshape(ABREAST, columns)


@kernel
def steps_of(rows: NDArray[np.float32], middle: NDArray[np.float32], size: NDArray[np.float32]) -> NDArray[np.int16]:
    """ABREAST rows of features in steps."""
    out = np.empty(rows.size, np.int16)
    write_steps(rows, middle, size, out)
    return out


def whole_of(layer: tuple[NDArray[np.int16], NDArray[np.float32]], rows: int) -> NDArray[np.int64]:
    """The whole weights of a layer again, row by row."""
    columns = layer[1].size
    return layer[0].reshape(-1, columns, 2).transpose(0, 2, 1).reshape(-1, columns)[:rows].astype(np.int64)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1, 12, 16, 48, 128]), st.sampled_from(KINDS))
def test_products_of_rows_and_weights_are_those_of_whole_numbers(seed: int, columns: int, kind: str) -> None:
    random = np.random.default_rng(seed)
    drawn = {
        "normal": random.normal(0, 3, (ROWS, columns)),
        "cauchy": random.standard_cauchy((ROWS, columns)),
        "one": np.full((ROWS, columns), random.normal()),
        "zero": np.zeros((ROWS, columns)),
    }
    layer = whole_weights(drawn[kind], np.full(ROWS, float(MOST_FINE)))
    x = random.integers(-MOST_FINE, MOST_FINE + 1, (ABREAST, ROWS)).astype(np.int16)
    start = floats(random.normal(0, 1, columns))
    sums = x.astype(np.int64) @ whole_of(layer, ROWS)
    expected = sums * layer[1].astype(np.float64) + start
    np.testing.assert_allclose(products(aligned(x), layer, start).astype(np.float64), expected, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_sum_that_there_can_be_has_room(sign: int) -> None:
    weights = np.random.default_rng(1).normal(0, 1, (ROWS, LANES))
    layer = whole_weights(weights, np.full(ROWS, float(MOST_FINE)))
    whole = whole_of(layer, ROWS)
    worst = (sign * MOST_FINE * np.sign(whole[:, :ABREAST].T)).astype(np.int16)  # row r is the worst for column r
    sums = np.diag(worst.astype(np.int64) @ whole)
    assert (np.abs(sums) > 0.9 * 2**31).all()
    assert (np.abs(sums) < 2**31).all()
    found = products(aligned(worst), layer, np.zeros(LANES, np.float32))
    np.testing.assert_allclose(np.diag(found), sums * layer[1][:ABREAST].astype(np.float64), rtol=1e-5)


def test_weights_come_back_to_half_a_unit() -> None:
    weights = np.random.default_rng(2).standard_cauchy((ROWS, LANES))
    layer = whole_weights(weights, np.full(ROWS, float(MOST_FINE)))
    whole = whole_of(layer, ROWS)
    assert np.abs(whole).max() <= LARGEST
    assert (np.abs(whole * layer[1].astype(np.float64) - weights) <= layer[1] * 0.51).all()


def test_an_odd_number_of_rows_is_filled_up() -> None:
    weights = np.ones((3, 1))
    layer = whole_weights(weights, np.full(3, 5.0))
    x = np.tile(np.array([5, -1, 2, 99], np.int16), ABREAST)  # what stands in the fourth place counts nothing
    np.testing.assert_allclose(products(x, layer, np.zeros(LANES, np.float32))[:, 0], 6, rtol=1e-6)


def test_features_are_whole_steps_between_the_ends_of_their_range() -> None:
    low, high = np.full(LANES, -1, np.float32), np.full(LANES, 3, np.float32)
    middle, size = (low + high) / np.float32(2), np.float32(2 * MOST_STEPS) / (high - low)
    rows = np.zeros((ABREAST, LANES), np.float32)
    rows[0, :8] = [-1, 3, 1, -9, 9, 1 + 4 / MOST_STEPS, np.nan, np.inf]
    found = steps_of(rows.reshape(-1), middle, size)[:8].tolist()
    assert found == [-MOST_STEPS, MOST_STEPS, 0, -MOST_STEPS, MOST_STEPS, 2, -MOST_STEPS, MOST_STEPS]


def test_a_feature_that_never_varied_counts_as_what_it_was() -> None:
    model = made_up_context(1)
    low, high, w1, b1, *others = arrays_of(model)
    low, high = low.copy(), high.copy()
    low[3] = high[3] = 0.5
    ready = ready_weights(low, high, w1, b1, *others)
    assert all(np.isfinite(array).all() for part in ready for array in part)
    assert ready[0][1][3] == 0


def test_arrays_begin_where_a_cache_line_does_and_are_filled_to_whole_vectors() -> None:
    for width in (1, 12, 16, 48):
        found = aligned(np.ones((3, width), np.float32), -7.0)
        assert found.ctypes.data % 64 == 0
        rows = found.reshape(3, -1)
        assert rows.shape[1] % LANES == 0
        assert (rows[:, :width] == 1).all()
        assert (rows[:, width:] == -7).all()
