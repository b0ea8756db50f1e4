"""The second stage's network is fitted: the same for the same seed, and it learns what only a memory can tell."""

from dataclasses import replace
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

import moderation.train.fit_network
from moderation.kernel.context import FEATURES
from moderation.labels import INDEX
from moderation.train.fit_context import fit_context_model
from moderation.train.fit_network import Adam, ContextOptions, batches, fit_network, nothing, rows_of
from moderation.train.page_network import FIELDS, Weights, forward

CONTENT, RELATED = INDEX["content"], INDEX["related"]
OPENS, PLAIN = 3, 4
"""Features of a toy page: a heading has the first; from there on all lines are links, though they look like others."""
PAGES, LINES = 60, 14
OPTIONS: Final = ContextOptions(epochs=1, batch=100, rate=1e-2, dropout=0.0)


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more steps than the options say."""
    monkeypatch.setattr(moderation.train.fit_network, "LEAST", 0)


def toy_pages(seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Features, labels, and where each page begins: a heading stands somewhere on every page."""
    random = np.random.default_rng(seed)
    x = np.zeros((PAGES * LINES, FEATURES), np.float32)
    x[:, PLAIN] = 1
    place = np.tile(np.arange(LINES), PAGES)
    heading = np.repeat(random.integers(0, LINES, PAGES), LINES)
    x[place == heading, OPENS] = 1
    labels = np.where(place >= heading, RELATED, CONTENT)
    return x, labels, np.arange(0, PAGES * LINES + 1, LINES)


def fitted(seed: int, options: ContextOptions = OPTIONS) -> Weights:
    """The network of the toy pages."""
    x, labels, first = toy_pages(0)
    return fit_network(x, labels, first, np.ones(len(x), np.float32), options, seed)


def test_a_rule_is_learned_that_needs_a_memory() -> None:
    x, labels, first = toy_pages(1)
    found = forward(fitted(0), x, first).logits.argmax(1)
    assert np.mean(found == labels) > 0.98


def test_a_small_corpus_is_seen_until_it_is_learned() -> None:
    x, labels, first = toy_pages(2)
    ten = int(first[10])
    options = replace(OPTIONS, epochs=1, batch=500)
    weights = fit_network(x[:ten], labels[:ten], first[:11], np.ones(ten, np.float32), options, 0)
    assert np.mean(forward(weights, x[:ten], first[:11]).logits.argmax(1) == labels[:ten]) > 0.98


@pytest.mark.usefixtures("few_steps")
def test_the_same_seed_gives_the_same_bits_and_another_does_not() -> None:
    options = replace(OPTIONS, epochs=1, dropout=0.2)
    same, again, other = fitted(3, options), fitted(3, options), fitted(4, options)
    for name, array in same.items():
        np.testing.assert_array_equal(array, again[name])
        assert not np.array_equal(array, other[name])


@pytest.mark.usefixtures("few_steps")
def test_lines_of_no_weight_teach_nothing() -> None:
    x, labels, first = toy_pages(0)
    weight = (np.arange(len(x)) % 2).astype(np.float32)
    wrong = np.where(weight > 0, labels, INDEX["footer"])
    options = replace(OPTIONS, epochs=1)
    same, again = (fit_network(x, given, first, weight, options, 0) for given in (labels, wrong))
    for name, array in same.items():
        np.testing.assert_array_equal(array, again[name])


def test_the_model_that_is_served_is_the_network_that_was_fitted() -> None:
    x, labels, first = toy_pages(0)
    page = np.repeat(np.arange(PAGES), LINES)
    model = fit_context_model(x, labels, page, np.ones(len(x)), OPTIONS)
    served = np.clip(x, model.low, model.high)
    weights = {name: getattr(model, name) for name in FIELDS}
    assert np.mean(forward(weights, served, first).logits.argmax(1) == labels) > 0.98


def test_every_page_is_in_one_batch_as_a_whole() -> None:
    first = np.cumsum([0, 3, 1, 250, 7, 7, 90, 1, 12])
    parts = batches(first, 20, np.random.default_rng(0))
    assert sorted(np.concatenate(parts).tolist()) == list(range(8))
    rows, starts = rows_of(first, np.array([3, 1]))
    assert rows.tolist() == [*range(254, 261), 3]
    assert starts.tolist() == [0, 7, 8]


def test_a_first_step_is_as_long_as_the_rate_whatever_the_slope() -> None:
    weights = {"b1": np.zeros(2, np.float32)}
    Adam(nothing(weights), nothing(weights)).step(weights, {"b1": np.array([0.01, -1], np.float32)}, 0.1, 0.5)
    np.testing.assert_allclose(weights["b1"], [-0.1, 0.1], rtol=1e-4)


def test_only_matrices_decay() -> None:
    weights = {"w1": np.ones((2, 2), np.float32), "b1": np.ones(2, np.float32)}
    Adam(nothing(weights), nothing(weights)).step(weights, nothing(weights), 0.1, 0.5)
    np.testing.assert_allclose(weights["w1"], 0.95)
    np.testing.assert_allclose(weights["b1"], 1)
