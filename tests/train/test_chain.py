"""The linear chain that benchmarks/second_stages.py compares: its path is the best of all paths."""

import importlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from moderation.labels import INDEX, NAMES

N = len(NAMES)


@pytest.fixture(scope="module")
def chain() -> Iterator[ModuleType]:
    """benchmarks/chain.py, which is no part of the package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[2])
        yield importlib.import_module("benchmarks.chain")


def worth(path: tuple[int, ...], emission: NDArray[np.float64], transition: NDArray[np.float64]) -> float:
    """Of one path, from the definition."""
    before = (N, *path)
    return sum(float(emission[i, y] + transition[before[i], y]) for i, y in enumerate(path))


@pytest.mark.parametrize("seed", range(5))
def test_the_path_is_the_best_of_all_paths_page_by_page(chain: ModuleType, seed: int) -> None:
    random = np.random.default_rng(seed)
    emission, transition = np.full((5, N), -50.0), random.normal(0, 2, (N + 1, N))
    emission[:, :4] = random.normal(0, 1, (5, 4))
    first = np.array([0, 0, 3, 5])
    found = chain.best_paths(emission, transition, first)
    for a, b in itertools.pairwise(first):
        paths = itertools.product(range(4), repeat=b - a)
        assert tuple(found[a:b]) == max(paths, key=lambda path: worth(path, emission[a:b], transition), default=())


def test_transitions_are_learned_within_pages_alone(chain: ModuleType) -> None:
    nav, content, footer = INDEX["nav"], INDEX["content"], INDEX["footer"]
    labels = np.array([nav, content, content, footer] * 50)
    found = chain.learned_transitions(labels, np.repeat(np.arange(50), 4))
    assert found[N].argmax() == nav
    assert found[content].argmax() == footer, "more often than by chance"
    assert found[footer, nav] == pytest.approx(0, abs=1e-9), "a page's end says nothing about the next page"


def test_without_strength_every_line_gets_its_likeliest_label(chain: ModuleType) -> None:
    scores = np.random.default_rng(0).dirichlet(np.ones(N), 40).astype(np.float32)
    page = np.repeat(np.arange(4), 10)
    transition = chain.learned_transitions(scores.argmax(1), page)
    assert chain.decoded(scores, transition, 0.0, page).tolist() == scores.argmax(1).tolist()
