"""The one line that `moderation clean` ends with."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from moderation.cli.inputs import Item
from moderation.labels import ACTIONS
from moderation.result import Result


@dataclass(slots=True)
class Summary:
    """lines: int64, lines that are not blank by action, in the order of ACTIONS."""

    documents: int = 0
    chars_in: int = 0
    chars_out: int = 0
    lines: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(ACTIONS), np.int64))

    def add(self, items: Sequence[Item], results: Sequence[Result]) -> None:
        """Count the results of one batch."""
        self.documents += len(items)
        self.chars_in += sum(len(item.text) for item in items)
        self.chars_out += sum(len(result.text) for result in results)
        # whole arrays: a typed verdict for every line would cost more than judging it
        for decision in {id(result._decision): result._decision for result in results}.values():
            used = decision.action[~decision.judgement.lines.blank]
            self.lines += np.bincount(used, minlength=len(ACTIONS))

    def sentence(self, rejected: int, size: int, seconds: float) -> str:
        """size: bytes read."""
        lines = dict(zip(ACTIONS, self.lines.tolist(), strict=True))
        removed = 1 - self.chars_out / self.chars_in if self.chars_in else 0.0
        return (
            f"moderation: {self.documents:,} documents; "
            f"lines: {lines['keep']:,} kept, {lines['drop']:,} dropped, {lines['flag']:,} flagged; "
            f"{removed:.1%} of characters removed; {rejected:,} rejected; {size / 1e6 / max(seconds, 1e-9):.1f} MB/s"
        )
