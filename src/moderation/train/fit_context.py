"""Second stage: a small recurrent network over pages, trained on scores that the first stage gave unseen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from moderation.judge import First, line_scores, logits_of, surroundings
from moderation.kernel.outlook import OUTLOOK
from moderation.labels import INDEX, NAMES
from moderation.lines import read_lines
from moderation.model.model import ContextModel
from moderation.text.batch import pack
from moderation.text.tables import Tables
from moderation.train.dataset import LabelledPage
from moderation.train.features import LineFeatures, line_features
from moderation.train.fit_lines import LineOptions, fit_on_features
from moderation.train.fit_network import ContextOptions, fit_network
from moderation.train.fit_outlook import asked_lines, fit_outlook
from moderation.train.page_network import Weights

DEFAULTS: Final = ContextOptions()
EXCERPTS: Final = (1, 1, 1, 1, 2, 3, 5, 8)
"""Lines of an excerpt, each number as likely as another."""
SHARE: Final = 3
"""One excerpt to so many pages."""
CLIP: Final = 4.0
"""Features count at most so many standard deviations from their mean."""


@dataclass(frozen=True, slots=True)
class Table:
    """Labelled lines of pages, one row each: texts, label columns, the page's index and the row's weight."""

    pages: Sequence[LabelledPage]
    lines: list[str]
    labels: NDArray[np.int64]
    page: NDArray[np.int64]
    weight: NDArray[np.float64]


def table_of(pages: Sequence[LabelledPage], page_weight: NDArray[np.float64] | None = None) -> Table:
    """All labelled lines of the pages, in order."""
    found = [
        (line, INDEX[label], number)
        for number, page in enumerate(pages)
        for line, label in zip(page.lines, page.labels, strict=True)
        if label is not None
    ]
    number = np.array([n for _, _, n in found], np.int64)
    weight = np.ones(len(found)) if page_weight is None else page_weight[number]
    return Table(pages, [line for line, _, _ in found], np.array([y for _, y, _ in found], np.int64), number, weight)


def fold_of_pages(n_pages: int, folds: int, seed: int) -> NDArray[np.int64]:
    """Which fold each page falls into; the parts differ by one page at most."""
    return np.random.default_rng(seed).permutation(np.arange(n_pages) % folds)


@dataclass(frozen=True, slots=True)
class Fits:
    """What the two models of single lines are fitted on. features, ahead: of the table's lines, the second with as many
    rows as outlook. asked: see fit_outlook.asked_lines. lines, outlook: how to fit."""

    features: LineFeatures
    ahead: LineFeatures
    asked: NDArray[np.int64]
    lines: LineOptions
    outlook: LineOptions


def fits_of(
    table: Table, features: LineFeatures, tables: Tables, lines: LineOptions, outlook: LineOptions, seed: int
) -> Fits:
    """Those of the outlook beside the line model's own features."""
    ahead = line_features(table.lines, tables, outlook.bits)
    return Fits(features, ahead, asked_lines(table.page, seed), lines, outlook)


def out_of_fold(table: Table, fits: Fits, fold: NDArray[np.int64], tables: Tables, jobs: int) -> First:
    """What a first stage that has not seen its page says of every line. fold: one a page."""
    line_fold = fold[table.page]
    read = read_lines(pack(table.lines), tables)

    def part(k: int, *, ahead: bool) -> NDArray[np.float32]:
        seen, own = line_fold != k, line_fold == k
        if ahead:
            model = fit_outlook(fits.ahead, table.labels, fits.asked, table.weight, seen, fits.outlook)
            foretold: NDArray[np.float32] = logits_of(read, model)[own]
            return foretold
        some = LineFeatures(fits.features.grams[seen], fits.features.shapes[seen])
        alone = fit_on_features(some, table.labels[seen], table.weight[seen], fits.lines)
        scores: NDArray[np.float32] = line_scores(read, alone)[own]
        return scores

    n = len(table.lines)
    out = First(np.zeros((n, len(NAMES)), np.float32), np.zeros((n, OUTLOOK), np.float32))
    tasks = [(k, ahead) for k in range(int(fold.max()) + 1) for ahead in (False, True)]
    found = Parallel(jobs)(delayed(part)(k, ahead=ahead) for k, ahead in tasks)
    for (k, ahead), scores in zip(tasks, found, strict=True):
        out[ahead][line_fold == k] = scores
    return out


