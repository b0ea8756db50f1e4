"""The rules of --drop-doc: which documents go as a whole. docs/scale.md has the grammar for users.

A rule is one condition, or several with commas between them, all of which must hold: `spam-share>0.5`,
`kept-chars<50`, `adult-share>=0.3,kept-chars<200`; or the name of one of RULES. A condition is a measure, one of
`<  <=  >  >=`, and a number. Nothing is judged here: the measures count what the moderator decided.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from moderation.crawl.steps import Step
from moderation.errors import UsageError
from moderation.formats.base import Chunk, Source
from moderation.labels import ACTIONS, FAMILIES, LABELS, NAMES
from moderation.result import Result

DROP: Final = ACTIONS.index("drop")
COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
CONDITION: Final = re.compile(r"\s*([a-z-]+)\s*(<=|>=|<|>)\s*(\d+(?:\.\d*)?|\.\d+)\s*")
SHARES: Final = tuple(dict.fromkeys(f"{name}-share" for name in (*FAMILIES[1:], *NAMES)))
MEASURES: Final = ("kept-chars", "kept-lines", "kept-share", "junk-share", *SHARES)
RULES: Final[dict[str, str]] = {
    "adult-doorway": "adult-share>=0.3,content-share<0.3",
    "gambling-doorway": "gambling-share>=0.3,content-share<0.3",
    "spam-doorway": "spam-share>=0.5,content-share<0.3",
}
"""Rules with names: pages that are there to be found for porn or betting, with hardly a sentence of their own."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One measure held against a bound."""

    measure: str
    compare: str
    bound: float


@dataclass(frozen=True, slots=True)
class Rule:
    """text: as the user wrote it, which is the reason that a dropped document gets. All conditions must hold."""

    text: str
    conditions: tuple[Condition, ...]

    def holds(self, measured: Mapping[str, float]) -> bool:
        """Whether a document with these measures goes."""
        return all(COMPARE[c.compare](measured[c.measure], c.bound) for c in self.conditions)


def parse_rule(text: str) -> Rule:
    """A rule from its text. Raises UsageError, which lists what is known."""
    known = f"measures are {', '.join(MEASURES)}; named rules {', '.join(RULES)}"
    conditions = []
    for part in RULES.get(text.strip(), text).split(","):
        found = CONDITION.fullmatch(part)
        if found is None:
            raise UsageError(f"--drop-doc {text!r}: {part.strip()!r} is no rule such as spam-share>0.5; {known}")
        measure, compare, bound = found.groups()
        if measure not in MEASURES:
            raise UsageError(f"--drop-doc {text!r}: there is no measure {measure!r}; {known}")
        if measure.endswith("-share") and float(bound) > 1:
            raise UsageError(f"--drop-doc {text!r}: a share is between 0 and 1, found {bound}")
        conditions.append(Condition(measure, compare, float(bound)))
    return Rule(re.sub(r"\s+", "", text), tuple(conditions))


def measures(result: Result) -> dict[str, float]:
    """What rules can ask about. Characters are those of lines that are not blank, without their breaks.

    The share of a label: of its lines, whatever the policy does with them, and of its spans that are flagged or
    dropped. A document without such characters has shares of 0, and a kept-share of 1: nothing of it was removed.
    """
    lines, chars, spans = result.counts
    total = int(chars.sum())
    kept = int(chars[:DROP].sum() - spans[DROP].sum())
    found = chars.sum(axis=0) + spans[1:].sum(axis=0)
    found[0] -= spans[1:].sum()
    share = {name: count / total if total else 0.0 for name, count in zip(NAMES, found.tolist(), strict=True)}
    families = {
        f"{family}-share": sum(share[label.name] for label in LABELS if label.family == family)
        for family in FAMILIES[1:]
    }
    return {
        "kept-chars": kept,
        "kept-lines": int(lines[:DROP].sum()),
        "kept-share": kept / total if total else 1.0,
        "junk-share": sum(families.values()),
        **{f"{name}-share": value for name, value in share.items()},
        **families,
    }


def drop_step(texts: Sequence[str]) -> Step:
    """A step that gives each document the first rule that holds, or None. Raises UsageError."""
    rules = [parse_rule(text) for text in texts]

    def step(source: Source, chunk: Chunk, results: Sequence[Result]) -> list[str | None]:
        found = map(measures, results)
        return [next((rule.text for rule in rules if rule.holds(each)), None) for each in found]

    return step
