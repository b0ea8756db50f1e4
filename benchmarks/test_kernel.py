"""Lines to labels: our kernels against scikit-learn, on the same lines in the same run, one thread each.

Ours start from the UTF-32 batch and split, fold and score it; the pipeline starts from a list of strings that are
lines already. Ours give twelve probabilities a line, the pipeline the likeliest class alone.
"""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import Race
from benchmarks.data import lines, megabytes, sklearn_pipeline
from moderation.judge import judge, line_scores
from moderation.lines import read_lines
from moderation.moderate import Moderator
from moderation.text.batch import Batch, pack

CONTESTANTS = ("judge, both stages", "judge, first stage", "scikit-learn")
"""The last one is the baseline."""


@pytest.fixture(scope="module")
def batch() -> Batch:
    """Every line of the authored pages, as one document."""
    return pack(["\n".join(lines())])


def test_judge_with_both_stages(benchmark: BenchmarkFixture, race: Race, moderator: Moderator, batch: Batch) -> None:
    race.run(benchmark, CONTESTANTS[0], megabytes(lines()), lambda: judge(batch, moderator.model))


def test_judge_with_the_first_stage_alone(
    benchmark: BenchmarkFixture, race: Race, moderator: Moderator, batch: Batch
) -> None:
    model = moderator.model

    def first_stage() -> None:
        line_scores(read_lines(batch, model.tables), model.lines)

    race.run(benchmark, CONTESTANTS[1], megabytes(lines()), first_stage)


def test_scikit_learn(benchmark: BenchmarkFixture, race: Race) -> None:
    pipeline = sklearn_pipeline()
    race.run(benchmark, CONTESTANTS[2], megabytes(lines()), lambda: pipeline.predict(lines()))
