"""What is asked about each document once it is judged: whether it goes as a whole.

A step is a function of a source, a chunk and its results; for each document it gives the reason to drop it, or None.
The first step that gives a reason decides. Steps are made in every worker from the run's settings.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from moderation.crawl.settings import Settings
from moderation.formats.base import Chunk, Source
from moderation.result import Result

Step: TypeAlias = Callable[[Source, Chunk, Sequence[Result]], Sequence[str | None]]


def steps_of(settings: Settings) -> list[Step]:
    """The steps that the settings ask for. Raises UsageError for a rule that can't be read."""
    from moderation.crawl.drop import drop_step  # noqa: PLC0415

    return [drop_step(settings.drop)] if settings.drop else []


def reasons_to_drop(steps: Sequence[Step], source: Source, chunk: Chunk, results: Sequence[Result]) -> list[str | None]:
    """For each document, the first step's reason."""
    reasons: list[str | None] = [None] * len(results)
    for step in steps:
        for n, reason in enumerate(step(source, chunk, results)):
            reasons[n] = reasons[n] if reasons[n] is not None else reason
    return reasons
