"""The second stage's features: the kernels are their twins, page by page."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kernel.equal import assert_same
from kernel.samples import DOCUMENT_LISTS, DOCUMENTS, NAMES, lines_of
from moderation.kernel import context, outlook, reference
from moderation.labels import NAMES as LABEL_NAMES
from moderation.lines import Lines


def probabilities_of(read: Lines, seed: int) -> NDArray[np.float32]:
    """Made up, and often near certain, as a model's are."""
    random = np.random.default_rng(seed)
    return random.dirichlet(np.full(len(LABEL_NAMES), 0.15), read.line_start.size).astype(np.float32)


def assert_surrounded_alike(texts: list[str], seed: int) -> None:
    """Every kernel of the second stage's features, against its twin."""
    read = lines_of(texts)
    p = probabilities_of(read, seed)
    seen = context.visible_lines(read.blank, read.first_line)
    assert_same(seen, reference.visible_lines(read.blank, read.first_line))
    visible, first = seen
    facts = context.line_facts(read.counts, visible, read.ends)
    assert_same(facts, reference.line_facts(read.counts, visible, read.ends))
    sets = context.page_sets(read.folded, read.fold_start, p, visible, first)
    assert_same(sets, reference.page_sets(read.folded, read.fold_start, p, visible, first))
    foretold = np.random.default_rng(seed).normal(0, 5, (read.line_start.size, outlook.OUTLOOK)).astype(np.float32)
    ahead = outlook.heard(foretold, visible, first)
    assert_same(ahead, reference.heard(foretold, visible, first))
    features = context.context_features(p, facts, sets, ahead, visible, first)
    assert_same(features, reference.context_features(p, facts, sets, ahead, visible, first))
    assert np.isfinite(features).all()
    assert np.abs(features).max(initial=0) < 10


@pytest.mark.parametrize("name", NAMES)
def test_lines_are_surrounded_as_their_twin_has_it(name: str) -> None:
    assert_surrounded_alike(DOCUMENTS[name], 1)


@settings(max_examples=80, deadline=None)
@given(DOCUMENT_LISTS, st.integers(0, 99))
def test_any_lines_are_surrounded_as_their_twin_has_it(texts: list[str], seed: int) -> None:
    assert_surrounded_alike(texts, seed)


def test_the_kernel_counts_as_many_labels_as_the_table_has() -> None:
    assert len(LABEL_NAMES) == context.N_LABELS


def test_a_line_that_stands_twice_says_so() -> None:
    read = lines_of(["首页\n新闻\n首页"])
    visible, first = context.visible_lines(read.blank, read.first_line)
    sets = context.page_sets(read.folded, read.fold_start, probabilities_of(read, 0), visible, first)
    again = float(np.log(2) / 4)
    np.testing.assert_allclose(sets[:, 3:], [[again] * 3, [0.0] * 3, [again] * 3], rtol=1e-6)


def test_a_line_that_repeats_the_title_says_so_and_the_title_itself_does_not() -> None:
    read = lines_of(["修鞋摊又开张了\n修鞋摊\n天气晴"])
    visible, first = context.visible_lines(read.blank, read.first_line)
    sets = context.page_sets(read.folded, read.fold_start, probabilities_of(read, 0), visible, first)
    assert sets[:, 0].tolist() == [0, 1, 0]
