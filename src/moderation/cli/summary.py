"""The one line that `moderation clean` ends with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from moderation.cli.inputs import Item
from moderation.labels import ACTIONS, Action
from moderation.result import Result, actions_of

TELLING: Final = 1_000_000
"""Bytes from which on a speed says something; before that, compiling and loading is most of the time."""


@dataclass(slots=True)
class Summary:
    """lines: those that are not blank, by action."""

    documents: int = 0
    chars_in: int = 0
    chars_out: int = 0
    lines: dict[Action, int] = field(default_factory=lambda: dict.fromkeys(ACTIONS, 0))

    def add(self, items: Sequence[Item], results: Sequence[Result]) -> None:
        """Count the results of one batch."""
        self.documents += len(items)
        self.chars_in += sum(len(item.text) for item in items)
        self.chars_out += sum(len(result.text) for result in results)
        for action, lines in actions_of(results).items():
            self.lines[action] += lines

    def sentence(self, rejected: int, size: int, seconds: float) -> str:
        """size: bytes read."""
        removed = 1 - self.chars_out / self.chars_in if self.chars_in else 0.0
        speed = f"; {size / 1e6 / seconds:.1f} MB/s" if size >= TELLING and seconds > 0 else ""
        return (
            f"moderation: {self.documents:,} {'document' if self.documents == 1 else 'documents'}; "
            f"lines: {self.lines['keep']:,} kept, {self.lines['drop']:,} dropped, {self.lines['flag']:,} flagged; "
            f"{removed:.1%} of characters removed; {rejected:,} rejected{speed}"
        )
