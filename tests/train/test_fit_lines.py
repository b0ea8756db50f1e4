"""Weights in eight bits: what is stored stands for what was fitted."""

import numpy as np
import pytest

from moderation.train.fit_lines import CLIP, MOST, eight_bits


@pytest.mark.parametrize("rows", [1, 7, 5000])
def test_weights_come_back_to_half_a_step_but_for_the_few_that_are_clipped(rows: int) -> None:
    weights = np.random.default_rng(rows).normal(0, [0.001, 1.0, 300.0], (rows, 3))
    numbers, scale = eight_bits(weights)
    assert numbers.dtype == np.int8
    clipped = np.abs(weights) > scale * MOST
    assert clipped.mean() <= 1 - CLIP + 1 / rows
    assert (np.abs(numbers * scale - weights) <= scale / 2 + 1e-12)[~clipped].all()
    assert (np.abs(numbers[clipped]) == MOST).all()


def test_each_column_has_its_own_scale_and_zeros_do_not_count() -> None:
    numbers, scale = eight_bits(np.array([[0.0, 0.0], [127.0, 0.0], [-254.0, 1.27], [0.0, 0.0]]))
    assert numbers.tolist() == [[0, 0], [64, 0], [-127, 127], [0, 0]]
    np.testing.assert_allclose(scale, [2.0, 0.01], rtol=1e-3)


def test_a_column_of_zeros_stays_zero() -> None:
    numbers, scale = eight_bits(np.zeros((4, 2)))
    assert not numbers.any()
    assert (scale > 0).all()
