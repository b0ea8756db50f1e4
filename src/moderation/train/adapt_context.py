"""Corrections into the second stage: its network is fitted on from where it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.judge import First, line_scores, logits_of, surroundings
from moderation.kernel.context import visible_lines
from moderation.kernel.score import softmax
from moderation.labels import INDEX, NAMES
from moderation.lines import read_lines
from moderation.model.model import ContextModel, LineModel, Model
from moderation.text.batch import pack
from moderation.train.dataset import LabelledPage
from moderation.train.fit_context import CLIP, in_units
from moderation.train.page_network import FIELDS, Weights, forward, gradients
from moderation.train.pull import cross_entropy, descend

N: Final = len(NAMES)
UNLABELLED: Final = -1
REHEARSED: Final = 1500
"""Pages that are rehearsed, each for as many as there are for it: more of them cost time and change nothing."""
TOGETHER: Final = 512
"""Lines whose slopes are computed at a time."""
SMALLEST: Final = np.float32(1e-6)
"""A deviation is never less."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Lines that are not blank. features: as the new first stage makes them. first: the first line of each page, and
    the one behind the last. target: what the base network says of them. label: the column of the label that was given,
    UNLABELLED where none was."""

    features: NDArray[np.float32]
    first: NDArray[np.int64]
    target: NDArray[np.float32]
    label: NDArray[np.int64]


def adapt_context(
    base: Model,
    context: ContextModel,
    lines: LineModel,
    corrected: Sequence[LabelledPage],
    rehearsed: Sequence[LabelledPage],
    *,
    weight: float,
    pull: float,
    iterations: int,
) -> ContextModel:
    """The network fitted to the scores of `lines`, the new first stage.

    Targets are the labels where there are any, and else what the base model's network says, of rehearsed pages and of
    the other lines of corrected pages alike: those must not follow their corrected neighbour.
    """
    new = examples(base, context, lines, corrected)
    given = new.label != UNLABELLED
    new.target[given] = np.eye(N, dtype=np.float32)[new.label[given]]
    counts = np.where(given, weight, 1.0)
    if rehearsed:
        some = np.random.default_rng(0).permutation(len(rehearsed))[:REHEARSED]
        old = examples(base, context, lines, [rehearsed[i] for i in some])
        new = Examples(
            np.concatenate([new.features, old.features]),
            np.concatenate([new.first[:-1], new.first[-1] + old.first]),
            np.concatenate([new.target, old.target]),
            np.concatenate([new.label, old.label]),
        )
        counts = np.append(counts, np.full(len(old.label), len(rehearsed) / len(some)))
    return fit_on(context, new, counts, pull, iterations)


def examples(base: Model, context: ContextModel, lines: LineModel, pages: Sequence[LabelledPage]) -> Examples:
    """What there is to learn from the pages."""
    read = read_lines(pack([page.text for page in pages]), base.tables)
    if base.outlook is None:
        raise ValueError("a second stage has an outlook")
    foretold = logits_of(read, base.outlook)
    before, visible = surroundings(read, First(line_scores(read, base.lines), foretold))
    _, first = visible_lines(read.blank, read.first_line)
    weights = weights_of(context)
    says = softmax(forward(weights, standardised(context, before), first).logits)
    after, _ = surroundings(read, First(line_scores(read, lines), foretold))
    label = np.array([INDEX[label] if label else UNLABELLED for page in pages for label in page.labels], np.int64)
    return Examples(after, first, says, label[visible])


def mean_and_deviation(context: ContextModel) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of the features that the model was trained on: where low and high come from."""
    deviation = np.maximum((context.high - context.low) / np.float32(2 * CLIP), SMALLEST)
    return (context.high + context.low) / np.float32(2), deviation


def standardised(context: ContextModel, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """The features as the network learned them."""
    mean, deviation = mean_and_deviation(context)
    found: NDArray[np.float32] = (np.clip(features, context.low, context.high) - mean) / deviation
    return found


def weights_of(context: ContextModel) -> Weights:
    """The network's weights on standardised features.

    Those are what moves: otherwise the pull would hold weights of wide features and let those of narrow ones go.
    """
    mean, deviation = mean_and_deviation(context)
    found = {name: getattr(context, name) for name in FIELDS}
    return found | {"w1": context.w1 * deviation[:, None], "b1": context.b1 + mean @ context.w1}


def in_parts(first: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Whole pages in parts of about TOGETHER lines: what is computed of them stays in a cache.

    first: the first line of each page, and the one behind the last; a part's ends where the next one's begins.
    """
    if not first[-1]:
        return []
    cuts = np.unique(np.searchsorted(first, np.arange(0, first[-1], TOGETHER)))
    ends = np.append(cuts[1:], first.size - 1)
    return [first[a : b + 1] for a, b in zip(cuts, ends, strict=True) if b > a]


def fit_on(
    context: ContextModel, lines: Examples, counts: NDArray[np.float64], pull: float, iterations: int
) -> ContextModel:
    """The context model with the network's weights moved."""
    x = standardised(context, lines.features)
    begin = weights_of(context)
    start = np.concatenate([begin[name].ravel() for name in FIELDS]).astype(np.float64)
    cuts = np.cumsum([0, *(begin[name].size for name in FIELDS)])
    weight = counts.astype(np.float32)
    parts = [(pages, int(pages[0]), int(pages[-1])) for pages in in_parts(lines.first)]

    def arrays(flat: NDArray[np.float64]) -> Weights:
        parts = zip(FIELDS, cuts[:-1], cuts[1:], strict=True)
        return {name: flat[a:b].reshape(begin[name].shape).astype(np.float32) for name, a, b in parts}

    def value(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = arrays(flat)
        away = flat - start
        total, slope = pull / 2 * float(away @ away), pull * away
        for pages, a, b in parts:
            done = forward(weights, x[a:b], pages - a)
            loss, by_logit = cross_entropy(done.logits, lines.target[a:b], weight[a:b])
            slopes = gradients(weights, done, by_logit)
            total += loss
            slope += np.concatenate([slopes[name].ravel() for name in FIELDS])
        return total, slope

    return in_units(arrays(descend(value, start, iterations)), *mean_and_deviation(context))
