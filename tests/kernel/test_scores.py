"""Logits, probabilities and decisions: the kernels are their twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.equal import assert_same
from kernel.samples import DOCUMENT_LISTS, DOCUMENTS, NAMES, lines_of
from moderation import labels
from moderation.kernel import decide, ngrams, reference, score
from moderation.kernel.shape import ROWS
from moderation.model.model import LineModel

N = len(labels.NAMES)
RANDOM = np.random.default_rng(11)
MODEL = LineModel(
    RANDOM.integers(-(2**31), 2**31, (1 << 12, 4)).astype(np.int32),
    RANDOM.uniform(0.0001, 0.002, N).astype(np.float32),
    RANDOM.normal(0, 0.3, (ROWS, N)).astype(np.float32),
    RANDOM.normal(0, 1, N).astype(np.float32),
)
DROP, KEEP = labels.ACTIONS.index("drop"), labels.ACTIONS.index("keep")


def assert_scored_alike(texts: list[str]) -> None:
    """Logits and probabilities of a text's lines, against the twins."""
    read = lines_of(texts)
    sums = ngrams.sum_rows(read.folded, read.fold_start, MODEL.gram_weights, MODEL.bits)
    given_arrays = sums, read.n_grams, read.shape_rows, MODEL.gram_scale, MODEL.shape_weights, MODEL.bias
    logits = score.line_logits(*given_arrays)
    assert_same(logits, reference.line_logits(*given_arrays))
    assert_same(score.softmax(logits), reference.softmax(logits))


@pytest.mark.parametrize("name", NAMES)
def test_lines_score_as_their_twin_scores_them(name: str) -> None:
    assert_scored_alike(DOCUMENTS[name])


@settings(max_examples=50, deadline=None)
@given(DOCUMENT_LISTS)
def test_any_lines_score_as_their_twin_scores_them(texts: list[str]) -> None:
    assert_scored_alike(texts)


def test_a_line_without_grams_gets_the_bias_alone() -> None:
    read = lines_of(["\n首页\n　"])
    sums = ngrams.sum_rows(read.folded, read.fold_start, MODEL.gram_weights, MODEL.bits)
    logits = score.line_logits(sums, read.n_grams, read.shape_rows, MODEL.gram_scale, MODEL.shape_weights, MODEL.bias)
    np.testing.assert_array_equal(logits[[0, 2]], [MODEL.bias, MODEL.bias])
    assert not np.array_equal(logits[1], MODEL.bias)


def test_softmax_of_huge_logits_stays_finite() -> None:
    found = score.softmax(np.array([[1e30, 0, *[-1e30] * (N - 2)], [-1e30] * N], np.float32))
    np.testing.assert_allclose(found, [[1.0, *[0.0] * (N - 1)], [1 / N] * N], rtol=1e-6, atol=1e-30)


def decided(
    probabilities: list[list[float]], actions: list[int], thresholds: list[float]
) -> tuple[list[int], list[float], list[int]]:
    """decide_lines on plain lists, as plain lists, after comparing it with its twin."""
    arrays = np.array(probabilities, np.float32), np.array(actions, np.uint8), np.array(thresholds, np.float32)
    found = decide.decide_lines(*arrays)
    assert_same(found, reference.decide_lines(*arrays))
    label, junk, action = (array.tolist() for array in found)
    return label, junk, action


@pytest.mark.parametrize(
    ("row", "label", "junk", "action"),
    [
        ([0.5, 0.5, 0.0], 0, 0.5, KEEP),
        ([0.25, 0.25, 0.5], 2, 0.75, DROP),
        ([0.25, 0.375, 0.375], 1, 0.75, DROP),
        ([0.46875, 0.53125, 0.0], 1, 0.53125, DROP),
        ([1.0, 0.0, 0.0], 0, 0.0, KEEP),
        ([0.0, 0.0, 1.0], 2, 1.0, DROP),
    ],
)
def test_the_label_and_its_action_follow_the_rules(row: list[float], label: int, junk: float, action: int) -> None:
    assert decided([row], [KEEP, DROP, DROP], [0.5, 0.5, 0.5]) == ([label], [junk], [action])


@pytest.mark.parametrize(("threshold", "action"), [(0.75, DROP), (0.7500001, KEEP), (0.0, DROP), (1.0, KEEP)])
def test_the_action_is_taken_from_the_threshold_on(threshold: float, action: int) -> None:
    assert decided([[0.25, 0.75]], [KEEP, DROP], [0.5, threshold])[2] == [action]


def test_a_label_that_the_policy_keeps_is_no_junk() -> None:
    assert decided([[0.125, 0.5, 0.375]], [KEEP, KEEP, DROP], [0.5, 0.5, 0.5]) == ([1], [0.375], [KEEP])


def test_no_lines_are_no_decisions() -> None:
    arrays = np.zeros((0, 3), np.float32), np.zeros(3, np.uint8), np.zeros(3, np.float32)
    assert [array.size for array in decide.decide_lines(*arrays)] == [0, 0, 0]
    assert_same(decide.decide_lines(*arrays), reference.decide_lines(*arrays))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.floats(0, 1, width=32), min_size=12, max_size=12).filter(any), min_size=1, max_size=8),
    st.lists(st.integers(0, 2), min_size=12, max_size=12),
    st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 0.9, 1.0]), min_size=12, max_size=12),
)
def test_any_probabilities_are_decided_as_the_twin_decides(
    rows: list[list[float]], actions: list[int], thresholds: list[float]
) -> None:
    decided([[x / sum(row) for x in row] for row in rows], actions, thresholds)
