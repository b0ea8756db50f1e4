"""What the commands write: files that get their names only when everything is done."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO, Final

from moderation.errors import OutputError, UsageError

STDOUT: Final = "-"
NUMBERS: Final = count()


class Output:
    """An open output. A regular file is written under a temporary name beside its own; a device or pipe directly."""

    def __init__(self, path: str) -> None:
        self.path = path
        target = Path(path)
        special = path != STDOUT and target.exists() and not target.is_file() and not target.is_dir()
        self.target = None if path == STDOUT or special else target.resolve()
        self.part = self.target and self.target.with_name(f".moderation-{os.getpid()}-{next(NUMBERS)}.part")
        self.file: IO[bytes]
        with naming(path):
            if self.target and self.target.is_dir():
                raise OutputError(f"{path}: is a folder")
            self.file = sys.stdout.buffer if path == STDOUT else (self.part or target).open("xb" if self.part else "wb")

    def write(self, data: bytes) -> None:
        """Raises OutputError when, for instance, the disk is full."""
        with naming(self.path):
            self.file.write(data)

    def close(self) -> None:
        """Flush all the way to the disk; the file has no name yet."""
        with naming(self.path):
            self.file.flush()
            if self.part and not self.file.closed:
                os.fsync(self.file.fileno())
            if self.path != STDOUT:
                self.file.close()

    def commit(self) -> None:
        """Give the file its name."""
        if self.part and self.target:
            with naming(self.path):
                self.part.replace(self.target)

    def discard(self) -> None:
        """Leave nothing behind."""
        if self.part:
            with suppress(OSError):
                self.file.close()
            self.part.unlink(missing_ok=True)


class Transaction:
    """Outputs that appear together or not at all."""

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self.folders: list[Path] = []

    def make_folder(self, path: str) -> None:
        """Make the folder, and those above it, where they are missing. Raises OutputError."""
        folder = Path(path)
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        with naming(path):
            folder.mkdir(parents=True, exist_ok=True)
        self.folders += missing

    def open(self, path: str) -> Output:
        """Open one more output. Raises OutputError."""
        output = Output(path)
        self.outputs.append(output)
        return output

    def write(self, path: str, data: bytes) -> None:
        """One whole file."""
        output = self.open(path)
        output.write(data)
        output.close()

    def commit(self) -> None:
        """Give all their names, once all are on the disk."""
        for output in self.outputs:
            if not output.file.closed:
                output.close()
        for output in self.outputs:
            output.commit()

    def discard(self) -> None:
        """Leave nothing behind."""
        for output in self.outputs:
            output.discard()
        for folder in self.folders:
            with suppress(OSError):  # somebody else may have put something there
                folder.rmdir()


@contextmanager
def transaction() -> Iterator[Transaction]:
    """Commit at the end, or discard everything on any error and on Ctrl-C."""
    outputs = Transaction()
    try:
        yield outputs
        outputs.commit()
    except BaseException:
        outputs.discard()
        raise


@contextmanager
def naming(path: str) -> Iterator[None]:
    """Turn errors of the system into one sentence; a reader that went away is not an error of ours."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        where = "stdout" if path == STDOUT else path
        raise OutputError(f"{where}: can't be written ({error.strerror or error})") from None


def is_folder(path: str) -> bool:
    """Whether the user means a folder: an existing one, or a name that ends in a slash."""
    return path != STDOUT and (path.endswith(("/", os.sep)) or Path(path).is_dir())


def check_folder(path: str, to_be_made: str | None = None) -> None:
    """Raises OutputError where the folder that a file is to lie in is missing; the file itself may never be needed.

    to_be_made: a folder that will be made, with those above it, before the file is written.
    """
    parent = Path(path).parent
    if path == STDOUT or parent.is_dir():
        return
    made = Path(to_be_made).resolve() if to_be_made else None
    if made is None or parent.resolve() not in (made, *made.parents):
        raise OutputError(f"{path}: can't be written (no folder {parent})")


def others_in(folder: str, own: Sequence[str]) -> int:
    """How many files the folder holds that are none of `own`; hidden ones do not count."""
    known = {Path(path).resolve() for path in own}
    return sum(
        path.is_file() and path.name[0] != "." and path.resolve() not in known for path in Path(folder).iterdir()
    )


def refuse_overwriting(inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Raises UsageError if an output is an input, or another output."""
    for n, output in enumerate(outputs):
        if output in outputs[:n]:
            raise UsageError(f"{'stdout' if output == STDOUT else output} is named for two outputs; use two files")
        for path in inputs:
            if STDOUT not in (path, output) and same_file(path, output):
                raise UsageError(f"{output} is both input and output; write to another file")


def same_file(one: str, other: str) -> bool:
    """Whether both names lead to one regular file."""
    first, second = Path(one), Path(other)
    return first.is_file() and second.is_file() and first.samefile(second)
