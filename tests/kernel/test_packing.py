"""Twelve weights in sixteen bytes: none is lost, none touches another, and sums of the longest line fit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kernel.equal import assert_same
from moderation.kernel import ngrams, reference
from moderation.kernel.packing import MOST, WORDS, packed, unpacked
from moderation.kernel.vector import LANES, N_LABELS

NUMBERS = st.lists(st.tuples(*(st.integers(-most, most) for most in MOST.tolist())), max_size=5)


@given(NUMBERS)
def test_packed_numbers_come_back(rows: list[tuple[int, ...]]) -> None:
    numbers = np.array(rows, np.int64).reshape(-1, N_LABELS)
    words = packed(numbers)
    assert words.dtype == np.int32
    assert words.shape == (len(rows), WORDS)
    np.testing.assert_array_equal(unpacked(words), numbers)
    np.testing.assert_array_equal(reference.row_numbers(words)[:, :N_LABELS], numbers)


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=WORDS, max_size=WORDS))
def test_any_words_are_the_numbers_that_the_twin_cuts_out(words: list[int]) -> None:
    row = np.array([words], np.int32)
    np.testing.assert_array_equal(unpacked(row), reference.row_numbers(row)[:, :N_LABELS])


@pytest.mark.parametrize("column", range(N_LABELS))
def test_the_kernel_adds_up_each_column_by_itself(column: int) -> None:
    numbers = np.full((1 << 8, N_LABELS), -1)
    numbers[:, column] = MOST[column]
    sums = sums_of(np.array([ord("文")], np.uint32), numbers)
    expected = np.full(N_LABELS, -6)
    expected[column] = 6 * MOST[column]
    assert sums[:N_LABELS].tolist() == expected.tolist()


@pytest.mark.parametrize("sign", [1, -1])
def test_the_heaviest_weights_of_the_longest_line_add_up_exactly(sign: int) -> None:
    line = np.full(ngrams.LONGEST, ord("文"), np.uint32)
    sums = sums_of(line, sign * np.tile(MOST, (1 << 8, 1)))
    assert sums[:N_LABELS].tolist() == [sign * (4 * ngrams.LONGEST + 2) * most for most in MOST.tolist()]


def sums_of(line: NDArray[np.uint32], numbers: NDArray[np.int64]) -> NDArray[np.int32]:
    """The lanes that the kernel finds for one line, with a table of 2^8 rows."""
    found = ngrams.sum_rows(line, np.array([0, line.size]), packed(numbers), 8)
    if line.size < LANES:
        assert_same(found, reference.sum_rows(line, np.array([0, line.size]), packed(numbers), 8))
    first: NDArray[np.int32] = found[0]
    return first
