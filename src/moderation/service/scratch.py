"""Temporary folders of the service, and getting rid of those that a killed process left behind.

A folder is marked by a file that its process holds locked: the system lets go of the lock when the process ends,
however it ends, so that a folder whose mark can be locked is nobody's.
"""

import os
import shutil
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import Final

PREFIX: Final = "moderation-"
MARK: Final = "in-use"


class Scratch:
    """A folder of this process's own, until it is closed."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix=PREFIX))
        made = self.folder / f".{MARK}"
        self._mark = made.open("w")
        flock(self._mark, LOCK_EX)
        made.rename(self.folder / MARK)  # only now can others see it

    def close(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._mark.close()


def sweep(within: Path | None = None) -> list[Path]:
    """Delete the folders whose process is gone; returns them. Whatever has no mark, or another owner, is left alone."""
    gone = []
    for mark in (within or Path(gettempdir())).glob(f"{PREFIX}*/{MARK}"):
        with suppress(OSError):  # another process was quicker, or it is not ours to touch
            if mark.stat().st_uid == os.geteuid() and abandoned(mark):
                shutil.rmtree(mark.parent)
                gone.append(mark.parent)
    return gone


def abandoned(mark: Path) -> bool:
    """Whether no process holds the mark. Raises OSError where it can't be opened."""
    with mark.open("r+") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return False
    return True
