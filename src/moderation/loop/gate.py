"""The gate of a retrained model: its figures on the built-in pages may not fall through their floors.

The floors lie a margin below the figures of the first base model, which every descendant carries in its manifest: many
small losses, each within the margin, would otherwise add up unseen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

GUARDED: Final = (
    "keep_f1",
    "content_chars_kept",
    "junk_chars_removed",
    "spam_lines_removed",
    "family_macro_f1",
    "label_accuracy",
    "span_char_f1",
)
"""The figures with a floor; docs/metrics.md defines them."""
MARGIN: Final = 0.01
WIDER: Final = {"span_char_f1": 3.0}
"""Margins as a multiple: so few of the built-in lines have spans that one of them moves the figure by a hundredth."""


@dataclass(frozen=True, slots=True)
class Gate:
    """reference: figures of the first base model, from which floors are counted. figures: of the retrained one.

    failed: a sentence for each figure below its floor.
    """

    margin: float
    reference: dict[str, float]
    figures: dict[str, float]
    failed: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the model may serve."""
        return not self.failed

    def record(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        return {
            "passed": self.passed,
            "margin": self.margin,
            "failed": list(self.failed),
            "reference": {name: round(value, 4) for name, value in self.reference.items()},
            "figures": {name: round(value, 4) for name, value in self.figures.items()},
        }


def gate(manifest: Mapping[str, Any], before: Mapping[str, float], after: Mapping[str, float], margin: float) -> Gate:
    """manifest: the base model's. before, after: the figures of base and retrained model on the built-in pages."""
    carried = manifest.get("retrained", {}).get("gate", {}).get("reference", {})
    reference = {name: max(carried.get(name, 0.0), before[name]) for name in GUARDED}
    figures = {name: after[name] for name in GUARDED}
    floors = {name: reference[name] - margin * WIDER.get(name, 1.0) for name in GUARDED}
    failed = tuple(
        f"{name} {figures[name]:.4f}, floor {floors[name]:.4f}" for name in GUARDED if figures[name] < floors[name]
    )
    return Gate(margin, reference, figures, failed)
