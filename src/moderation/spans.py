"""Junk inside lines: runs that the tagger finds, judged as text of their own and by what would remain."""

from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.ngrams import count_grams, sum_rows
from moderation.kernel.score import line_logits, softmax
from moderation.kernel.spans import FIRST_COLUMN, cut_pieces, find_runs
from moderation.labels import CONTENT, FAMILIES, LABELS
from moderation.lines import Lines
from moderation.model.model import LineModel, SpanModel
from moderation.text.tables import Tables

FAMILY: Final = np.array([FAMILIES.index(label.family) for label in LABELS])
SMALLEST_SCORE: Final = 0.5
"""Runs below this score are more often text than junk, and no span: no policy should cut them."""
SMALLEST_REST: Final = 4
"""A run is only cut out of a line of which at least so many characters remain."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Found runs: line (index into the batch's lines), [start, end) in the batch's codes, label column, score.

    Sorted by start; runs of one line do not overlap.
    """

    line: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    label: NDArray[np.int64]
    score: NDArray[np.float32]


NONE: Final = np.zeros(0, np.int64)
NO_SPANS: Final = Spans(NONE, NONE, NONE, NONE, np.zeros(0, np.float32))


WEIGHTS: WeakKeyDictionary[LineModel, NDArray[np.int8]] = WeakKeyDictionary()


def tagger_weights(model: LineModel) -> NDArray[np.int8]:
    """The span columns of the weight table, side by side; copied once for each model."""
    found = WEIGHTS.get(model)
    if found is None:
        found = WEIGHTS[model] = np.ascontiguousarray(model.gram_weights[:, FIRST_COLUMN:])
    return found


def candidate_runs(
    lines: Lines, chosen: NDArray[np.int64], model: LineModel, spans: SpanModel, tables: Tables
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """Runs of the chosen lines.

    Returns runs, int64 (r, 4) as find_runs gives them; their facts (r, SPAN_FACTS); their label columns (r,).
    """
    runs, facts = find_runs(
        lines.folded,
        lines.fold_start,
        lines.kinds,
        chosen,
        tagger_weights(model),
        model.bits,
        spans.scale,
        spans.edge,
        spans.begin,
        spans.close,
    )
    pieces, piece_start = cut_pieces(lines.folded, lines.fold_start, runs)
    n_grams = count_grams(piece_start)
    sums = sum_rows(pieces, piece_start, model.gram_weights, model.bits)
    no_shape = np.zeros((n_grams.size, 0), np.int32)
    scores = softmax(line_logits(sums, n_grams, no_shape, model.gram_scale, model.shape_weights, model.bias))
    alone, rest = scores[0::2], scores[1::2]
    families = np.stack([alone[:, family == FAMILY].sum(1) for family in range(len(FAMILIES))], 1)
    log_odds = np.log((families + 1e-3) / (1 - families + 1e-3)) / 4
    rest_keep = np.log((rest[:, CONTENT] + 1e-3) / (1 - rest[:, CONTENT] + 1e-3)) / 4
    state_family = log_odds[np.arange(runs.shape[0]), runs[:, 3]] if runs.size else np.zeros(0)
    remains = np.minimum(np.diff(piece_start)[1::2], 40) / 40
    more = np.column_stack([log_odds, rest_keep, state_family, remains, facts[:, 0] * facts[:, 2]])
    inside = np.where(runs[:, 3:4] == FAMILY[None, :], alone, -1.0)
    return runs, np.hstack([facts, more]).astype(np.float32), inside.argmax(1)


def accept_score(facts: NDArray[np.float32], spans: SpanModel) -> NDArray[np.float32]:
    """The probability that each run is junk, from its facts."""
    logit = spans.accept[-1] + (facts * spans.accept[:-1]).sum(1)
    scores: NDArray[np.float32] = (1 / (1 + np.exp(-logit))).astype(np.float32)
    return scores


def find_spans(lines: Lines, chosen: NDArray[np.int64], model: LineModel, spans: SpanModel, tables: Tables) -> Spans:
    """The spans of the chosen lines, each with its label and score."""
    if not chosen.size:
        return NO_SPANS
    runs, facts, label = candidate_runs(lines, chosen, model, spans, tables)
    score = accept_score(facts, spans)
    remains = np.diff(lines.fold_start)[runs[:, 0]] - (runs[:, 2] - runs[:, 1])
    good = (score >= SMALLEST_SCORE) & (remains >= SMALLEST_REST)
    runs, label, score = runs[good], label[good], score[good]
    first, behind = lines.fold_start[runs[:, 0]], lines.fold_start[runs[:, 0] + 1]
    start = np.where(runs[:, 1] == 0, lines.line_start[runs[:, 0]], lines.source[first + runs[:, 1]])
    last = np.minimum(first + runs[:, 2], lines.source.size - 1)
    end = np.where(first + runs[:, 2] == behind, lines.line_end[runs[:, 0]], lines.source[last])
    return Spans(runs[:, 0], start, end, label, score)
