"""Corrections into the first stage: only rows of n-grams that occur in corrected lines move."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from moderation.judge import line_scores
from moderation.kernel.packing import MOST, packed, unpacked
from moderation.labels import NAMES
from moderation.lines import read_lines
from moderation.model.model import LineModel, Model
from moderation.text.batch import pack
from moderation.train.features import line_features
from moderation.train.pull import held_regression, log_odds

N: Final = len(NAMES)


def adapt_lines(
    base: Model,
    lines: Sequence[str],
    labels: NDArray[np.int64],
    rehearsed: Sequence[str],
    *,
    weight: float,
    pull: float,
    gram: float,
    iterations: int,
) -> LineModel:
    """The first stage with the labels learned, and what it says of the rehearsed lines held.

    labels: columns of the label table, one a line. weight: of a corrected line beside a rehearsed one. gram: as in
    LineOptions. Scales, bias and shape weights stay as they are, and every row that no corrected line has, too.
    """
    new = line_features(lines, base.tables, base.lines.bits).grams
    old = line_features(rehearsed, base.tables, base.lines.bits).grams
    rows = np.unique(new.indices)
    frequency = np.bincount(old.indices, minlength=1 << base.lines.bits)[rows]
    scale = gram * (np.log((1 + len(rehearsed)) / (1 + frequency)) + 1)  # rare rows move most easily
    x = (sp.vstack([new[:, rows], old[:, rows]]).tocsr() @ sp.diags(scale)).astype(np.float64)
    said = line_scores(read_lines(pack([*lines, *rehearsed]), base.tables), base.lines)
    target = said.astype(np.float64)
    target[: len(lines)] = np.eye(N)[labels]
    counts = np.ones(len(target))
    counts[: len(lines)] = weight
    move = held_regression(x, log_odds(said), target, counts, pull, iterations)
    return moved(base.lines, rows, move * scale[:, None])


def moved(lines: LineModel, rows: NDArray[np.int64], move: NDArray[np.float64]) -> LineModel:
    """The weights of the rows moved, on the same scale and no farther than it reaches. move: (rows, n_labels)."""
    weights = lines.gram_weights.copy()
    wanted = unpacked(weights[rows]) + move / lines.gram_scale.astype(np.float64)
    weights[rows] = packed(np.clip(np.rint(wanted), -MOST, MOST).astype(np.int64))
    return replace(lines, gram_weights=weights)