def page_features(table: Table, first: First, tables: Tables) -> NDArray[np.float32]:
    """Context features of the table's lines, row by row."""
    texts: list[str] = []
    labelled: list[bool] = []
    for page in table.pages:
        rows = [line if label is not None else "" for line, label in zip(page.lines, page.labels, strict=True)]
        texts.append("\n".join(rows))
        labelled.extend(label is not None for label in page.labels)
    lines = read_lines(pack(texts), tables)
    found, visible = surroundings(lines, spread_out(first, np.array(labelled)))
    out = np.zeros((lines.line_start.size, found.shape[1]), np.float32)
    out[visible] = found
    rows_found: NDArray[np.float32] = out[np.array(labelled)]
    return rows_found


def spread_out(first: First, labelled: NDArray[np.bool_]) -> First:
    """The rows of the labelled lines among all lines of their pages; those of the others are zeros."""
    places = np.cumsum(labelled) - 1
    return First(*(np.where(labelled[:, None], rows[places], np.float32(0)) for rows in first))


def page_starts(page: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first row of each page that has rows, and the one behind the last. page: of each row, in order."""
    return np.append(np.flatnonzero(np.diff(page, prepend=-1)), page.size)


def with_excerpts(table: Table, first: First, seed: int) -> tuple[Table, First]:
    """The table and its scores, and behind them some excerpts of its pages, of one line or a few, as pages.

    A caller's text may be a single sentence, and no page of a crawl is. What the first stage says of a line is the
    same in an excerpt as on its page; what surrounds it is not.
    """
    random = np.random.default_rng(seed)
    starts = page_starts(table.page)
    pages = list(table.pages)
    rows: list[int] = []
    numbers: list[int] = []
    for place in random.integers(0, starts.size - 1, len(table.pages) // SHARE) if starts.size > 1 else ():
        begin = int(random.integers(starts[place], starts[place + 1]))
        some = range(begin, min(begin + int(random.choice(EXCERPTS)), starts[place + 1]))
        lines, labels = (tuple(table.lines[i] for i in some), tuple(NAMES[table.labels[i]] for i in some))
        numbers += [len(pages)] * len(some)
        rows += some
        pages.append(LabelledPage("excerpt", lines, labels))
    every = np.concatenate([np.arange(table.page.size), np.array(rows, np.int64)])
    page = np.concatenate([table.page, np.array(numbers, np.int64)])
    texts = [*table.lines, *(table.lines[i] for i in rows)]
    grown = Table(pages, texts, table.labels[every], page, table.weight[every])
    return grown, First(first.probabilities[every], first.foretold[every])


def fit_context_model(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    page: NDArray[np.int64],
    weight: NDArray[np.float64],
    options: ContextOptions = DEFAULTS,
    seed: int = 0,
) -> ContextModel:
    """Fit the network on clipped, standardised features; the standardisation goes into its weights.

    page: of each row, rows of a page in a row and in order. On one thread: beside other work, BLAS threads only wait
    for each other, and the sums stay the same.
    """
    mean = features.mean(0)
    deviation = np.maximum(features.std(0), 1e-3)
    x = np.clip((features - mean) / deviation, -CLIP, CLIP)
    first = page_starts(page)
    with threadpool_limits(1):
        weights = fit_network(x, labels, first, weight.astype(np.float32), options, seed)
    return in_units(weights, mean, deviation)


def in_units(weights: Weights, mean: NDArray[np.float32], deviation: NDArray[np.float32]) -> ContextModel:
    """The model of features as they come, from the network of standardised ones."""
    w1 = weights["w1"] / deviation[:, None]
    found = weights | {
        "low": mean - CLIP * deviation,
        "high": mean + CLIP * deviation,
        "w1": w1,
        "b1": weights["b1"] - mean @ w1,
    }
    return ContextModel(**{name: np.ascontiguousarray(array, np.float32) for name, array in found.items()})
