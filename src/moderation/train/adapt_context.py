"""Corrections into the second stage: its network is fitted on from where it is; its trees stay."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moderation.judge import First, line_scores, logits_of, surroundings
from moderation.kernel.network import network_probabilities
from moderation.labels import INDEX, NAMES
from moderation.lines import read_lines
from moderation.model.model import ContextModel, LineModel, Model
from moderation.text.batch import pack
from moderation.train.dataset import LabelledPage
from moderation.train.fit_context import CLIP
from moderation.train.pull import cross_entropy, descend

N: Final = len(NAMES)
FIELDS: Final = ("w1", "b1", "w2", "b2")
UNLABELLED: Final = -1


@dataclass(frozen=True, slots=True)
class Examples:
    """Lines that are not blank. features: as the new first stage makes them. target: what the base network says of
    them. label: the column of the label that was given, UNLABELLED where none was."""

    features: NDArray[np.float32]
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
    if not rehearsed:
        return fit_on(context, new.features, new.target, counts, pull, iterations)
    old = examples(base, context, lines, rehearsed)
    features = np.concatenate([new.features, old.features])
    target = np.concatenate([new.target, old.target])
    return fit_on(context, features, target, np.append(counts, np.ones(len(old.label))), pull, iterations)


def examples(base: Model, context: ContextModel, lines: LineModel, pages: Sequence[LabelledPage]) -> Examples:
    """What there is to learn from the pages."""
    read = read_lines(pack([page.text for page in pages]), base.tables)
    if base.outlook is None:
        raise ValueError("a second stage has an outlook")
    foretold = logits_of(read, base.outlook)
    before, visible = surroundings(read, First(line_scores(read, base.lines), foretold))
    says = network_probabilities(before, context.low, context.high, context.w1, context.b1, context.w2, context.b2)
    after, _ = surroundings(read, First(line_scores(read, lines), foretold))
    label = np.array([INDEX[label] if label else UNLABELLED for page in pages for label in page.labels], np.int64)
    return Examples(after, says, label[visible])


def fit_on(
    context: ContextModel,
    features: NDArray[np.float32],
    target: NDArray[np.float32],
    counts: NDArray[np.float64],
    pull: float,
    iterations: int,
) -> ContextModel:
    """The context model with the network's weights moved.

    The weights are those on standardised features while they move, as in fit_context.fit_network: otherwise the pull
    would hold weights of wide features and let those of narrow ones go.
    """
    deviation = np.maximum((context.high - context.low) / (2 * CLIP), 1e-6)
    mean = (context.high + context.low) / 2
    x = (np.clip(features, context.low, context.high) - mean) / deviation
    first = {
        "w1": context.w1 * deviation[:, None],
        "b1": context.b1 + mean @ context.w1,
        "w2": context.w2,
        "b2": context.b2,
    }
    shapes = [first[name].shape for name in FIELDS]
    start = np.concatenate([first[name].ravel() for name in FIELDS]).astype(np.float64)
    cuts = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])
    weight = counts.astype(np.float32)

    def arrays(flat: NDArray[np.float64]) -> list[NDArray[Any]]:
        return [flat[a:b].reshape(shape) for a, b, shape in zip(cuts[:-1], cuts[1:], shapes, strict=True)]

    def value(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        w1, b1, w2, b2 = (array.astype(np.float32) for array in arrays(flat))
        hidden = np.maximum(x @ w1 + b1, 0)
        loss, by_logit = cross_entropy(hidden @ w2 + b2, target, weight)
        by_hidden = np.where(hidden > 0, by_logit @ w2.T, 0)
        slopes = (x.T @ by_hidden, by_hidden.sum(0), hidden.T @ by_logit, by_logit.sum(0))
        slope = np.concatenate([part.ravel() for part in slopes]).astype(np.float64)
        away = flat - start
        return loss + pull / 2 * float(away @ away), slope + pull * away

    w1, b1, w2, b2 = arrays(descend(value, start, iterations))
    w1 = w1 / deviation[:, None]
    moved = {"w1": w1, "b1": b1 - mean @ w1, "w2": w2, "b2": b2}
    return replace(context, **{name: array.astype(np.float32) for name, array in moved.items()})
