"""The second stage's network: the kernel is its twin, it remembers, and nothing but the page has a say."""

from dataclasses import replace
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kernel.contexts import arrays_of, made_up_context
from kernel.samples import ARTICLE, DOCUMENT_LISTS, DOCUMENTS, NAMES, SPAM, lines_of
from moderation.judge import First, context_scores, page_facts, ready
from moderation.kernel import reference
from moderation.kernel.context import FACTS, FEATURES, OWN
from moderation.kernel.outlook import OUTLOOK
from moderation.kernel.recurrence import EMBEDDED
from moderation.kernel.surroundings import AHEAD, PIECE, surrounded_probabilities
from moderation.labels import NAMES as LABEL_NAMES
from moderation.lines import Lines
from moderation.model.model import ContextModel

N: Final = len(LABEL_NAMES)
QUARTERS: Final = np.arange(5, dtype=np.float32) / np.float32(4)
Floats = NDArray[np.float32]
Page = tuple[Floats, Floats, Floats, Floats]
"""Probabilities, facts, sets and outlook of the lines of a page without blank lines."""


WHOLE: Final = 2e-3
"""By how much probabilities may differ between weights and memory in whole numbers and the twin's in float64."""


def assert_near(found: Floats, expected: Floats) -> None:
    """The same probabilities, but for what rounding to whole numbers does."""
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_allclose(found, expected, rtol=0, atol=WHOLE)


def said_of(read: Lines, seed: int) -> First:
    """What a first stage might say of a text's lines, by their words, so that company has no part in it."""
    rows = []
    for a, b in zip(read.fold_start[:-1].tolist(), read.fold_start[1:].tolist(), strict=True):
        random = np.random.default_rng([seed, *read.folded[a:b].tolist()])
        rows.append(np.append(random.dirichlet(np.full(N, 0.15)), random.normal(0, 5, OUTLOOK)))
    both = np.array(rows, np.float32).reshape(-1, N + OUTLOOK)
    return First(both[:, :N].copy(), both[:, N:].copy())


def assert_judged_alike(texts: list[str], seed: int) -> None:
    """The lines of texts, through the kernel and through its twin."""
    read, model = lines_of(texts), made_up_context(seed)
    first = said_of(read, seed)
    found = context_scores(read, first, model)
    expected = reference.surrounded_probabilities(
        first.probabilities, *page_facts(read, first), weights=arrays_of(model)
    )
    assert_near(found, expected)
    np.testing.assert_allclose(found[~read.blank].sum(1), 1, rtol=1e-5)


def made_up_page(n: int, seed: int) -> Page:
    """n lines, some like each other."""
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.full(N, 0.15), n).astype(np.float32)
    facts, sets = (random.choice(QUARTERS, (n, width)) for width in (FACTS, 6))
    return probabilities, facts, sets, random.normal(0, 1, (n, OUTLOOK)).astype(np.float32)


def judged(model: ContextModel, *pages: Page) -> list[Floats]:
    """The pages' probabilities, all in one batch, page by page."""
    p, facts, sets, outlook = (np.concatenate(parts) for parts in zip(*pages, strict=True))
    first = np.cumsum([0, *(len(page[0]) for page in pages)])
    found = surrounded_probabilities(p, facts, sets, outlook, np.arange(first[-1]), first, ready(model))
    return np.split(found, first[1:-1])


def twin(model: ContextModel, page: Page) -> Floats:
    """The same of one page, by the twin."""
    n = len(page[0])
    return reference.surrounded_probabilities(*page, np.arange(n), np.array([0, n]), arrays_of(model))


@pytest.mark.parametrize("name", NAMES)
def test_lines_are_judged_among_others_as_their_twin_judges_them(name: str) -> None:
    assert_judged_alike(DOCUMENTS[name], 1)


@settings(max_examples=40, deadline=None)
@given(DOCUMENT_LISTS, st.integers(0, 99))
def test_any_lines_are_judged_among_others_as_their_twin_judges_them(texts: list[str], seed: int) -> None:
    assert_judged_alike(texts, seed)


@pytest.mark.parametrize(
    "n", [1, 7, 8, 9, PIECE - 1, PIECE, PIECE + 1, PIECE + AHEAD, PIECE + AHEAD + 1, 3 * PIECE + 50]
)
def test_a_page_of_any_length_is_read_as_its_twin_reads_it(n: int) -> None:
    model, page = made_up_context(n), made_up_page(n, n)
    assert_near(judged(model, page)[0], twin(model, page))


