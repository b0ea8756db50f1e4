"""Weights as whole numbers: what is stored stands for what was fitted."""

import numpy as np
import pytest

from moderation.kernel.packing import MOST, unpacked
from moderation.kernel.shape import ROWS
from moderation.labels import NAMES
from moderation.train.fit_lines import quantise
from moderation.train.rounding import CLIP, MOST_OF_EIGHT, eight_bits, whole


@pytest.mark.parametrize("rows", [1, 7, 5000])
def test_the_line_models_weights_come_back_to_half_a_step_and_none_is_clipped(rows: int) -> None:
    fitted = np.random.default_rng(rows).standard_cauchy((rows, len(NAMES)))  # a few weigh far more than the rest
    model = quantise(fitted, np.zeros((ROWS, len(NAMES))), np.zeros(len(NAMES)))
    numbers, scale = unpacked(model.gram_weights), model.gram_scale.astype(np.float64)
    assert (np.abs(numbers).max(0) == MOST).all()
    assert (np.abs(numbers * scale - fitted) <= scale * 0.501).all()


def test_the_largest_weight_of_a_column_becomes_its_largest_number() -> None:
    numbers, scale = whole(np.array([[0.0, 1.0], [5.0, -4.0], [-10.0, 0.1]]), np.array([100, 8]))
    assert numbers.tolist() == [[0, 2], [50, -8], [-100, 0]]
    assert scale.tolist() == [0.1, 0.5]


@pytest.mark.parametrize("rows", [0, 4])
def test_columns_of_zeros_stay_zero(rows: int) -> None:
    for numbers, scale in (whole(np.zeros((rows, 2)), np.array([1023, 511])), eight_bits(np.zeros((rows, 2)))):
        assert numbers.shape == (rows, 2)
        assert not numbers.any()
        assert (scale > 0).all()


@pytest.mark.parametrize("rows", [1, 7, 5000])
def test_eight_bits_come_back_to_half_a_step_but_for_the_few_that_are_clipped(rows: int) -> None:
    weights = np.random.default_rng(rows).normal(0, [0.001, 1.0, 300.0], (rows, 3))
    numbers, scale = eight_bits(weights)
    assert numbers.dtype == np.int8
    clipped = np.abs(weights) > scale * MOST_OF_EIGHT
    assert clipped.mean() <= 1 - CLIP + 1 / rows
    assert (np.abs(numbers * scale - weights) <= scale / 2 + 1e-12)[~clipped].all()
    assert (np.abs(numbers[clipped]) == MOST_OF_EIGHT).all()


def test_in_eight_bits_each_column_has_its_own_scale_and_zeros_do_not_count() -> None:
    numbers, scale = eight_bits(np.array([[0.0, 0.0], [127.0, 0.0], [-254.0, 1.27], [0.0, 0.0]]))
    assert numbers.tolist() == [[0, 0], [64, 0], [-127, 127], [0, 0]]
    np.testing.assert_allclose(scale, [2.0, 0.01], rtol=1e-3)
