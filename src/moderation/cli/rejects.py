"""Records that can't be used: counted, named on stderr, set aside in a file."""

import base64
from pathlib import Path
from typing import Any, Final

from moderation.cli.inputs import Rejected
from moderation.cli.outputs import STDOUT, Output, Transaction
from moderation.cli.progress import Progress
from moderation.formats.json_record import to_json

SHOWN: Final = 20
"""Rejections named one by one on stderr; the others are counted."""


class Rejects:
    """Sets records aside in `path`, a file that only exists if there were any; None keeps no copy."""

    def __init__(self, path: str | None, files: Transaction, progress: Progress) -> None:
        self.path = path
        self.files = files
        self.progress = progress
        self.count = 0
        self.output: Output | None = None

    def add(self, item: Rejected) -> None:
        """Report and set aside one record."""
        self.count += 1
        if self.count <= SHOWN:
            self.progress.say(f"moderation: {item.source.label}:{item.number}: rejected: {item.reason}")
        if self.path is None:
            return
        if self.output is None:
            self.output = self.files.open(self.path)
        self.output.write(to_json(rejected_record(item)))

    def finish(self) -> None:
        """Count what was not shown; a side file of an earlier run goes."""
        if self.count > SHOWN:
            self.progress.say(f"moderation: {self.count - SHOWN} more rejected")
        if self.path is None and self.count:
            self.progress.say("moderation: the rejected records were not set aside; name a file with --rejected")
        if self.path and self.path != STDOUT and not self.count and Path(self.path).is_file():
            Path(self.path).unlink()


def rejected_record(item: Rejected) -> dict[str, Any]:
    """file, line, reason, and the line: `raw` as text, or `raw_base64` where it is not UTF-8."""
    record: dict[str, Any] = {"file": item.source.label, "line": item.number, "reason": item.reason}
    try:
        record["raw"] = item.raw.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        record["raw_base64"] = base64.b64encode(item.raw).decode("ascii")
    return record
