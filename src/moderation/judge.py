"""Documents to judgements: every line's probabilities. No policy has a say here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from moderation.kernel.context import context_features, line_facts, page_sets, visible_lines
from moderation.kernel.evidence import add_evidence
from moderation.kernel.ngrams import sum_rows
from moderation.kernel.outlook import heard
from moderation.kernel.score import line_logits, softmax
from moderation.kernel.surroundings import surrounded_probabilities
from moderation.kernel.whole import Ready, ready_weights
from moderation.labels import CONTENT
from moderation.lines import Lines, read_lines
from moderation.model.model import ContextModel, LineModel, Model
from moderation.rescue import rescue
from moderation.segments import find_giants, fold_back, read_segments
from moderation.spans import NO_SPANS, Spans, find_spans
from moderation.text.batch import Batch


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the model makes of the lines. probabilities: float32 (n, n_labels); rows of blank lines mean nothing.

    spans lie in lines whose likeliest label is content. outside: bool (n,), lines that would be kept but for evidence
    from outside their page; None where there was none.
    """

    lines: Lines
    probabilities: NDArray[np.float32]
    spans: Spans
    outside: NDArray[np.bool_] | None = None


Evidence: TypeAlias = Callable[[Lines], NDArray[np.float32]]
"""What is known about lines from outside their page: log odds against content, float32 (n,); 0 says nothing."""


KEPT: Final = 0.35
"""The policy `default` drops a line that is content with less than this; one that evidence brought below, it turned."""


class First(NamedTuple):
    """What the first stage says of each line by itself.

    probabilities: float32 (n, n_labels). foretold: float32 (n, OUTLOOK), log odds that it gives for the lines around
    it, see kernel/outlook.py.
    """

    probabilities: NDArray[np.float32]
    foretold: NDArray[np.float32]


def logits_of(lines: Lines, model: LineModel) -> NDArray[np.float32]:
    """What the words of each line add up to, a column each of the model's."""
    sums = sum_rows(lines.folded, lines.fold_start, model.gram_weights, model.bits)
    return line_logits(sums, lines.n_grams, lines.shape_rows, model.gram_scale, model.shape_weights, model.bias)


def line_scores(lines: Lines, model: LineModel) -> NDArray[np.float32]:
    """First stage: the probabilities of each line by itself."""
    return softmax(logits_of(lines, model))


def page_facts(
    lines: Lines, first: First
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """What the second stage needs to know: facts, sets and outlook of the visible lines, which those are, and whose."""
    visible, doc_first = visible_lines(lines.blank, lines.first_line)
    facts = line_facts(lines.counts, visible, lines.ends)
    sets = page_sets(lines.folded, lines.fold_start, first.probabilities, visible, doc_first)
    return facts, sets, heard(first.foretold, visible, doc_first), visible, doc_first


def surroundings(lines: Lines, first: First) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The second stage's features of the lines that are not blank, and their indices: what it is trained on."""
    facts, sets, outlook, visible, doc_first = page_facts(lines, first)
    return context_features(first.probabilities, facts, sets, outlook, visible, doc_first), visible


def context_scores(lines: Lines, first: First, model: ContextModel) -> NDArray[np.float32]:
    """Second stage: the probabilities of each line among its neighbours, from what the first says of them."""
    facts = page_facts(lines, first)
    return surrounded_probabilities(first.probabilities, *facts, ready(model))


READY: WeakKeyDictionary[ContextModel, Ready] = WeakKeyDictionary()


def ready(model: ContextModel) -> Ready:
    """The model's weights as the kernel wants them; made once for each model."""
    found = READY.get(model)
    if found is None:
        first = model.low, model.high, model.w1, model.b1, model.say, model.bias
        found = READY[model] = ready_weights(*first, model.onwards, model.backwards, model.w2, model.b2)
    return found


def judge(batch: Batch, model: Model, evidence: Evidence | None = None) -> Judgement:
    """Score every line of the batch; a line that holds a whole page is judged by its segments.

    Evidence comes in after the page itself, and before spans are looked for.
    """
    lines = read_lines(batch, model.tables)
    probabilities = both_stages(lines, model)
    whole, outside = ~lines.blank, None
    if evidence is not None:
        before = probabilities[:, CONTENT] >= KEPT
        probabilities = add_evidence(probabilities, evidence(lines))
        outside = before & (probabilities[:, CONTENT] < KEPT)
        whole &= ~outside
    giants = find_giants(lines, probabilities, model.tables)
    giants = giants[whole[giants]]
    whole[giants] = False
    spans = spans_of(lines, probabilities, whole, model)
    if giants.size:
        segments = read_segments(lines, giants, model.tables)
        scores = both_stages(segments, model)
        inner = spans_of(segments, scores, ~segments.blank, model)
        spans = fold_back(giants, segments, scores, inner, probabilities, spans)
    return Judgement(lines, probabilities, spans, outside)


def both_stages(lines: Lines, model: Model) -> NDArray[np.float32]:
    """The probabilities of every line among its neighbours, and of what would be left of it without spam."""
    probabilities = line_scores(lines, model.lines)
    if model.context is not None and model.outlook is not None:
        first = First(probabilities, logits_of(lines, model.outlook))
        probabilities = context_scores(lines, first, model.context)
    if model.spans is None:
        return probabilities
    return rescue(lines, probabilities, model.lines, model.spans, model.tables)


def spans_of(lines: Lines, probabilities: NDArray[np.float32], allowed: NDArray[np.bool_], model: Model) -> Spans:
    """The spans of the allowed lines that are likeliest content."""
    if model.spans is None:
        return NO_SPANS
    chosen = np.flatnonzero((probabilities[:, CONTENT] >= 0.5) & allowed)
    return find_spans(lines, chosen, model.lines, model.spans, model.tables)
