"""Second stage: a small network over what surrounds a line, trained on scores that the first stage gave unseen."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from moderation.judge import First, line_scores, logits_of, surroundings
from moderation.kernel.outlook import OUTLOOK
from moderation.labels import CONTENT, INDEX, NAMES
from moderation.lines import read_lines
from moderation.model.model import ContextModel
from moderation.text.batch import pack
from moderation.text.tables import Tables
from moderation.train.dataset import LabelledPage
from moderation.train.features import LineFeatures, line_features
from moderation.train.fit_lines import LineOptions, fit_on_features
from moderation.train.fit_outlook import asked_lines, fit_outlook


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextOptions:
    """hidden: units of the one layer. alpha: L2 penalty. trust: of the line's own opinion, see kernel/trees.py. trees,
    tree_rate: of the boosted trees. folds: parts for out-of-fold scores. seed: of the network's first weights and of
    the trees; of three that were tried, the one that did best on crawled pages kept aside (split dev)."""

    hidden: int = 48
    alpha: float = 0.7
    epochs: int = 25
    rate: float = 1e-3
    trust: float = 0.25
    trees: int = 60
    tree_rate: float = 0.15
    folds: int = 5
    seed: int = 2


DEFAULTS: Final = ContextOptions()
CLIP: Final = 4.0
"""Features count at most so many standard deviations from their mean."""


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


@dataclass(frozen=True, slots=True)
class Fits:
    """What the two models of single lines are fitted on. features, ahead: of the table's lines, the second with as many
    rows as outlook. asked: see fit_outlook.asked_lines. lines, outlook: how to fit."""

    features: LineFeatures
    ahead: LineFeatures
    asked: NDArray[np.int64]
    lines: LineOptions
    outlook: LineOptions


def fits_of(
    table: Table, features: LineFeatures, tables: Tables, lines: LineOptions, outlook: LineOptions, seed: int
) -> Fits:
    """Those of the outlook beside the line model's own features."""
    ahead = line_features(table.lines, tables, outlook.bits)
    return Fits(features, ahead, asked_lines(table.page, seed), lines, outlook)


def out_of_fold(table: Table, fits: Fits, fold: NDArray[np.int64], tables: Tables, jobs: int) -> First:
    """What a first stage that has not seen its page says of every line. fold: one a page."""
    line_fold = fold[table.page]
    read = read_lines(pack(table.lines), tables)

    def part(k: int, *, ahead: bool) -> NDArray[np.float32]:
        seen, own = line_fold != k, line_fold == k
        if ahead:
            model = fit_outlook(fits.ahead, table.labels, fits.asked, table.weight, seen, fits.outlook)
            foretold: NDArray[np.float32] = logits_of(read, model)[own]
            return foretold
        some = LineFeatures(fits.features.grams[seen], fits.features.shapes[seen])
        alone = fit_on_features(some, table.labels[seen], table.weight[seen], fits.lines)
        scores: NDArray[np.float32] = line_scores(read, alone)[own]
        return scores

    n = len(table.lines)
    out = First(np.zeros((n, len(NAMES)), np.float32), np.zeros((n, OUTLOOK), np.float32))
    tasks = [(k, ahead) for k in range(int(fold.max()) + 1) for ahead in (False, True)]
    found = Parallel(jobs)(delayed(part)(k, ahead=ahead) for k, ahead in tasks)
    for (k, ahead), scores in zip(tasks, found, strict=True):
        out[ahead][line_fold == k] = scores
    return out


def page_features(table: Table, first: First, tables: Tables) -> NDArray[np.float32]:
    """Context features of the table's lines, row by row."""
    texts: list[str] = []
    labelled: list[bool] = []
    for page in table.pages:
        rows = [line if label is not None else "" for line, label in zip(page.lines, page.labels, strict=True)]
        texts.append("\n".join(rows))
        labelled.extend(label is not None for label in page.labels)
    lines = read_lines(pack(texts), tables)
    found, visible = surroundings(lines, spread_out(first, np.array(labelled)))
    out = np.zeros((lines.line_start.size, found.shape[1]), np.float32)
    out[visible] = found
    rows_found: NDArray[np.float32] = out[np.array(labelled)]
    return rows_found


def spread_out(first: First, labelled: NDArray[np.bool_]) -> First:
    """The rows of the labelled lines among all lines of their pages; those of the others are zeros."""
    places = np.cumsum(labelled) - 1
    return First(*(np.where(labelled[:, None], rows[places], np.float32(0)) for rows in first))