def test_a_page_has_the_same_bits_in_any_company_and_order() -> None:
    model = made_up_context(3)
    pages = [made_up_page(n, n) for n in (5, 1, 300, 2 * PIECE + 77, 8, PIECE - 3, 40, 3)]
    alone = [judged(model, page)[0] for page in pages]
    for order in (range(8), reversed(range(8)), (3, 6, 3, 0, 5, 5, 1)):
        numbers = list(order)
        for number, found in zip(numbers, judged(model, *(pages[k] for k in numbers)), strict=True):
            np.testing.assert_array_equal(found, alone[number])


@settings(max_examples=30, deadline=None)
@given(DOCUMENT_LISTS)
def test_any_document_has_the_same_bits_alone_and_in_a_batch(texts: list[str]) -> None:
    model, read = made_up_context(4), lines_of(texts)
    together = context_scores(read, said_of(read, 4), model)
    for text, first, behind in zip(texts, read.first_line[:-1], read.first_line[1:], strict=True):
        own = lines_of([text])
        np.testing.assert_array_equal(context_scores(own, said_of(own, 4), model), together[first:behind])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 20), max_size=4), st.sampled_from(["", "　　", "\t", "\u200b"]))
def test_blank_lines_change_nothing(places: list[int], blank: str) -> None:
    model = made_up_context(5)
    lines = f"{ARTICLE}\n{SPAM}".split("\n")
    plain = lines_of(["\n".join(lines)])
    expected = context_scores(plain, said_of(plain, 5), model)[~plain.blank]
    for at in places:
        lines.insert(at, blank)
    read = lines_of(["\n".join(lines)])
    np.testing.assert_array_equal(context_scores(read, said_of(read, 5), model)[~read.blank], expected)


def blind_to_the_page(model: ContextModel) -> ContextModel:
    """The model with no eye for anything but a line's own facts: what else it knows, it has to remember."""
    w1 = np.zeros((FEATURES, EMBEDDED), np.float32)
    w1[N:OWN] = 2 * model.w1[N:OWN]
    return replace(model, w1=w1)


def without_memory(model: ContextModel) -> ContextModel:
    """The model with labels that do not come from what is remembered."""
    w2 = model.w2.copy()
    w2[EMBEDDED:] = 0
    return replace(model, w2=w2)


def difference(model: ContextModel, n: int, at: int) -> Floats:
    """How much each of n lines' probabilities change when the facts of line `at` do."""
    page = made_up_page(n, 6)
    facts = page[1].copy()
    facts[at] = 1 - facts[at]
    before, after = judged(model, page)[0], judged(model, (page[0], facts, *page[2:]))[0]
    change: Floats = np.abs(before - after).max(1)
    return change


@pytest.mark.parametrize(("at", "asked"), [(0, 30), (30, 0), (45, 75), (75, 45)])
def test_a_line_thirty_lines_away_is_remembered(at: int, asked: int) -> None:
    model = blind_to_the_page(made_up_context(6))
    assert difference(model, 80, at)[asked] > 1e-4
    assert np.flatnonzero(difference(without_memory(model), 80, at)).tolist() == [at]


def test_what_was_read_is_remembered_beyond_a_piece() -> None:
    model = blind_to_the_page(made_up_context(6))
    assert (difference(model, PIECE + 50, PIECE - 5)[PIECE : PIECE + 25] > 1e-4).all()


def test_what_comes_is_looked_ahead_at_and_no_farther_than_said() -> None:
    model = blind_to_the_page(made_up_context(6))
    last = PIECE + AHEAD - 1
    assert (difference(model, 2 * PIECE, PIECE + 5)[PIECE - 20 : PIECE] > 1e-4).all()
    assert difference(model, 2 * PIECE, last)[PIECE - 1] > 0
    assert not difference(model, 2 * PIECE, last + 1)[:PIECE].any()


def test_features_beyond_the_range_of_training_count_as_its_ends() -> None:
    model = blind_to_the_page(made_up_context(7))
    probabilities, facts, sets, outlook = made_up_page(3, 7)
    least, most = model.low[N:OWN], model.high[N:OWN]
    rows = [np.stack([row, facts[1], facts[2]]) for row in (least, least - 9, most, most + 9)]
    found = [judged(model, (probabilities, row, sets, outlook))[0] for row in rows]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[2], found[3])
    assert not np.array_equal(found[0], found[2])
