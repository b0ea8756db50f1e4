"""Documents to judgements: every line's probabilities. No policy has a say here."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.context import context_features, line_facts, page_sets, visible_lines
from moderation.kernel.ngrams import sum_rows
from moderation.kernel.score import line_logits, softmax
from moderation.kernel.surroundings import surrounded_probabilities
from moderation.labels import CONTENT
from moderation.lines import Lines, read_lines
from moderation.model.model import ContextModel, LineModel, Model
from moderation.spans import NO_SPANS, Spans, find_spans
from moderation.text.batch import Batch


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the model makes of the lines. probabilities: float32 (n, n_labels); rows of blank lines mean nothing.

    spans lie in lines whose likeliest label is content.
    """

    lines: Lines
    probabilities: NDArray[np.float32]
    spans: Spans


def line_scores(lines: Lines, model: LineModel) -> NDArray[np.float32]:
    """First stage: the probabilities of each line by itself."""
    sums = sum_rows(lines.folded, lines.fold_start, model.gram_weights, model.bits)
    logits = line_logits(sums, lines.n_grams, lines.shape_rows, model.gram_scale, model.shape_weights, model.bias)
    return softmax(logits)


def page_facts(
    lines: Lines, probabilities: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """What the second stage needs to know: facts and sets of the visible lines, which those are, and whose."""
    visible, doc_first = visible_lines(lines.blank, lines.first_line)
    facts = line_facts(lines.counts, visible, lines.ends)
    sets = page_sets(lines.folded, lines.fold_start, probabilities, visible, doc_first)
    return facts, sets, visible, doc_first


def surroundings(lines: Lines, probabilities: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The second stage's features of the lines that are not blank, and their indices: what it is trained on."""
    facts, sets, visible, doc_first = page_facts(lines, probabilities)
    return context_features(probabilities, facts, sets, visible, doc_first), visible


def context_scores(lines: Lines, probabilities: NDArray[np.float32], model: ContextModel) -> NDArray[np.float32]:
    """Second stage: the probabilities of each line among its neighbours, from those of the first."""
    return surrounded_probabilities(
        probabilities,
        *page_facts(lines, probabilities),
        model.low,
        model.high,
        model.w1,
        model.b1,
        model.w2,
        model.b2,
        model.root,
        model.feature,
        model.threshold,
        model.child,
        model.value,
        model.baseline,
        model.trust,
    )


def judge(batch: Batch, model: Model) -> Judgement:
    """Score every line of the batch."""
    lines = read_lines(batch, model.tables)
    probabilities = line_scores(lines, model.lines)
    if model.context is not None:
        probabilities = context_scores(lines, probabilities, model.context)
    spans = NO_SPANS
    if model.spans is not None:
        chosen = np.flatnonzero((probabilities[:, CONTENT] >= 0.5) & ~lines.blank)
        spans = find_spans(lines, chosen, model.lines, model.spans, model.tables)
    return Judgement(lines, probabilities, spans)