def fit_context_model(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    weight: NDArray[np.float64],
    options: ContextOptions = DEFAULTS,
    seed: int = 0,
) -> ContextModel:
    """Fit network and trees, on one thread: beside other work, BLAS threads only wait for each other."""
    with threadpool_limits(1):
        found = fit_network(features, labels, weight, options, seed) | fit_trees(
            features, labels, weight, options, seed
        )
    return ContextModel(**found, trust=np.array([options.trust], np.float32))


def fit_network(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    weight: NDArray[np.float64],
    options: ContextOptions,
    seed: int,
) -> dict[str, NDArray[Any]]:
    """Fit the network on clipped, standardised features; the standardisation goes into the weights."""
    mean = features.mean(0)
    deviation = np.maximum(features.std(0), 1e-3)
    network = MLPClassifier(
        (options.hidden,),
        alpha=options.alpha,
        batch_size=min(256, labels.size),
        learning_rate_init=options.rate,
        max_iter=options.epochs,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is chosen, not a failure
        network.fit(np.clip((features - mean) / deviation, -CLIP, CLIP), labels, sample_weight=weight)
    w1, w2 = network.coefs_
    b1, b2 = network.intercepts_
    if network.classes_.size == 2:  # scikit-learn gives two classes one output
        w2, b2 = np.hstack([-w2 / 2, w2 / 2]), np.concatenate([-b2 / 2, b2 / 2])
    all_w2 = np.zeros((options.hidden, len(NAMES)))
    all_b2 = np.full(len(NAMES), -20.0)
    all_w2[:, network.classes_], all_b2[network.classes_] = w2, b2
    found = {
        "low": mean - CLIP * deviation,
        "high": mean + CLIP * deviation,
        "w1": w1 / deviation[:, None],
        "b1": b1 - (mean / deviation) @ w1,
        "w2": all_w2,
        "b2": all_b2,
    }
    return {name: np.ascontiguousarray(array, np.float32) for name, array in found.items()}


def fit_trees(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    weight: NDArray[np.float64],
    options: ContextOptions,
    seed: int,
) -> dict[str, NDArray[Any]]:
    """Fit the trees that tell content from the rest, and lay their nodes out for the kernel."""
    model = HistGradientBoostingClassifier(
        max_iter=options.trees,
        learning_rate=options.tree_rate,
        max_leaf_nodes=31,
        max_depth=6,
        min_samples_leaf=30,
        l2_regularization=5.0,
        max_features=0.3,
        early_stopping=False,
        random_state=seed,
    )
    content = labels == CONTENT
    if content.all() or not content.any():
        return no_trees(bool(content[0]))
    model.fit(features, content, sample_weight=weight)
    return lay_out(model) | {"baseline": np.asarray(model._baseline_prediction, np.float32).reshape(1)}


def no_trees(content: bool) -> dict[str, NDArray[Any]]:
    """Where all lines are content, or none is: no tree, and a baseline of nearly 1 or 0."""
    types = {"root": np.int32, "feature": np.int16, "threshold": np.float32, "child": np.int32, "value": np.float32}
    empty: dict[str, NDArray[Any]] = {name: np.zeros(0, dtype) for name, dtype in types.items()}
    return empty | {"baseline": np.array([20.0 if content else -20.0], np.float32)}


def lay_out(model: HistGradientBoostingClassifier) -> dict[str, NDArray[Any]]:
    """The nodes of all trees, the two children of a node side by side; the fields that kernel/trees.py reads."""
    root: list[int] = []
    rows: list[tuple[int, float, int, float]] = []
    for (predictor,) in model._predictors:
        nodes = predictor.nodes
        root.append(len(rows))
        place = {0: len(rows)}
        rows.append((0, 0.0, 0, 0.0))
        queue = [0]
        for n in queue:
            node = nodes[n]
            if node["is_leaf"]:
                rows[place[n]] = (0, 0.0, 0, float(node["value"]))
                continue
            pair = len(rows)
            for offset, side in enumerate(("left", "right")):
                place[int(node[side])] = pair + offset
                rows.append((0, 0.0, 0, 0.0))
                queue.append(int(node[side]))
            rows[place[n]] = (int(node["feature_idx"]), float(node["num_threshold"]), pair, 0.0)
    feature, threshold, child, value = zip(*rows, strict=True)
    return {
        "root": np.array(root, np.int32),
        "feature": np.array(feature, np.int16),
        "threshold": np.array(threshold, np.float32),
        "child": np.array(child, np.int32),
        "value": np.array(value, np.float32),
    }
