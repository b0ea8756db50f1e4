"""The second stages that benchmarks/second_stages.py compares: each fitted fold by fold, and how it would serve."""

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from benchmarks.chain import chain_scores, decoded, learned_transitions
from moderation.judge import First, context_scores, surroundings
from moderation.kernel.recurrence import EMBEDDED
from moderation.labels import NAMES
from moderation.lines import Lines
from moderation.train.fit_context import CLIP, Table, fit_context_model, spread_out
from moderation.train.fit_network import ContextOptions

FOLDS: Final = 5
OPTIONS: Final = ContextOptions()
TREES: Final = 60
"""For each label."""
DEPTH: Final = 6
"""Of the trees, at most."""
EPOCHS: Final = 20
"""How often the network without memory sees every line."""
Scores = NDArray[np.float32]
Serve = Callable[[Lines, First], object]
"""What a second stage does with a batch and its first-stage scores when it serves."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Rows:
    """Lines with what the second stages see of them. said, features: of unseen pages."""

    table: Table
    said: First
    features: NDArray[np.float32]

    @property
    def first(self) -> Scores:
        """The first stage's probabilities."""
        return self.said.probabilities

    @property
    def labels(self) -> NDArray[np.int64]:
        """Columns of the label table."""
        return self.table.labels

    def seen(self, of_fold: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Features and labels of some rows."""
        return self.features[of_fold], self.labels[of_fold]


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of a contestant. scores: (n, n_labels) of all rows. work: multiply-adds and comparisons a line.

    serve: how the second stage serves, None for none.
    """

    scores: Scores
    numbers: int
    work: int
    serve: Serve | None


@dataclass(frozen=True, slots=True)
class Standard:
    """Features to clipped, standardised ones, as the training lines have them."""

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]

    @classmethod
    def of(cls, x: NDArray[np.float32]) -> "Standard":
        """That of some lines."""
        return cls(x.mean(0), np.maximum(x.std(0), np.float32(1e-3)))

    def __call__(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        out: NDArray[np.float32] = np.clip((x - self.mean) / self.deviation, -CLIP, CLIP)
        return out


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows that sum to one."""
    raised = np.exp(logits - logits.max(1, keepdims=True))
    out: NDArray[np.float32] = raised / raised.sum(1, keepdims=True)
    return out


def logistic(rows: Rows, fold: NDArray[np.int64]) -> Entry:
    """Multinomial logistic regression over the clipped, standardised features."""
    scores = np.zeros_like(rows.first)
    for k in range(FOLDS):
        x, y = rows.seen(fold != k)
        standard = Standard.of(x)
        model = LogisticRegression(C=0.1, max_iter=300, tol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(standard(x), y)
        scores[np.ix_(fold == k, model.classes_)] = model.predict_proba(standard(rows.features[fold == k]))
    weights, bias = model.coef_.T.astype(np.float32), model.intercept_.astype(np.float32)

    def serve(lines: Lines, first: First) -> object:
        return softmax(standard(surroundings(lines, first)[0]) @ weights + bias)

    return Entry(scores, weights.size + bias.size, weights.size, serve)


def all_trees(rows: Rows, fold: NDArray[np.int64]) -> Entry:
    """Gradient boosting for all labels; scikit-learn serves it, too."""
    scores = np.zeros_like(rows.first)
    for k in range(FOLDS):
        model = HistGradientBoostingClassifier(
            max_iter=TREES,
            learning_rate=0.12,
            max_leaf_nodes=31,
            max_depth=DEPTH,
            min_samples_leaf=30,
            l2_regularization=5.0,
            max_features=0.3,
            early_stopping=False,
            random_state=0,
        ).fit(*rows.seen(fold != k))
        scores[np.ix_(fold == k, model.classes_)] = model.predict_proba(rows.features[fold == k])
    nodes = sum(len(tree.nodes) for step in model._predictors for tree in step)
    work = TREES * len(model.classes_) * DEPTH
    return Entry(scores, nodes, work, lambda lines, first: model.predict_proba(surroundings(lines, first)[0]))


def no_memory(rows: Rows, fold: NDArray[np.int64]) -> Entry:
    """A network with one layer, as wide as what the shipped one makes of a line: each line by its features alone."""
    scores = np.zeros_like(rows.first)
    for k in range(FOLDS):
        x, y = rows.seen(fold != k)
        standard = Standard.of(x)
        model = MLPClassifier(
            EMBEDDED, alpha=1e-3, batch_size=min(OPTIONS.batch, len(x)), max_iter=EPOCHS, random_state=0
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(standard(x), y)
        scores[np.ix_(fold == k, model.classes_)] = model.predict_proba(standard(rows.features[fold == k]))
    (w1, w2), (b1, b2) = model.coefs_, model.intercepts_

    def serve(lines: Lines, first: First) -> object:
        return softmax(np.maximum(standard(surroundings(lines, first)[0]) @ w1 + b1, 0) @ w2 + b2)

    return Entry(scores, sum(a.size for a in (w1, b1, w2, b2)), w1.size + w2.size, serve)


def shipped(rows: Rows, fold: NDArray[np.int64], lines: Lines, labelled: NDArray[np.bool_]) -> Entry:
    """The two-way recurrent network, fitted as `moderation train` fits it, run by the code that serves."""
    said = spread_out(rows.said, labelled)
    scores = np.zeros_like(rows.first)
    for k in range(FOLDS):
        say(f"two-way recurrent network, fold {k}")
        seen = fold != k
        model = fit_context_model(*rows.seen(seen), rows.table.page[seen], rows.table.weight[seen], OPTIONS, 0)
        scores[fold == k] = context_scores(lines, said, model)[labelled][fold == k]
    matrices = model.w1, model.say, model.onwards, model.backwards, model.w2
    work = sum(matrix.size for matrix in matrices)
    numbers = work + model.b1.size + model.bias.size + model.b2.size
    return Entry(scores, numbers, work, lambda lines, first: context_scores(lines, first, model))


def chain(rows: Rows, fold: NDArray[np.int64], below: Entry) -> Entry:
    """Viterbi over another contestant's scores."""
    page = rows.table.page
    scores = np.zeros_like(rows.first)
    strengths = []
    for k in range(FOLDS):
        scores[fold == k], strength = chain_scores(below.scores, rows.labels, page, fold != k)
        strengths.append(strength)
    transition, strength = learned_transitions(rows.labels, page), median(strengths)
    say(f"strength of the transitions {strengths}")

    def serve(lines: Lines, first: First) -> object:
        whole: Any = below.serve(lines, first) if below.serve else first.probabilities
        number = np.repeat(np.arange(lines.first_line.size - 1), np.diff(lines.first_line))
        visible = ~lines.blank
        emission = whole if whole.shape[0] == number[visible].size else whole[visible]
        return decoded(emission, transition, strength, number[visible])

    return Entry(scores, below.numbers + transition.size, below.work + len(NAMES) ** 2, serve)
