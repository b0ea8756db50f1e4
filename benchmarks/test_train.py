"""Training, stage by stage, on a part of the authored pages: the line model, the second stage, and spans.

What a whole training does besides is do these again for every fold. MB are of the pages that are learned from; the
baseline is the line model.
"""

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import Race
from benchmarks.data import megabytes
from moderation.judge import First, line_scores
from moderation.kernel.outlook import OUTLOOK
from moderation.lines import read_lines
from moderation.model.model import LineModel
from moderation.text.batch import pack
from moderation.text.tables import built_tables
from moderation.train.corpus import authored_pages, trainable
from moderation.train.dataset import LabelledPage
from moderation.train.features import line_features
from moderation.train.fit_context import Table, fit_context_model, fold_of_pages, page_features, table_of
from moderation.train.fit_lines import DEFAULTS, fit_line_model
from moderation.train.fit_spans import SpanOptions, fit_spans

PAGES = 120
CONTESTANTS = ("features of lines", "second stage", "spans", "line model")
"""The last one is the baseline."""


@pytest.fixture(scope="module")
def learned() -> list[LabelledPage]:
    """Some pages that may be learned from, of all kinds."""
    return trainable(authored_pages())[::13][:PAGES]


@pytest.fixture(scope="module")
def table(learned: list[LabelledPage]) -> Table:
    return table_of(learned)


@pytest.fixture(scope="module")
def first(table: Table) -> LineModel:
    """The line model that the later stages build on."""
    return fit_line_model(table.lines, table.labels, table.weight, built_tables())


def size(table: Table) -> float:
    """Megabytes of the lines."""
    return megabytes(tuple(table.lines))


def test_features(benchmark: BenchmarkFixture, race: Race, table: Table) -> None:
    race.run(benchmark, CONTESTANTS[0], size(table), lambda: line_features(table.lines, built_tables(), DEFAULTS.bits))


def test_second_stage(benchmark: BenchmarkFixture, race: Race, table: Table, first: LineModel) -> None:
    scores = line_scores(read_lines(pack(table.lines), built_tables()), first)

    nothing = np.zeros((len(table.lines), OUTLOOK), np.float32)

    def fit() -> None:
        around = page_features(table, First(scores, nothing), built_tables())
        fit_context_model(around, table.labels, table.page, table.weight)

    race.run(benchmark, CONTESTANTS[1], size(table), fit)


def test_spans(
    benchmark: BenchmarkFixture, race: Race, table: Table, learned: list[LabelledPage], first: LineModel
) -> None:
    fold = fold_of_pages(len(learned), SpanOptions().folds, 0)
    race.run(benchmark, CONTESTANTS[2], size(table), lambda: fit_spans(learned, fold, first, built_tables()))


def test_line_model(benchmark: BenchmarkFixture, race: Race, table: Table) -> None:
    def fit() -> None:
        fit_line_model(table.lines, table.labels, table.weight, built_tables())

    race.run(benchmark, CONTESTANTS[3], size(table), fit)
