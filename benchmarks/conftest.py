"""Contestants of one module are measured in one run; their ratios are printed and stored when it ends."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.data import circumstances, write_result
from moderation.moderate import Moderator

ROUNDS = 7
SUMMARY: list[str] = []
"""What is printed at the end of the run."""


class Race:
    """Seconds a round of each contestant, on the same megabytes."""

    def __init__(self) -> None:
        self.measured: dict[str, dict[str, float]] = {}

    def run(self, benchmark: BenchmarkFixture, name: str, megabytes: float, call: Callable[[], Any]) -> None:
        """Measure one contestant; the first, unmeasured round compiles and warms caches."""
        measure: Any = benchmark  # its methods are not annotated
        measure.pedantic(call, rounds=ROUNDS, warmup_rounds=1, iterations=1)
        if benchmark.stats is None:  # --benchmark-disable: only whether it runs
            return
        stats = benchmark.stats.stats
        figures = {
            "seconds_median": stats.median,
            "seconds_min": stats.min,
            "seconds_max": stats.max,
            "megabytes": megabytes,
            "megabytes_per_second": megabytes / stats.median,
        }
        benchmark.extra_info.update(figures)
        self.measured[name] = {key: round(value, 5) for key, value in figures.items()}

    def ratios(self, baseline: str) -> dict[str, float]:
        """How many times the baseline's speed each contestant reaches, median against median."""
        base = self.measured[baseline]["seconds_median"]
        return {name: round(base / row["seconds_median"], 2) for name, row in self.measured.items() if name != baseline}


@pytest.fixture(scope="session")
def moderator() -> Moderator:
    return Moderator.load()


@pytest.fixture(scope="module")
def race(request: pytest.FixtureRequest, moderator: Moderator) -> Iterator[Race]:
    """The module's race. It is stored only if every contestant of the module's CONTESTANTS ran."""
    found = Race()
    yield found
    contestants: tuple[str, ...] = request.module.CONTESTANTS
    if set(found.measured) != set(contestants):
        return
    ratios = found.ratios(contestants[-1])
    name = request.module.__name__.rpartition("test_")[2]
    result = {"baseline": contestants[-1], "rounds": ROUNDS, "contestants": found.measured, "ratios": ratios}
    path = write_result(name, result | circumstances(moderator.model))
    for contestant in contestants:
        speed = found.measured[contestant]["megabytes_per_second"]
        ratio = f"{ratios[contestant]:.1f} times the baseline" if contestant in ratios else "the baseline"
        SUMMARY.append(f"{name:<12}{contestant:<26}{speed:>8.2f} MB/s  {ratio}")
    SUMMARY.append(f"stored in {path}")


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the ratios below pytest-benchmark's own table."""
    for row in SUMMARY:
        terminalreporter.write_line(row)
