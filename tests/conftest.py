"""Where every program and package is installed, as `.ci/run` does, no test may be passed over unnoticed."""

import os
from typing import Final

import pytest

MAY_SKIP: Final = ("tests/quality/test_floors.py::test_figures_on_crawled_pages_stay_above_their_floors",)
"""Tests of what does not ship with the code."""


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which a test skipped, where MODERATION_NO_SKIP is set."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("MODERATION_NO_SKIP") or reporter is None:
        return
    skipped = [report.nodeid for report in reporter.stats.get("skipped", ()) if report.nodeid not in MAY_SKIP]
    if skipped:
        reporter.write_line(f"\nskipped, though MODERATION_NO_SKIP is set: {', '.join(skipped)}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
