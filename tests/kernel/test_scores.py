"""Logits, probabilities and decisions: the kernels are their twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kernel.equal import assert_same
from kernel.samples import DOCUMENT_LISTS, DOCUMENTS, NAMES, lines_of
from moderation import labels
from moderation.kernel import decide, network, ngrams, reference, score, trees
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


def network_of(width: int, hidden: int, seed: int) -> tuple[NDArray[np.float32], ...]:
    """Made-up low, high, w1, b1, w2, b2; the range is narrow enough to clip some features."""
    random = np.random.default_rng(seed)
    shapes = [(width,), (width, hidden), (hidden,), (hidden, N), (N,)]
    low, *weights = [random.normal(0, 0.3, shape).astype(np.float32) for shape in shapes]
    low = -np.abs(low)
    return low, low + np.float32(0.5), *weights


@pytest.mark.parametrize("rows", [0, 1, 2, 17, 200])
@pytest.mark.parametrize("hidden", [1, 7, 64])
def test_the_network_is_two_products_and_a_softmax(rows: int, hidden: int) -> None:
    random = np.random.default_rng(rows * 100 + hidden)
    features = random.normal(0, 0.3, (rows, 40)) * (random.random((rows, 40)) < 0.6)
    given_arrays = features.astype(np.float32), *network_of(40, hidden, rows)
    assert_same(network.network_probabilities(*given_arrays), reference.network_probabilities(*given_arrays))


def test_the_network_gives_a_row_the_same_bits_in_any_company() -> None:
    features = np.random.default_rng(5).normal(0, 1, (33, 50)).astype(np.float32)
    weights = network_of(50, 64, 5)
    together = network.network_probabilities(features, *weights)
    alone = np.concatenate([network.network_probabilities(features[k : k + 1], *weights) for k in range(33)])
    np.testing.assert_array_equal(together, alone)


def test_features_beyond_the_range_of_training_count_as_its_ends() -> None:
    low, high, *weights = network_of(6, 4, 8)
    rows = np.array([np.full(6, -1e9), low, np.full(6, 1e9), high], np.float32)
    found = network.network_probabilities(rows, low, high, *weights)
    np.testing.assert_array_equal(found[[0, 2]], found[[1, 3]])
    assert not np.array_equal(found[0], found[2])


Trees = tuple[NDArray[np.int32], NDArray[np.int16], NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]


def trees_of(count: int, width: int, seed: int) -> Trees:
    """Made-up trees over `width` features, of one to fifteen nodes: root, feature, threshold, child, value."""
    random = np.random.default_rng(seed)
    root: list[int] = []
    child: list[int] = []
    for _ in range(count):
        root.append(len(child))
        leaves = [len(child)]
        child.append(0)
        for _ in range(random.integers(0, 8)):
            parent = leaves.pop(random.integers(0, len(leaves)))
            child[parent] = len(child)
            leaves += [len(child), len(child) + 1]
            child += [0, 0]
    nodes = len(child)
    return (
        np.array(root, np.int32),
        random.integers(0, width, nodes).astype(np.int16),
        random.normal(0, 0.5, nodes).astype(np.float32),
        np.array(child, np.int32),
        random.normal(0, 0.5, nodes).astype(np.float32),
    )


@pytest.mark.parametrize("rows", [0, 1, 16, 40])
@pytest.mark.parametrize("count", [0, 1, 30])
def test_the_trees_add_up_the_leaves_that_their_twin_reaches(rows: int, count: int) -> None:
    features = np.random.default_rng(rows).normal(0, 0.5, (rows, 9)).astype(np.float32)
    given_arrays = features, *trees_of(count, 9, count), 0.25
    assert_same(trees.tree_probability(*given_arrays), reference.tree_probability(*given_arrays))


def test_the_trees_give_a_row_the_same_bits_in_any_company() -> None:
    features = np.random.default_rng(6).normal(0, 0.5, (37, 9)).astype(np.float32)
    model = trees_of(30, 9, 6)
    together = trees.tree_probability(features, *model, 0.25)
    alone = [trees.tree_probability(features[k : k + 1], *model, 0.25)[0] for k in range(37)]
    assert together.tolist() == [float(value) for value in alone]


def test_a_feature_at_the_threshold_goes_to_the_first_child() -> None:
    tree = [[0], [0, 0, 0], [0.5, 0, 0], [1, 0, 0], [0, 2, -2]]
    types = np.int32, np.int16, np.float32, np.int32, np.float32
    arrays = [np.array(values, dtype) for values, dtype in zip(tree, types, strict=True)]
    features = np.array([[0.5], [0.5000001]], np.float32)
    found = trees.tree_probability(features, *arrays, 0.0)  # type: ignore[call-arg, arg-type]
    np.testing.assert_allclose(found, 1 / (1 + np.exp([-2.0, 2.0])), rtol=1e-6)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.floats(0, 1, width=32), min_size=12, max_size=12).filter(any), max_size=8),
    st.sampled_from([0.0, 0.3, 0.5, 1.0]),
)
def test_two_opinions_are_blended_as_the_twin_blends_them(rows: list[list[float]], keep: float) -> None:
    found = np.array([[x / sum(row) for x in row] for row in rows], np.float32).reshape(-1, N)
    expected, own = found.copy(), found[:, 0].copy()
    opinion = np.full(len(rows), keep, np.float32)
    first = np.roll(found, 1, axis=1)
    trees.blend(found, opinion, first, 0.25)
    reference.blend(expected, opinion, first, 0.25)
    assert_same(found, expected)
    np.testing.assert_allclose(found[:, 0], (own + keep) / 2, rtol=1e-6)
    np.testing.assert_allclose(found.sum(1), 1, rtol=1e-3)


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
