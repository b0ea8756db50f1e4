"""The second stage's network while it learns: its gradients are true, and what it learns is what the kernel serves."""

from itertools import pairwise
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from kernel.contexts import made_up_context
from moderation.kernel.context import FEATURES
from moderation.kernel.recurrence import EMBEDDED, KNOWN
from moderation.kernel.reference import read_both_ways
from moderation.labels import NAMES
from moderation.model.model import ContextModel
from moderation.train.adapt_context import standardised, weights_of
from moderation.train.fit_context import in_units
from moderation.train.page_network import FIELDS, Weights, first_weights, forward, gradients, masks_of
from moderation.train.pull import cross_entropy

N: Final = len(NAMES)
RANDOM: Final = np.random.default_rng(1)
FIRST: Final = np.array([0, 5, 6, 6, 13], np.int64)
"""Pages of five lines, of one, of none, and of seven."""
LINES: Final = int(FIRST[-1])
X: Final = RANDOM.normal(0, 1, (LINES, FEATURES)).astype(np.float32)
TARGET: Final = np.eye(N)[RANDOM.integers(0, N, LINES)]
WEIGHT: Final = RANDOM.uniform(0.5, 2, LINES)
STEP: Final = 1e-5
Wide = dict[str, NDArray[np.float64]]
Masks = tuple[NDArray[np.float32], NDArray[np.float32]]


def some_weights() -> Weights:
    """Larger than those at the beginning, so that everything bends."""
    return {name: np.float32(1.5) * array for name, array in weights_of(made_up_context(1)).items()}


def logits_of(weights: Wide, masks: Masks | None) -> NDArray[np.float64]:
    """The same network in double precision, page by page, by the kernel's twin."""
    embedded = np.maximum(X.astype(np.float64) @ weights["w1"] + weights["b1"], 0) * (1 if masks is None else masks[0])
    said = embedded @ weights["say"] + weights["bias"]
    memories = [
        read_both_ways(said[a:b], weights["onwards"], weights["backwards"])
        for a, b in pairwise(FIRST.tolist())
        if a < b
    ]
    known = np.hstack([embedded, np.concatenate(memories)]) * (1 if masks is None else masks[1])
    found: NDArray[np.float64] = known @ weights["w2"] + weights["b2"]
    return found


def loss(weights: Wide, masks: Masks | None) -> float:
    """Of all lines, in double precision."""
    return cross_entropy(logits_of(weights, masks), TARGET, WEIGHT)[0]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("masks", [None, masks_of(LINES, 0.3, np.random.default_rng(2))], ids=["all", "dropout"])
def test_gradients_are_the_slopes_that_small_steps_find(field: str, masks: Masks | None) -> None:
    weights = some_weights()
    done = forward(weights, X, FIRST, masks)
    found = gradients(weights, done, cross_entropy(done.logits, TARGET, WEIGHT)[1])[field]
    assert found.shape == weights[field].shape
    wide: Wide = {name: array.astype(np.float64) for name, array in weights.items()}
    tolerance = 1e-3 * float(np.linalg.norm(found)) / np.sqrt(found.size)
    for seed in range(5):
        step = np.random.default_rng(seed).normal(0, STEP, found.shape)
        ahead, back = (loss(wide | {field: wide[field] + side * step}, masks) for side in (0.5, -0.5))
        assert (ahead - back) / STEP == pytest.approx(float((found * step).sum()) / STEP, rel=1e-3, abs=tolerance)


def test_what_is_learned_reads_pages_as_the_twin_of_the_kernel_does() -> None:
    weights = some_weights()
    expected = logits_of({name: array.astype(np.float64) for name, array in weights.items()}, None)
    np.testing.assert_allclose(forward(weights, X, FIRST).logits, expected, rtol=1e-4, atol=1e-4)


def test_pages_do_not_see_each_other() -> None:
    weights = some_weights()
    together = forward(weights, X, FIRST).logits
    alone = forward(weights, X[6:], np.array([0, 7])).logits
    np.testing.assert_allclose(together[6:], alone, rtol=1e-5, atol=1e-5)


def test_dropout_keeps_what_is_expected_as_it_is() -> None:
    for mask, width in zip(masks_of(4000, 0.25, np.random.default_rng(3)), (EMBEDDED, KNOWN), strict=True):
        assert mask.shape == (4000, width)
        assert set(np.unique(mask).tolist()) == {0.0, float(np.float32(1 / 0.75))}
        assert float(mask.mean()) == pytest.approx(1, abs=0.01)


def test_the_same_seed_begins_with_the_same_weights_and_another_with_others() -> None:
    same, again, other = first_weights(1), first_weights(1), first_weights(2)
    assert tuple(same) == FIELDS
    for name in ("w1", "say", "onwards", "backwards", "w2"):
        np.testing.assert_array_equal(same[name], again[name])
        assert not np.array_equal(same[name], other[name])


def test_a_model_and_the_weights_it_came_from_say_the_same() -> None:
    """The standardisation goes into the model's weights, and retraining takes it out again."""
    weights = first_weights(4)
    mean, deviation = RANDOM.normal(0, 1, FEATURES), RANDOM.uniform(0.1, 3, FEATURES)
    model: ContextModel = in_units(weights, mean.astype(np.float32), deviation.astype(np.float32))
    again = weights_of(model)
    for name in FIELDS:
        np.testing.assert_allclose(again[name], weights[name], rtol=1e-3, atol=1e-4)
    features = (X * deviation + mean).astype(np.float32)
    np.testing.assert_allclose(standardised(model, features), X, rtol=1e-3, atol=1e-4)
