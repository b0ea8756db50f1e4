"""Second stage: a small network over what surrounds a line, trained on scores that the first stage gave unseen."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from moderation.judge import line_scores, read_lines, surroundings
from moderation.labels import INDEX, NAMES
from moderation.model.model import ContextModel
from moderation.text.batch import pack
from moderation.text.tables import Tables
from moderation.train.dataset import LabelledPage
from moderation.train.features import LineFeatures, line_features
from moderation.train.fit_lines import LineOptions, fit_on_features


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextOptions:
    """hidden: units of the one layer. alpha: L2 penalty. folds: parts for out-of-fold scores."""

    hidden: int = 64
    alpha: float = 3.0
    epochs: int = 30
    rate: float = 1e-3
    folds: int = 5


DEFAULTS: Final = ContextOptions()


@dataclass(frozen=True, slots=True)
class Table:
    """Labelled lines of pages, one row each: texts, label columns, the page's index and the row's weight."""

    pages: Sequence[LabelledPage]
    lines: list[str]
    labels: NDArray[np.int64]
    page: NDArray[np.int64]
    weight: NDArray[np.float64]


def table_of(pages: Sequence[LabelledPage], page_weight: NDArray[np.float64] | None = None) -> Table:
    """All labelled lines of the pages, in order."""
    found = [
        (line, INDEX[label], number)
        for number, page in enumerate(pages)
        for line, label in zip(page.lines, page.labels, strict=True)
        if label is not None
    ]
    number = np.array([n for _, _, n in found], np.int64)
    weight = np.ones(len(found)) if page_weight is None else page_weight[number]
    return Table(pages, [line for line, _, _ in found], np.array([y for _, y, _ in found], np.int64), number, weight)


def fold_of_pages(n_pages: int, folds: int, seed: int) -> NDArray[np.int64]:
    """Which fold each page falls into; the parts differ by one page at most."""
    return np.random.default_rng(seed).permutation(np.arange(n_pages) % folds)


def out_of_fold(
    table: Table, fold: NDArray[np.int64], tables: Tables, options: LineOptions, jobs: int
) -> NDArray[np.float32]:
    """First-stage probabilities of every line by a model that has not seen its page: float32 (n, n_labels)."""
    features = line_features(table.lines, tables, options.bits)
    line_fold = fold[table.page]
    read = read_lines(pack(table.lines), tables)

    def part(k: int) -> NDArray[np.float32]:
        seen = line_fold != k
        grams, shapes = features.grams[seen], features.shapes[seen]
        model = fit_on_features(LineFeatures(grams, shapes), table.labels[seen], table.weight[seen], options)
        return line_scores(read, model)[line_fold == k]

    out = np.zeros((len(table.lines), len(NAMES)), np.float32)
    ids = range(int(fold.max()) + 1)
    for k, scores in zip(ids, Parallel(jobs)(delayed(part)(k) for k in ids), strict=True):
        out[line_fold == k] = scores
    return out


def page_features(table: Table, probabilities: NDArray[np.float32], tables: Tables) -> NDArray[np.float32]:
    """Context features of the table's lines, row by row."""
    texts, labelled = [], []
    for page in table.pages:
        rows = [line if label is not None else "" for line, label in zip(page.lines, page.labels, strict=True)]
        texts.append("\n".join(rows))
        labelled.extend(label is not None for label in page.labels)
    lines = read_lines(pack(texts), tables)
    scores = np.zeros((lines.line_start.size, len(NAMES)), np.float32)
    scores[np.array(labelled)] = probabilities
    found, visible = surroundings(lines, scores)
    out = np.zeros((lines.line_start.size, found.shape[1]), np.float32)
    out[visible] = found
    return out[np.array(labelled)]


def fit_context_model(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    weight: NDArray[np.float64],
    options: ContextOptions = DEFAULTS,
    seed: int = 0,
) -> ContextModel:
    """Fit the network on standardised features; the standardisation goes into the weights."""
    mean = features.mean(0)
    deviation = np.maximum(features.std(0), 1e-3)
    network = MLPClassifier(
        (options.hidden,),
        alpha=options.alpha,
        batch_size=256,
        learning_rate_init=options.rate,
        max_iter=options.epochs,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is chosen, not a failure
        network.fit((features - mean) / deviation, labels, sample_weight=weight)
    w1, w2 = network.coefs_
    b1, b2 = network.intercepts_
    all_w2 = np.zeros((options.hidden, len(NAMES)))
    all_b2 = np.full(len(NAMES), -20.0)
    all_w2[:, network.classes_], all_b2[network.classes_] = w2, b2
    return ContextModel(
        w1=(w1 / deviation[:, None]).astype(np.float32),
        b1=(b1 - (mean / deviation) @ w1).astype(np.float32),
        w2=all_w2.astype(np.float32),
        b2=all_b2.astype(np.float32),
    )
