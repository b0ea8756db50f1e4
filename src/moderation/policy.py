"""Policies: what is done with each label, and from which probability on.

A policy says what a verdict triggers; it never changes labels or scores. Built-in ones lie in data/policies as the
same small TOML files that users write.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from moderation.errors import PolicyError
from moderation.labels import ACTIONS, BY_NAME, CONTENT, LABELS, NAMES, Action

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_THRESHOLD: Final = 0.5
BUILT_IN: Final = ("default", "keep-meta", "spam-only", "flag-only")
CONTENT_NAME: Final = NAMES[CONTENT]
NO_CONTENT: Final = "content can't be dropped: nothing would be left; use keep or flag"
KEYS: Final = {"name", "description", "threshold", "span_threshold", "repair", "labels"}


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with a label once the probability of junk reaches `threshold`, in [0, 1]."""

    action: Action
    threshold: float


@dataclass(frozen=True)
class Policy:
    """Rules in the order of the label table. Spans are cut from `span_threshold` on; `repair` mends kept text."""

    name: str
    rules: tuple[Rule, ...]
    span_threshold: float
    repair: bool
    description: str = ""

    def rule(self, label: str) -> Rule:
        """The rule for a label's name."""
        return self.rules[NAMES.index(label)]

    @cached_property
    def rule_arrays(self) -> "tuple[NDArray[np.uint8], NDArray[np.float32]]":
        """Action, a place in ACTIONS, and threshold of each label."""
        import numpy as np  # noqa: PLC0415  (the command line reads policies, also where nothing is to be cleaned)

        action = np.array([ACTIONS.index(rule.action) for rule in self.rules], np.uint8)
        return action, np.array([rule.threshold for rule in self.rules], np.float32)


def load_policy(name_or_path: str | Path) -> Policy:
    """A built-in policy by name, or one from a TOML file.

    Raises PolicyError: an unknown name (the known ones are listed), an unreadable file, an unknown label or key, an
    unknown action, a threshold outside [0, 1].
    """
    text = str(name_or_path)
    if text in BUILT_IN:
        return built_in(text)
    path = Path(text)
    if not path.is_file():
        raise PolicyError(f"no policy {text!r}: built in are {', '.join(BUILT_IN)}; otherwise name a TOML file")
    try:
        return parse_policy(path.read_text("utf-8"), where=text, name=path.stem)
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{text}: can't be read as UTF-8 text ({error})") from None


@cache
def built_in(name: str) -> Policy:
    """A policy that ships with the package."""
    source = resources.files("moderation") / "data" / "policies" / f"{name}.toml"
    return parse_policy(source.read_text("utf-8"), where=name, name=name)


def derived(
    base: Policy,
    *,
    name: str,
    actions: Mapping[str, Action],
    thresholds: Mapping[str, float],
    threshold: float | None = None,
    span_threshold: float | None = None,
    repair: bool | None = None,
) -> Policy:
    """A policy that differs from `base` in what is named; actions and thresholds by label, already checked.

    threshold: for every label that has none in `thresholds`. Raises PolicyError where content would be dropped.
    """
    if actions.get(CONTENT_NAME) == "drop":
        raise PolicyError(NO_CONTENT)
    rules = tuple(
        Rule(
            actions.get(label, rule.action),
            thresholds.get(label, rule.threshold if threshold is None else threshold),
        )
        for label, rule in zip(NAMES, base.rules, strict=True)
    )
    spans = base.span_threshold if threshold is None else threshold
    return Policy(
        name,
        rules,
        spans if span_threshold is None else span_threshold,
        base.repair if repair is None else repair,
    )


def parse_policy(text: str, *, where: str, name: str) -> Policy:
    """A policy from TOML; `where` is named in errors, `name` is used where the file gives none."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{where}: not TOML ({error})") from None
    unknown = set(data) - KEYS
    if unknown:
        raise PolicyError(f"{where}: unknown key {min(unknown)!r}; known keys: {', '.join(sorted(KEYS))}")
    base = threshold(data.get("threshold", DEFAULT_THRESHOLD), f"{where}: threshold")
    spans = threshold(data.get("span_threshold", base), f"{where}: span_threshold")
    repair = data.get("repair", False)
    if not isinstance(repair, bool):
        raise PolicyError(f"{where}: repair must be true or false, found {repair!r}")
    labels = data.get("labels", {})
    if not isinstance(labels, dict):
        raise PolicyError(f"{where}: [labels] must be a table, one key a label")
    for label in labels:
        if label not in BY_NAME:
            raise PolicyError(f"{where}: unknown label {label!r}; known labels: {', '.join(NAMES)}")
    if parse_rule(labels.get(CONTENT_NAME, "keep"), base, f"{where}: labels.{CONTENT_NAME}").action == "drop":
        raise PolicyError(f"{where}: {NO_CONTENT}")
    rules = tuple(
        parse_rule(labels.get(label.name, label.default_action), base, f"{where}: labels.{label.name}")
        for label in LABELS
    )
    called = text_of(data.get("name", name), f"{where}: name")
    if not called.strip():
        raise PolicyError(f"{where}: name is empty; verdicts tell policies apart by it")
    return Policy(called, rules, spans, repair, text_of(data.get("description", ""), f"{where}: description"))


def parse_rule(value: Any, base: float, where: str) -> Rule:
    """`"drop"` or `{ action = "drop", threshold = 0.9 }`."""
    entry = value if isinstance(value, dict) else {"action": value}
    unknown = set(entry) - {"action", "threshold"}
    if unknown:
        raise PolicyError(f"{where}: unknown key {min(unknown)!r}; known keys: action, threshold")
    action = entry.get("action", "drop")
    if action not in ACTIONS:
        raise PolicyError(f"{where}: unknown action {action!r}; known actions: {', '.join(ACTIONS)}")
    return Rule(action, threshold(entry.get("threshold", base), f"{where}.threshold"))


def text_of(value: Any, where: str) -> str:
    """A string."""
    if not isinstance(value, str):
        raise PolicyError(f"{where} must be a text in quotes, found {value!r}")
    return value


def threshold(value: Any, where: str) -> float:
    """A number in [0, 1]."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise PolicyError(f"{where} must be a number from 0 to 1, found {value!r}")
    return float(value)
