"""The second stages that benchmarks/second_stages.py compares: each fitted fold by fold, and how it would serve."""

import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from benchmarks.chain import chain_scores, decoded, learned_transitions
from moderation.judge import First, context_scores, surroundings
from moderation.kernel.network import network_probabilities
from moderation.kernel.trees import tree_probability
from moderation.labels import NAMES
from moderation.lines import Lines
from moderation.model.model import ContextModel
from moderation.train.fit_context import CLIP, ContextOptions, Table, fit_context_model, lay_out, spread_out

FOLDS: Final = 5
OPTIONS: Final = ContextOptions()
DEPTH: Final = 6
"""Of the trees, at most."""
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


def logistic(rows: Rows, fold: NDArray[np.int64]) -> Entry:
    """Multinomial logistic regression over the clipped, standardised features."""
    scores = np.zeros_like(rows.first)
    weights, bias, mean, spread = np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0)
    for k in range(FOLDS):
        x, y = rows.seen(fold != k)
        mean, spread = x.mean(0), np.maximum(x.std(0), 1e-3)
        model = LogisticRegression(C=0.1, max_iter=300, tol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(np.clip((x - mean) / spread, -CLIP, CLIP), y)
        ahead = np.clip((rows.features[fold == k] - mean) / spread, -CLIP, CLIP)
        scores[np.ix_(fold == k, model.classes_)] = model.predict_proba(ahead)
        weights, bias = model.coef_.T.astype(np.float32), model.intercept_.astype(np.float32)

    def serve(lines: Lines, first: First) -> object:
        x = np.clip((surroundings(lines, first)[0] - mean) / spread, -CLIP, CLIP)
        raised = np.exp(x @ weights + bias)
        return raised / raised.sum(1, keepdims=True)

    return Entry(scores, weights.size + bias.size, weights.size, serve)


def all_trees(rows: Rows, fold: NDArray[np.int64]) -> Entry:
    """Gradient boosting for all labels, with as many trees a label as the shipped form has for content."""
    scores = np.zeros_like(rows.first)
    layouts: list[tuple[dict[str, NDArray[Any]], float]] = []
    for k in range(FOLDS):
        model = HistGradientBoostingClassifier(
            max_iter=OPTIONS.trees,
            learning_rate=OPTIONS.tree_rate,
            max_leaf_nodes=31,
            max_depth=DEPTH,
            min_samples_leaf=30,
            l2_regularization=5.0,
            max_features=0.3,
            early_stopping=False,
            random_state=0,
        ).fit(*rows.seen(fold != k))
        scores[np.ix_(fold == k, model.classes_)] = model.predict_proba(rows.features[fold == k])
        base = np.asarray(model._baseline_prediction).ravel()
        layouts = [
            (lay_out(SimpleNamespace(_predictors=[[step[c]] for step in model._predictors])), float(base[c]))
            for c in range(len(model.classes_))
        ]

    def serve(lines: Lines, first: First) -> object:
        x, _ = surroundings(lines, first)
        return [
            tree_probability(x, t["root"], t["feature"], t["threshold"], t["child"], t["value"], base)
            for t, base in layouts
        ]

    nodes = sum(layout["child"].size for layout, _ in layouts)
    return Entry(scores, nodes, OPTIONS.trees * len(layouts) * DEPTH, serve)


def context_models(rows: Rows, fold: NDArray[np.int64]) -> list[ContextModel]:
    """Network and trees for each fold, as `moderation train` fits them."""
    found = []
    for k in range(FOLDS):
        say(f"network and trees, fold {k}")
        seen = fold != k
        found.append(fit_context_model(*rows.seen(seen), rows.table.weight[seen], OPTIONS, 0))
    return found


def network(rows: Rows, fold: NDArray[np.int64], models: Sequence[ContextModel]) -> Entry:
    """The small network alone."""

    def run(x: NDArray[np.float32], m: ContextModel) -> Scores:
        return network_probabilities(x, m.low, m.high, m.w1, m.b1, m.w2, m.b2)

    scores = np.zeros_like(rows.first)
    for k, model in enumerate(models):
        scores[fold == k] = run(rows.features[fold == k], model)
    last = models[-1]
    numbers = last.w1.size + last.b1.size + last.w2.size + last.b2.size
    work = last.w1.size + last.w2.size
    return Entry(scores, numbers, work, lambda lines, first: run(surroundings(lines, first)[0], last))


def shipped(
    rows: Rows, fold: NDArray[np.int64], models: Sequence[ContextModel], lines: Lines, labelled: NDArray[np.bool_]
) -> Entry:
    """Network and trees blended, by the code that serves."""
    first = spread_out(rows.said, labelled)
    scores = np.zeros_like(rows.first)
    for k, model in enumerate(models):
        scores[fold == k] = context_scores(lines, first, model)[labelled][fold == k]
    last = models[-1]
    numbers = last.w1.size + last.w2.size + last.child.size
    work = last.w1.size + last.w2.size + OPTIONS.trees * DEPTH
    return Entry(scores, numbers, work, lambda lines, first: context_scores(lines, first, last))


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
        whole: Any = below.serve(lines, first) if below.serve else first
        number = np.repeat(np.arange(lines.first_line.size - 1), np.diff(lines.first_line))
        visible = ~lines.blank
        emission = whole if whole.shape[0] == number[visible].size else whole[visible]
        return decoded(emission, transition, strength, number[visible])

    return Entry(scores, below.numbers + transition.size, below.work + len(NAMES) ** 2, serve)
