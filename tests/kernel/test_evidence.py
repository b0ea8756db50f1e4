"""Keys of lines, and evidence from outside a page: the kernels are their twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.equal import assert_same
from kernel.samples import DOCUMENT_LISTS, DOCUMENTS, NAMES, lines_of
from moderation.kernel import evidence, keys, reference


def keys_of(texts: list[str]) -> np.ndarray:
    read = lines_of(texts)
    return keys.line_keys(read.batch.codes, read.folded, read.fold_start, read.source)


def assert_keyed_alike(texts: list[str]) -> None:
    read = lines_of(texts)
    arrays = read.batch.codes, read.folded, read.fold_start, read.source
    found = keys.line_keys(*arrays)
    assert_same(found, reference.line_keys(*arrays))
    assert ((found == 0) == read.blank).all()


@pytest.mark.parametrize("name", NAMES)
def test_lines_have_the_keys_that_their_twin_gives_them(name: str) -> None:
    assert_keyed_alike(DOCUMENTS[name])


@settings(max_examples=50, deadline=None)
@given(DOCUMENT_LISTS)
def test_any_lines_have_the_keys_that_their_twin_gives_them(texts: list[str]) -> None:
    assert_keyed_alike(texts)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("版权所有 江口日报社", "　版权所有   江口日報社 ", True),
        ("Copyright ＡＢＣ", "copyright abc", True),
        ("第九章", "第十章", False),
        ("第9章", "第8章", False),
        ("2023年度", "2024年度", False),
        ("首页", "首 页", False),
    ],
)
def test_what_counts_as_the_same_line(one: str, other: str, same: bool) -> None:
    first, second = keys_of([one]), keys_of([other])
    assert bool((first == second).all()) is same


ROWS = st.lists(st.lists(st.floats(0, 1, width=32), min_size=12, max_size=12), min_size=1, max_size=6)


@settings(max_examples=50, deadline=None)
@given(ROWS, st.lists(st.floats(-20, 20, width=32), min_size=6, max_size=6))
def test_evidence_is_added_as_its_twin_adds_it(rows: list[list[float]], odds: list[float]) -> None:
    p = np.array(rows, np.float32) + np.float32(1e-6)
    p /= p.sum(axis=1, keepdims=True)
    e = np.array(odds[: len(rows)], np.float32)
    found = evidence.add_evidence(p, e)
    assert_same(found, reference.add_evidence(p, e))
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-4)
    np.testing.assert_array_equal(found[e == 0], p[e == 0])
    assert (found[e > 0, 0] <= p[e > 0, 0] + 1e-6).all()
    assert (found[e < 0, 0] >= p[e < 0, 0] - 1e-6).all()


def test_a_line_that_was_certain_shares_what_it_loses_among_all_labels() -> None:
    p = np.array([[1.0] + [0.0] * 11], np.float32)
    found = evidence.add_evidence(p, np.array([40], np.float32))
    np.testing.assert_allclose(found, [[0.0] + [1 / 11] * 11], atol=1e-5)
