"""First stage: multinomial logistic regression over hashed n-grams and line shape, quantised for serving."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from moderation.kernel.packing import MOST, packed
from moderation.kernel.shape import ROWS
from moderation.labels import NAMES
from moderation.model.model import LineModel
from moderation.text.tables import Tables
from moderation.train.features import LineFeatures, line_features
from moderation.train.rounding import whole


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOptions:
    """bits: log2 of the rows. c: inverse regularisation. shape: weight of a shape feature beside the n-grams, which
    have length about 1 a line. min_lines: lines that a row must occur in."""

    bits: int = 17
    c: float = 3.0
    gram: float = 0.2
    shape: float = 0.05
    min_lines: int = 2
    iterations: int = 60


DEFAULTS: Final = LineOptions()


def fit_line_model(
    lines: Sequence[str],
    labels: NDArray[np.int64],
    weight: NDArray[np.float64],
    tables: Tables,
    options: LineOptions = DEFAULTS,
) -> LineModel:
    """Fit on single lines. labels: columns of the label table. weight: one a line."""
    return fit_on_features(line_features(lines, tables, options.bits), labels, weight, options)


def fit_on_features(
    features: LineFeatures, labels: NDArray[np.int64], weight: NDArray[np.float64], options: LineOptions
) -> LineModel:
    """Fit and quantise."""
    return quantise(*fit_weights(features, labels, weight, options))


def fit_weights(
    features: LineFeatures,
    labels: NDArray[np.int64],
    weight: NDArray[np.float64],
    options: LineOptions,
    classes: int = len(NAMES),
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Weights of the grams (rows, classes) and of the shapes (shape rows, classes), and bias (classes,), in full.

    Rare rows are left out, the others weighted by inverse document frequency; both end up in the weights.
    """
    frequency = np.bincount(features.grams.indices, minlength=1 << options.bits)
    active = np.flatnonzero(frequency >= options.min_lines)
    idf = np.log((1 + labels.size) / (1 + frequency[active])) + 1
    scale = (options.gram * idf).astype(np.float32)
    x = sp.hstack([features.grams[:, active] @ sp.diags(scale), features.shapes * options.shape]).tocsr()
    coef = np.zeros((classes, x.shape[1]), np.float64)
    bias = np.full(classes, -20.0)
    found = np.unique(labels)
    if found.size < 2:  # a fold without the pages that have the others
        bias[found] = 0.0
    else:
        model = LogisticRegression(C=options.c, max_iter=options.iterations, tol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # stopping early is part of the regularisation
            model.fit(x, labels, weight)
        coef[found], bias[found] = row_a_class(model)
    grams = np.zeros((1 << options.bits, classes), np.float64)
    grams[active] = (coef[:, : active.size] * scale).T
    shapes = (coef[:, active.size :] * options.shape).T
    return grams, shapes, bias


def row_a_class(model: LogisticRegression) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (n_classes, n_features) and bias (n_classes,); scikit-learn itself gives two classes one row."""
    coef, bias = model.coef_, model.intercept_
    if model.classes_.size == 2:
        coef, bias = np.vstack([-coef / 2, coef / 2]), np.concatenate([-bias / 2, bias / 2])
    return coef, bias


def quantise(grams: NDArray[np.float64], shapes: NDArray[np.float64], bias: NDArray[np.float64]) -> LineModel:
    """grams: (rows, n_labels), as packed whole numbers with one scale a label; the rest stays float32."""
    numbers, scale = whole(grams, MOST)
    assert shapes.shape == (ROWS, grams.shape[1])
    return LineModel(
        packed(numbers), scale.astype(np.float32), np.ascontiguousarray(shapes, np.float32), bias.astype(np.float32)
    )
