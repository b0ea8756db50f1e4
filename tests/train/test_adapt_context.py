"""Corrections in the second stage: the network goes on from where it is, and no farther than it must."""

from dataclasses import fields
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from kernel.contexts import made_up_context
from kernel.samples import ARTICLE
from moderation.judge import First, context_scores, line_scores, logits_of
from moderation.kernel.packing import WORDS
from moderation.kernel.shape import ROWS
from moderation.labels import INDEX, NAMES
from moderation.lines import read_lines
from moderation.model.model import ContextModel, LineModel, Model
from moderation.text.batch import pack
from moderation.text.tables import built_tables
from moderation.train import adapt_context as module
from moderation.train.adapt_context import adapt_context, in_parts
from moderation.train.dataset import LabelledPage

N: Final = len(NAMES)
CONTEXT: Final = made_up_context(1)
LINES: Final = tuple(ARTICLE.split("\n"))
ADVERT: Final = "旧桥头修鞋摊转让，有意者请电联陈师傅"


def small_lines(seed: int) -> LineModel:
    """A first stage of 256 rows that nobody trained."""
    random = np.random.default_rng(seed)
    return LineModel(
        random.integers(-(2**31), 2**31, (256, WORDS)).astype(np.int32),
        np.full(N, 0.001, np.float32),
        random.normal(0, 0.1, (ROWS, N)).astype(np.float32),
        np.zeros(N, np.float32),
    )


BASE: Final = Model(small_lines(1), CONTEXT, None, built_tables(), {}, small_lines(2))


def page(label: str | None) -> LabelledPage:
    """An article with an advertisement in the middle, which alone may have a label."""
    lines = (*LINES[:5], ADVERT, *LINES[5:])
    return LabelledPage("live", lines, tuple(label if line == ADVERT else None for line in lines))


def adapted(label: str | None, pull: float = 1e-3) -> ContextModel:
    """The second stage after one correction, and with the article to rehearse on."""
    rehearsed = [LabelledPage("known", LINES, (None,) * len(LINES))]
    corrected = [page(label)]
    return adapt_context(BASE, CONTEXT, BASE.lines, corrected, rehearsed, weight=10, pull=pull, iterations=60)


def scores_of(context: ContextModel) -> NDArray[np.float32]:
    """The probabilities of the page's lines."""
    lines = read_lines(pack([page(None).text]), BASE.tables)
    assert BASE.outlook is not None
    first = First(line_scores(lines, BASE.lines), logits_of(lines, BASE.outlook))
    return context_scores(lines, first, context)[~lines.blank]


def moved(context: ContextModel) -> float:
    """How far the weights are from where they began."""
    return sum(float(np.abs(getattr(context, f.name) - getattr(CONTEXT, f.name)).sum()) for f in fields(CONTEXT))


AT: Final = [line for line in page(None).lines if line.strip()].index(ADVERT)


@pytest.mark.parametrize("label", ["promo", "footer"])
def test_a_corrected_line_is_learned_and_the_lines_around_it_hardly_change(label: str) -> None:
    before, after = scores_of(CONTEXT), scores_of(adapted(label))
    assert before[AT].argmax() != INDEX[label]
    assert after[AT, INDEX[label]] > 0.7
    others = np.delete(np.abs(after - before), AT, 0)
    assert others.max() < 0.1
    assert others.mean() < 0.02


def test_without_a_label_nothing_moves_but_by_rounding() -> None:
    after = adapted(None)
    for field in fields(CONTEXT):
        np.testing.assert_allclose(getattr(after, field.name), getattr(CONTEXT, field.name), rtol=1e-3, atol=1e-3)


def test_a_strong_pull_holds_every_weight() -> None:
    assert moved(adapted("promo", pull=1e4)) < moved(adapted("promo")) / 20


def test_the_same_corrections_give_the_same_bits() -> None:
    one, two = adapted("promo"), adapted("promo")
    for field in fields(CONTEXT):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(two, field.name))


@pytest.mark.parametrize(
    ("first", "parts"),
    [
        ([0], []),
        ([0, 0, 0], []),
        ([0, 5], [(0, 5)]),
        ([0, 2, 2, 5, 9], [(0, 5), (5, 9)]),
        ([0, 40, 41], [(0, 40), (40, 41)]),
    ],
)
def test_parts_are_whole_pages_and_hold_every_line_once(
    first: list[int], parts: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TOGETHER", 4)
    found = in_parts(np.array(first, np.int64))
    assert [(int(pages[0]), int(pages[-1])) for pages in found] == parts


def test_the_result_does_not_hang_on_how_many_lines_are_worked_on_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = adapted("promo")
    monkeypatch.setattr(module, "TOGETHER", 3)
    pieces = adapted("promo")
    np.testing.assert_allclose(scores_of(pieces), scores_of(whole), atol=0.02)


def test_pages_that_are_not_drawn_for_rehearsal_are_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    rehearsed = [LabelledPage(f"known-{n}", LINES, (None,) * len(LINES)) for n in range(4)]
    given = BASE, CONTEXT, BASE.lines, [page("promo")]
    every = adapt_context(*given, rehearsed, weight=10, pull=1e-3, iterations=60)
    monkeypatch.setattr(module, "REHEARSED", 1)
    one = adapt_context(*given, rehearsed, weight=10, pull=1e-3, iterations=60)
    np.testing.assert_allclose(scores_of(one), scores_of(every), atol=0.02)


def test_a_correction_on_a_line_that_cannot_be_seen_changes_nothing() -> None:
    unseen = LabelledPage("unseen", ("\u200b",), ("promo",))
    after = adapt_context(BASE, CONTEXT, BASE.lines, [unseen], [], weight=10, pull=1e-3, iterations=5)
    np.testing.assert_allclose(scores_of(after), scores_of(CONTEXT), atol=1e-5)
