"""Pages to clean pages: clean_many against the scikit-learn pipeline, on the same pages in the same run.

The pipeline's side splits the pages, predicts each line and joins the lines of the class content: the least that a
cleaner must do. Ours also keeps the record of every cut and can give it out.
"""

from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.conftest import Race
from benchmarks.data import megabytes, pages, sklearn_pipeline
from moderation.labels import CONTENT
from moderation.moderate import Moderator

CONTESTANTS = ("clean_many", "clean_many with records", "scikit-learn")
"""The last one is the baseline."""


def test_clean_many(benchmark: BenchmarkFixture, race: Race, moderator: Moderator) -> None:
    race.run(benchmark, CONTESTANTS[0], megabytes(pages()), lambda: moderator.clean_many(pages()))


def test_clean_many_and_every_record(benchmark: BenchmarkFixture, race: Race, moderator: Moderator) -> None:
    def with_records() -> None:
        for result in moderator.clean_many(pages()):
            result.record()

    race.run(benchmark, CONTESTANTS[1], megabytes(pages()), with_records)


def test_scikit_learn(benchmark: BenchmarkFixture, race: Race) -> None:
    pipeline = sklearn_pipeline()

    def clean() -> list[str]:
        split = [text.split("\n") for text in pages()]
        found = iter(pipeline.predict([line for page in split for line in page]))
        return ["\n".join(line for line in page if next(found) == CONTENT) for page in split]

    race.run(benchmark, CONTESTANTS[2], megabytes(pages()), clean)
