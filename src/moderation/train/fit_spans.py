"""Spans: a character tagger over the same n-grams, boundary costs, and a judge of found runs."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import scipy.sparse as sp
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from moderation.kernel.ngrams import ORDERS, gram_rows
from moderation.kernel.spans import CLASSES, EDGES, STATES, edge_step
from moderation.labels import BY_NAME
from moderation.lines import Lines, read_lines
from moderation.model.model import LineModel, SpanModel
from moderation.spans import candidate_runs
from moderation.text.batch import pack
from moderation.text.tables import Tables
from moderation.train.dataset import LabelledPage
from moderation.train.fit_judge import fit_judge, no_judge
from moderation.train.fit_lines import row_a_class
from moderation.train.rounding import eight_bits

STATE_OF_FAMILY: Final = {"keep": 0, "chrome": 1, "spam": 2, "noise": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanOptions:
    """plain: share of the lines without junk that are learned from. emission: how much a character's own score counts
    beside the boundary costs, since overlapping grams count the same evidence several times. prior: how much of the
    states' own frequency is taken out of the scores, which the boundary costs already hold. own: what a run of
    somebody's own pages counts to the judge, beside one of the authored corpus, which holds more spans than a crawl."""

    plain: float = 0.25
    c: float = 2.0
    gram: float = 0.35
    emission: float = 0.3
    boundary: float = 1.0
    prior: float = 0.85
    smoothing: float = 0.5
    folds: int = 3
    iterations: int = 60
    own: float = 4.0


DEFAULTS: Final = SpanOptions()


@dataclass(frozen=True, slots=True)
class TaggedLines:
    """Content lines: their folded copy, the state of every folded character, and the page of every line."""

    read: Lines
    state: NDArray[np.int8]
    page: NDArray[np.int64]
    junky: NDArray[np.bool_]


def tagged_lines(pages: Sequence[LabelledPage], tables: Tables) -> TaggedLines:
    """The content lines of the pages with their spans as states."""
    texts, spans, numbers = [], [], []
    for number, page in enumerate(pages):
        of_line: dict[int, list[tuple[int, int, int]]] = {}
        for span in page.spans:
            state = STATE_OF_FAMILY[BY_NAME[span.label].family]
            of_line.setdefault(span.line, []).append((span.start, span.end, state))
        for n, (line, label) in enumerate(zip(page.lines, page.labels, strict=True)):
            if label == "content":
                texts.append(line)
                spans.append(of_line.get(n, []))
                numbers.append(number)
    read = read_lines(pack(texts), tables)
    original = np.zeros(read.batch.codes.size, np.int8)
    for start, found in zip(read.line_start, spans, strict=True):
        for a, b, state in found:
            original[start + a : start + b] = state
    return TaggedLines(
        read, original[read.source], np.array(numbers, np.int64), np.array([bool(found) for found in spans])
    )


def character_table(
    tagged: TaggedLines, chosen: NDArray[np.int64], bits: int
) -> tuple[sp.csr_matrix, NDArray[np.int64]]:
    """One row a folded character of the chosen lines: counts of the grams that cover it, then its edge steps."""
    read = tagged.read
    rows, columns, edges, at, places = [], [], [], 0, []
    gram_start = np.concatenate([[0], np.cumsum(read.n_grams)])
    all_grams = gram_rows(read.folded, read.fold_start, gram_start, bits)
    for k in chosen:
        first, n = int(read.fold_start[k]), int(read.fold_start[k + 1] - read.fold_start[k])
        grams = all_grams[gram_start[k] : gram_start[k + 1]]
        begin = np.repeat(np.arange(-1, n + 1), [min(ORDERS, n + 1 - i) for i in range(-1, n + 1)])
        order = np.concatenate([np.arange(min(ORDERS, n + 1 - i)) for i in range(-1, n + 1)])
        for back in range(ORDERS):
            place = begin + back
            inside = (order >= back) & (place >= 0) & (place < n)
            rows.append(place[inside] + at)
            columns.append(grams[inside])
        steps = [edge_step(i) * EDGES + edge_step(n - 1 - i) for i in range(n)]
        edges.append(np.array(steps, np.int64))
        places.append(np.arange(first, first + n))
        at += n
    row, column, edge = np.concatenate(rows), np.concatenate(columns), np.concatenate(edges)
    grams_of = sp.csr_matrix((np.ones(row.size, np.float32), (row, column)), (at, 1 << bits))
    edge_of = sp.csr_matrix((np.ones(at, np.float32), (np.arange(at), edge)), (at, EDGES * EDGES))
    return sp.hstack([grams_of, edge_of]).tocsr(), np.concatenate(places)


