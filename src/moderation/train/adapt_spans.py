"""Corrected spans into the tagger and the judge of runs, held as the stages are."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from moderation.judge import line_scores
from moderation.kernel.spans import STATES
from moderation.kernel.trees import run_logits
from moderation.labels import CONTENT, NAMES
from moderation.lines import read_lines
from moderation.model.model import LineModel, Model, SpanModel
from moderation.spans import candidate_runs, find_spans, run_scores
from moderation.text.batch import pack
from moderation.train.dataset import LabelledPage
from moderation.train.fit_judge import MOSTLY
from moderation.train.fit_spans import SpanOptions, TaggedLines, character_table, tagged_lines, true_share
from moderation.train.pull import held_regression
from moderation.train.rounding import MOST_OF_EIGHT

REHEARSED: Final = 3000
"""Content lines that are rehearsed: a table of characters is large."""
FIRMER: Final = 30.0
"""By how much more the judge's weights are held than the tagger: they are few, and shift every run of every page."""


def adapt_spans(
    base: Model,
    spans: SpanModel,
    lines: LineModel,
    corrected: Sequence[LabelledPage],
    rehearsed: Sequence[str],
    *,
    weight: float,
    pull: float,
    iterations: int,
    seed: int = 0,
) -> SpanModel:
    """The tagger with the spans of corrected content lines learned. lines: the new first stage.

    A content line asserts all its spans: what is not marked in it is no junk. rehearsed: lines on which the tagger
    shall go on saying what it says. Without a corrected content line, all stays as it is.
    """
    new = tagged_lines(corrected, base.tables)
    if not new.page.size:
        return spans
    old = tagged_lines([as_content(base, spans, rehearsed, seed)], base.tables)
    spans = adapt_tagger(base, spans, new, old, weight=weight, pull=pull, iterations=iterations)
    accept = adapt_accept(base, spans, lines, new, old, weight=weight, pull=pull, iterations=iterations)
    return replace(spans, accept=accept)


def as_content(base: Model, spans: SpanModel, lines: Sequence[str], seed: int) -> LabelledPage:
    """Some of the lines that the base model reads as content: only in such lines are spans looked for.

    Those in which it finds something come first: they are few, and hold nearly all that could be forgotten.
    """
    read = read_lines(pack(lines), base.tables)
    chosen = np.flatnonzero((line_scores(read, base.lines)[:, CONTENT] >= 0.5) & ~read.blank)
    marked = np.unique(find_spans(read, chosen, base.lines, spans, base.tables).line)
    others = np.random.default_rng(seed).permutation(np.setdiff1d(chosen, marked))
    some = np.concatenate([marked, others])[:REHEARSED]
    return LabelledPage("rehearsed", tuple(lines[i] for i in some), (NAMES[CONTENT],) * some.size)


def adapt_tagger(
    base: Model,
    spans: SpanModel,
    new: TaggedLines,
    old: TaggedLines,
    *,
    weight: float,
    pull: float,
    iterations: int,
) -> SpanModel:
    """The tagger's weights moved, in the rows of n-grams that corrected content lines have."""
    emission = emission_of(base)
    tables, states = [], []
    for tagged in (new, old):
        table, places = character_table(tagged, np.arange(tagged.page.size), base.lines.bits)
        tables.append(table)
        states.append(tagged.state[places])
    first = tables[0].shape[0]
    size = 1 << base.lines.bits
    rows = np.unique(tables[0].indices[tables[0].indices < size])
    every = sp.vstack(tables).tocsr()
    columns = np.concatenate([spans.weights * spans.scale, spans.edge.reshape(-1, STATES)])
    start = (every @ columns.astype(np.float64)) / emission
    target = np.exp(start - start.max(1, keepdims=True))
    target /= target.sum(1, keepdims=True)
    target[:first] = np.eye(STATES)[states[0]]
    counts = np.ones(len(target))
    counts[:first] = weight
    gram = SpanOptions().gram
    move = held_regression((every[:, rows] * gram).astype(np.float64), start, target, counts, pull, iterations) * gram
    weights = spans.weights.copy()
    wanted = weights[rows] + move * emission / spans.scale
    weights[rows] = np.clip(np.rint(wanted), -MOST_OF_EIGHT, MOST_OF_EIGHT).astype(np.int8)
    return replace(spans, weights=weights)


def emission_of(base: Model) -> float:
    """By what the tagger's logits were scaled down when the model was exported."""
    options = base.manifest.get("options", {}).get("span_options", {})
    return float(options.get("emission", SpanOptions().emission))


def adapt_accept(
    base: Model,
    spans: SpanModel,
    lines: LineModel,
    new: TaggedLines,
    old: TaggedLines,
    *,
    weight: float,
    pull: float,
    iterations: int,
) -> NDArray[np.float32]:
    """The judge's own weights moved, by the runs that the new tagger finds; its trees stay."""
    facts, targets, counts = [], [], []
    for tagged, own in ((new, True), (old, False)):
        chosen = np.arange(tagged.page.size)
        runs, found, _ = candidate_runs(tagged.read, chosen, lines, spans, base.tables)
        good = true_share(tagged, runs) >= MOSTLY if own else run_scores(found, spans)
        facts.append(found)
        targets.append(np.asarray(good, np.float64))
        counts.append(np.full(len(found), weight if own else 1.0))
    every = np.concatenate(facts)
    if not len(every):
        return spans.accept
    x = np.column_stack([every, np.ones(len(every))]).astype(np.float64)
    start = np.column_stack([np.zeros(len(x)), run_logits(every, *spans.judge)])
    share = np.concatenate(targets)
    target = np.column_stack([1 - share, share])
    move = held_regression(sp.csr_matrix(x), start, target, np.concatenate(counts), FIRMER * pull, iterations)
    return (spans.accept + move[:, 1] - move[:, 0]).astype(np.float32)
