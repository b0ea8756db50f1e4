"""Documents to judgements: every line's probabilities. No policy has a say here."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.context import context_features, line_facts, page_sets, visible_lines
from moderation.kernel.fold import fold_lines
from moderation.kernel.lines import split_lines
from moderation.kernel.network import network_probabilities
from moderation.kernel.ngrams import count_grams, sum_rows
from moderation.kernel.score import line_logits, softmax
from moderation.kernel.shape import shape_rows
from moderation.model.model import ContextModel, LineModel, Model
from moderation.text.batch import Batch
from moderation.text.tables import Tables


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a batch: where they stand, their folded copy and their shape.

    line_start, line_end (without the break), line_next (behind it): int64 (n,), offsets into the batch's codes.
    first_line: int64 (n_docs + 1,). blank: bool (n,), lines without a visible character. The other arrays are the
    kernels' own, see kernel/fold.py and kernel/shape.py.
    """

    batch: Batch
    line_start: NDArray[np.int64]
    line_end: NDArray[np.int64]
    line_next: NDArray[np.int64]
    first_line: NDArray[np.int64]
    folded: NDArray[np.uint32]
    fold_start: NDArray[np.int64]
    source: NDArray[np.int64]
    shape_rows: NDArray[np.int32]
    counts: NDArray[np.int32]
    ends: NDArray[np.int8]
    n_grams: NDArray[np.int64]
    blank: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the model makes of the lines. probabilities: float32 (n, n_labels); rows of blank lines mean nothing."""

    lines: Lines
    probabilities: NDArray[np.float32]


def read_lines(batch: Batch, tables: Tables) -> Lines:
    """Split and fold the batch."""
    start, end, behind, first_line = split_lines(batch.codes, batch.doc_start)
    folded, fold_start, source = fold_lines(
        batch.codes,
        start,
        end,
        tables.page,
        tables.fold_delta,
        tables.char_class,
        tables.reading_char,
        tables.reading_start,
        tables.reading,
    )
    rows, counts, ends = shape_rows(batch.codes, start, end, tables.page, tables.char_class)
    n_grams = count_grams(fold_start)
    blank = n_grams == 0
    return Lines(
        batch, start, end, behind, first_line, folded, fold_start, source, rows, counts, ends, n_grams, blank
    )


def line_scores(lines: Lines, model: LineModel) -> NDArray[np.float32]:
    """First stage: the probabilities of each line by itself."""
    sums = sum_rows(lines.folded, lines.fold_start, model.gram_weights, model.bits)
    logits = line_logits(sums, lines.n_grams, lines.shape_rows, model.gram_scale, model.shape_weights, model.bias)
    return softmax(logits)


def surroundings(lines: Lines, probabilities: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The second stage's features of the lines that are not blank, and their indices."""
    visible, doc_first = visible_lines(lines.blank, lines.first_line)
    facts = line_facts(lines.counts, visible, lines.ends)
    sets = page_sets(lines.folded, lines.fold_start, probabilities, visible, doc_first)
    return context_features(probabilities, facts, sets, visible, doc_first), visible


def context_scores(
    lines: Lines, probabilities: NDArray[np.float32], model: ContextModel
) -> NDArray[np.float32]:
    """Second stage: the probabilities of each line among its neighbours, from those of the first."""
    features, visible = surroundings(lines, probabilities)
    out = probabilities.copy()
    out[visible] = network_probabilities(features, model.w1, model.b1, model.w2, model.b2)
    return out


def judge(batch: Batch, model: Model) -> Judgement:
    """Score every line of the batch."""
    lines = read_lines(batch, model.tables)
    probabilities = line_scores(lines, model.lines)
    if model.context is not None:
        probabilities = context_scores(lines, probabilities, model.context)
    return Judgement(lines, probabilities)