def fit_tagger(
    tagged: TaggedLines, chosen: NDArray[np.int64], bits: int, tables: Tables, options: SpanOptions
) -> SpanModel:
    """Fit the tagger on the chosen lines, and no judge of runs yet. bits: log2 of the rows."""
    size = 1 << bits
    if not tagged.junky[chosen].any():
        return no_tagger(size)
    x, places = character_table(tagged, chosen, bits)
    y = tagged.state[places]
    frequency = np.bincount(x.indices, minlength=x.shape[1])[:size]
    active = np.flatnonzero(frequency >= 4)
    keep = np.concatenate([active, np.arange(size, x.shape[1])])
    scale = np.full(keep.size, options.gram, np.float32)
    scale[active.size :] = 1.0
    model = LogisticRegression(C=options.c, max_iter=options.iterations, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x[:, keep] @ sp.diags(scale), y)
    coef = np.zeros((STATES, x.shape[1]))
    bias = np.full(STATES, -20.0)
    weights_found, bias_found = row_a_class(model)
    coef[np.ix_(model.classes_, keep)] = weights_found * scale
    bias[model.classes_] = bias_found
    share = (np.bincount(y, minlength=STATES) + 1.0) / (y.size + STATES)
    bias += options.prior * np.log(share[0] / share)
    weights, steps = eight_bits(coef[:, :size].T)
    edge = coef[:, size:].T.reshape(EDGES, EDGES, STATES) + bias
    begin, close = boundary_worth(tagged, chosen, tables, options)
    return SpanModel(
        weights=np.ascontiguousarray(weights),
        scale=np.ascontiguousarray(steps * options.emission, np.float32),
        edge=np.ascontiguousarray(edge * options.emission, np.float32),
        begin=begin,
        close=close,
        **no_judge(),
    )


def no_tagger(rows: int) -> SpanModel:
    """Finds nothing: what is learned from lines without junk."""
    edge = np.zeros((EDGES, EDGES, STATES), np.float32)
    edge[:, :, 1:] = -20.0
    free = np.zeros((CLASSES, CLASSES), np.float32)
    weights = np.zeros((rows, STATES), np.int8)
    return SpanModel(weights, np.zeros(STATES, np.float32), edge, free, free, **no_judge())


def boundary_worth(
    tagged: TaggedLines, chosen: NDArray[np.int64], tables: Tables, options: SpanOptions
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Log-odds of a run beginning, and of one closing, between two character classes: (CLASSES, CLASSES) each."""
    read = tagged.read
    counts = np.zeros((4, CLASSES, CLASSES))
    codes = read.batch.codes[read.source]
    kinds = tables.char_class[tables.page[np.minimum(codes >> 8, tables.page.size - 1)], codes & 255]
    for k in chosen:
        a, b = read.fold_start[k : k + 2]
        kind = np.concatenate([[CLASSES - 1], kinds[a:b], [CLASSES - 1]])
        state = np.concatenate([[0], tagged.state[a:b], [0]])
        before, after = state[:-1], state[1:]
        pair = (kind[:-1], kind[1:])
        np.add.at(counts[0], pair, (after > 0) & (before != after))
        np.add.at(counts[1], pair, before == 0)
        np.add.at(counts[2], pair, (before > 0) & (before != after))
        np.add.at(counts[3], pair, before > 0)
    worth = []
    for event, base in ((counts[0], counts[1]), (counts[2], counts[3])):
        prior = event.sum() / max(1.0, base.sum())
        strength = options.smoothing * 20
        p = (event + strength * prior) / (base + strength)
        worth.append((options.boundary * np.log(p / (1 - np.minimum(p, 0.98)))).astype(np.float32))
    worth[1] = np.minimum(worth[1], 1.0)
    return np.minimum(worth[0], 0.0), worth[1]


def fit_spans(
    pages: Sequence[LabelledPage],
    fold: NDArray[np.int64],
    lines: LineModel,
    tables: Tables,
    options: SpanOptions = DEFAULTS,
    seed: int = 0,
    jobs: int = 1,
) -> SpanModel:
    """Fit tagger and boundaries on all pages, and the judge of runs on runs found in pages the tagger had not seen."""
    tagged = tagged_lines(pages, tables)
    random = np.random.default_rng(seed)
    picked = (tagged.junky | (random.random(tagged.junky.size) < options.plain)) & (tagged.read.n_grams > 0)
    line_fold = fold[tagged.page] % options.folds

    def part(k: int) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
        seen = np.flatnonzero(picked & (line_fold != k))
        model = fit_tagger(tagged, seen, lines.bits, tables, options)
        return candidate_runs(tagged.read, np.flatnonzero(line_fold == k), lines, model, tables)

    found = Parallel(jobs)(delayed(part)(k) for k in np.unique(line_fold))
    runs = np.concatenate([r for r, _, _ in found])
    facts = np.concatenate([f for _, f, _ in found])
    model = fit_tagger(tagged, np.flatnonzero(picked), lines.bits, tables, options)
    counts = np.array([options.own if page.own else 1.0 for page in pages])[tagged.page[runs[:, 0]]]
    return replace(model, **fit_judge(facts, true_share(tagged, runs), counts, seed))


def true_share(tagged: TaggedLines, runs: NDArray[np.int64]) -> NDArray[np.float64]:
    """How much of each run is junk by the labels, of any state."""
    junk = np.concatenate([[0], np.cumsum(tagged.state > 0)])
    first = tagged.read.fold_start[runs[:, 0]]
    inside: NDArray[np.float64] = (junk[first + runs[:, 2]] - junk[first + runs[:, 1]]) / (runs[:, 2] - runs[:, 1])
    return inside
