"""The second stage's network, fitted by Adam (Kingma and Ba 2015) on batches of whole pages."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.labels import NAMES
from moderation.train.page_network import Weights, first_weights, forward, gradients, masks_of
from moderation.train.pull import cross_entropy

WARM: Final = 200
"""Steps until the full rate is reached."""
LAST: Final = 0.03
"""What is left of the rate at the end."""
LEAST: Final = 600
"""Steps: a small corpus is seen more often than options.epochs says."""
STEEPEST: Final = 2.0
"""Longer gradients are cut to this length."""
FADING, SQUARES_FADING, TINY = 0.9, 0.999, 1e-8
"""Adam's constants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextOptions:
    """How the second stage is fitted.

    epochs: how often every page is seen. batch: lines a step, of whole pages. rate: the largest step of Adam, which
    shrinks to nothing. decay: what weights lose at each step, as a share of the rate. dropout: share of numbers left
    out. noise: deviation of what is added to standardised features. folds: parts for out-of-fold scores. seed: of the
    first weights, the order of pages, the noise and what is left out.
    """

    epochs: int = 16
    batch: int = 500
    rate: float = 2e-3
    decay: float = 0.02
    dropout: float = 0.1
    noise: float = 0.2
    folds: int = 5
    seed: int = 2


@dataclass(slots=True)
class Adam:
    """The means of gradients and of their squares, and how many steps there were."""

    mean: Weights
    square: Weights
    steps: int = 0

    def step(self, weights: Weights, slopes: Weights, rate: float, decay: float) -> None:
        """Move the weights, in place; matrices also lose the share rate * decay (Loshchilov and Hutter 2019)."""
        self.steps += 1
        length = float(np.sqrt(sum(float((slope * slope).sum()) for slope in slopes.values())))
        scale = np.float32(min(1.0, STEEPEST / (length + TINY)))
        for name, slope in slopes.items():
            mean, square = self.mean[name], self.square[name]
            mean += np.float32(1 - FADING) * (slope * scale - mean)
            square += np.float32(1 - SQUARES_FADING) * ((slope * scale) ** 2 - square)
            if weights[name].ndim > 1:
                weights[name] *= np.float32(1 - rate * decay)
            away = mean / (1 - FADING**self.steps)
            away /= np.sqrt(square / (1 - SQUARES_FADING**self.steps)) + TINY
            weights[name] -= (rate * away).astype(np.float32)


def fit_network(
    x: NDArray[np.float32],
    labels: NDArray[np.int64],
    first: NDArray[np.int64],
    weight: NDArray[np.float32],
    options: ContextOptions,
    seed: int,
) -> Weights:
    """Fit to labelled pages. x: (n, FEATURES), standardised. first: the first row of each page, and behind the last."""
    random = np.random.default_rng(seed)
    weights = first_weights(seed)
    adam = Adam(nothing(weights), nothing(weights))
    truth = np.eye(len(NAMES), dtype=np.float32)
    a_time = max(1, min(first.size - 1, len(x) // options.batch))  # steps: a page is never parted
    epochs = max(options.epochs, LEAST // a_time)
    for epoch in range(epochs):
        parts = batches(first, options.batch, random)
        for number, pages in enumerate(parts):
            done = (epoch + number / len(parts)) / epochs
            rate = options.rate * min(1.0, 1.2 * (1 - done) + LAST, (adam.steps + 1) / WARM)
            rows, starts = rows_of(first, pages)
            masks = masks_of(rows.size, options.dropout, random)
            blurred = x[rows] + np.float32(options.noise) * random.standard_normal((rows.size, x.shape[1]), np.float32)
            passed = forward(weights, blurred, starts, masks)
            _, by_logit = cross_entropy(passed.logits, truth[labels[rows]], weight[rows])
            adam.step(weights, gradients(weights, passed, by_logit / rows.size), rate, options.decay)
    return weights


def nothing(weights: Weights) -> Weights:
    """Zeros of the same shapes."""
    return {name: np.zeros_like(array) for name, array in weights.items()}


def batches(first: NDArray[np.int64], lines: int, random: np.random.Generator) -> list[NDArray[np.int64]]:
    """Pages in a random order, in parts of about so many lines each."""
    order = random.permutation(first.size - 1)
    ends = np.cumsum(np.diff(first)[order])
    cuts = np.searchsorted(ends, np.arange(lines, ends[-1], lines))
    return [part for part in np.split(order, np.unique(cuts)) if part.size]


def rows_of(first: NDArray[np.int64], pages: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of these pages, and where each page begins among them, with the end behind the last."""
    rows = np.concatenate([np.arange(first[page], first[page + 1]) for page in pages])
    return rows, np.concatenate([[0], np.cumsum(np.diff(first)[pages])])
