"""The label table: one row a label, with its code, family and what is done with it by default.

The meaning of each label is the contract in docs/labelling.md.
"""

from dataclasses import dataclass
from typing import Final, Literal

from moderation.errors import UnknownLabelError

Family = Literal["keep", "chrome", "spam", "noise"]
Action = Literal["keep", "flag", "drop"]


@dataclass(frozen=True, slots=True)
class Label:
    """One row of the table. `code` is the letter used in labelled pages."""

    code: str
    name: str
    family: Family
    default_action: Action
    colour: str


LABELS: Final[tuple[Label, ...]] = (
    Label("C", "content", "keep", "keep", "default"),
    Label("M", "meta", "chrome", "drop", "cyan"),
    Label("N", "nav", "chrome", "drop", "blue"),
    Label("W", "widget", "chrome", "drop", "bright_blue"),
    Label("R", "related", "chrome", "drop", "bright_cyan"),
    Label("F", "footer", "chrome", "drop", "bright_black"),
    Label("A", "adult", "spam", "drop", "bright_magenta"),
    Label("G", "gambling", "spam", "drop", "bright_red"),
    Label("I", "illicit", "spam", "drop", "red"),
    Label("P", "promo", "spam", "drop", "yellow"),
    Label("K", "seo", "spam", "drop", "bright_yellow"),
    Label("X", "noise", "noise", "drop", "magenta"),
)
"""The order is the order of the columns in every score array and in a model's manifest."""

NAMES: Final[tuple[str, ...]] = tuple(label.name for label in LABELS)
CONTENT: Final = 0
"""Column of the one label of the `keep` family."""

FAMILIES: Final[tuple[Family, ...]] = ("keep", "chrome", "spam", "noise")
ACTIONS: Final[tuple[Action, ...]] = ("keep", "flag", "drop")

BY_NAME: Final[dict[str, Label]] = {label.name: label for label in LABELS}
BY_CODE: Final[dict[str, Label]] = {label.code: label for label in LABELS}
INDEX: Final[dict[str, int]] = {label.name: i for i, label in enumerate(LABELS)}


def find_label(name_or_code: str) -> Label:
    """The row with this name or code.

    Raises UnknownLabelError, which lists the known names.
    """
    label = BY_NAME.get(name_or_code) or BY_CODE.get(name_or_code)
    if label is None:
        known = ", ".join(f"{label.name} ({label.code})" for label in LABELS)
        raise UnknownLabelError(f"unknown label {name_or_code!r}; known labels: {known}")
    return label
