"""Junk inside lines: runs that the tagger finds, judged as text of their own and by what would remain."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.ngrams import count_grams, sum_rows
from moderation.kernel.runs import accepted_runs, run_facts
from moderation.kernel.score import line_logits, softmax
from moderation.kernel.spans import cut_pieces, find_runs
from moderation.kernel.trees import run_logits
from moderation.labels import FAMILIES, LABELS
from moderation.lines import Lines
from moderation.model.model import SPAN_FACTS, LineModel, SpanModel
from moderation.text.tables import Tables

FAMILY: Final = np.array([FAMILIES.index(label.family) for label in LABELS], np.int64)
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
        spans.weights,
        model.bits,
        spans.scale,
        spans.edge,
        spans.begin,
        spans.close,
    )
    if not runs.size:
        return runs, np.zeros((0, SPAN_FACTS), np.float32), NONE
    pieces, piece_start = cut_pieces(lines.folded, lines.fold_start, runs)
    n_grams = count_grams(piece_start)
    sums = sum_rows(pieces, piece_start, model.gram_weights, model.bits)
    no_shape = np.zeros((n_grams.size, 0), np.int32)
    scores = softmax(line_logits(sums, n_grams, no_shape, model.gram_scale, model.shape_weights, model.bias))
    return runs, *run_facts(runs, facts, scores, piece_start, FAMILY)


def run_scores(facts: NDArray[np.float32], spans: SpanModel) -> NDArray[np.float32]:
    """The probability of each run that it is junk, (r,), from its facts as candidate_runs gives them."""
    found: NDArray[np.float32] = 1 / (1 + np.exp(-run_logits(facts, *spans.judge)))
    return found


def find_spans(lines: Lines, chosen: NDArray[np.int64], model: LineModel, spans: SpanModel, tables: Tables) -> Spans:
    """The spans of the chosen lines, each with its label and score."""
    if not chosen.size:
        return NO_SPANS
    runs, facts, label = candidate_runs(lines, chosen, model, spans, tables)
    if not runs.size:
        return NO_SPANS
    where = lines.folded, lines.kinds, lines.fold_start, lines.line_start, lines.line_end, lines.source
    return Spans(*accepted_runs(runs, run_scores(facts, spans), label, SMALLEST_SCORE, SMALLEST_REST, *where))
