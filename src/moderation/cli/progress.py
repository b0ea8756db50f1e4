"""What stderr shows while a command works."""

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final

from moderation.cli.inputs import Source

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

PATIENCE: Final = 1.0
"""Seconds before a progress display is worth its space."""


class Progress:
    """Counts bytes; on a terminal, shows them once the work takes longer than a moment."""

    def __init__(self, sources: Sequence[Source], *, quiet: bool) -> None:
        sizes = [source.size for source in sources]
        self.total = None if None in sizes else sum(size or 0 for size in sizes)
        self.shown = sys.stderr.isatty() and not quiet
        self.begin = time.perf_counter()
        self.done = 0
        self.bar: Bar | None = None
        self.task: TaskID | None = None

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.bar:
            self.bar.stop()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.perf_counter() - self.begin

    def advance(self, size: int) -> None:
        """So many bytes more are done."""
        self.done += size
        if self.shown and self.bar is None and self.seconds > PATIENCE:
            self.start()
        if self.bar and self.task is not None:
            self.bar.update(self.task, completed=self.done)

    def start(self) -> None:
        """Put the display up."""
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn
        from rich.progress import Progress as Bar

        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        self.bar = Bar(*columns, console=Console(stderr=True), transient=True)
        self.task = self.bar.add_task("cleaning", total=self.total)
        self.bar.start()

    def say(self, line: str) -> None:
        """A line on stderr that the display leaves alone."""
        if self.bar:
            self.bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            print(line, file=sys.stderr)
