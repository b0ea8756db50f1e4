"""Documents to judgements: every line's probabilities. No policy has a say here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.context import context_features, line_facts, page_sets, visible_lines
from moderation.kernel.evidence import add_evidence
from moderation.kernel.network import network_probabilities
from moderation.kernel.ngrams import sum_rows
from moderation.kernel.score import line_logits, softmax
from moderation.kernel.trees import blend, tree_probability
from moderation.labels import CONTENT
from moderation.lines import Lines, read_lines
from moderation.model.model import ContextModel, LineModel, Model
from moderation.spans import NO_SPANS, Spans, find_spans
from moderation.text.batch import Batch

DOUBT: Final = 0.05
"""The trees are asked only where the network's probability of content is farther than this from 0 and from 1: that
saves two thirds of their time."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the model makes of the lines. probabilities: float32 (n, n_labels); rows of blank lines mean nothing.

    spans lie in lines whose likeliest label is content. outside: bool (n,), lines that would be content but for
    evidence from outside their page; None where there was none.
    """

    lines: Lines
    probabilities: NDArray[np.float32]
    spans: Spans
    outside: NDArray[np.bool_] | None = None


Evidence: TypeAlias = Callable[[Lines], NDArray[np.float32]]
"""What is known about lines from outside their page: log odds against content, float32 (n,); 0 says nothing."""


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


def context_scores(lines: Lines, probabilities: NDArray[np.float32], model: ContextModel) -> NDArray[np.float32]:
    """Second stage: the probabilities of each line among its neighbours, from those of the first."""
    features, visible = surroundings(lines, probabilities)
    seen = network_probabilities(features, model.low, model.high, model.w1, model.b1, model.w2, model.b2)
    keep = seen[:, CONTENT].copy()
    unsure = np.flatnonzero((keep > DOUBT) & (keep < 1 - DOUBT))
    keep[unsure] = tree_probability(
        features[unsure], model.root, model.feature, model.threshold, model.child, model.value, model.baseline[0]
    )
    blend(seen, keep, probabilities[visible], model.trust[0])
    out = probabilities.copy()
    out[visible] = seen
    return out


def judge(batch: Batch, model: Model, evidence: Evidence | None = None) -> Judgement:
    """Score every line of the batch; evidence comes in after the page itself, and before spans are looked for."""
    lines = read_lines(batch, model.tables)
    probabilities = line_scores(lines, model.lines)
    if model.context is not None:
        probabilities = context_scores(lines, probabilities, model.context)
    outside = None
    if evidence is not None:
        before = probabilities[:, CONTENT] >= 0.5
        probabilities = add_evidence(probabilities, evidence(lines))
        outside = before & (probabilities[:, CONTENT] < 0.5)
    spans = NO_SPANS
    if model.spans is not None:
        chosen = np.flatnonzero((probabilities[:, CONTENT] >= 0.5) & ~lines.blank)
        spans = find_spans(lines, chosen, model.lines, model.spans, model.tables)
    return Judgement(lines, probabilities, spans, outside)
