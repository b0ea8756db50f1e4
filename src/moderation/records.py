"""The records that go in and come out: verdicts on lines and spans, repairs, removed pieces, results."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from moderation.labels import Action

SCORE_DIGITS: Final = 4
"""To which scores are rounded in a verdicts file."""


SITE: Final = "site"
"""Reason of a verdict that the rest of a crawl decided, see crawl/site_lines.py."""


@dataclass(frozen=True, slots=True)
class Span:
    """Junk inside a kept line: code points [start, end) of the original text. `score` is in [0, 1]."""

    start: int
    end: int
    label: str
    score: float
    action: Action


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about one line that is not blank.

    `line` counts from 0 over the text split at `\\n`; [start, end) are code points of the original text, without
    the line break. `score` is the probability of `label`; `junk` is the probability that the line is of any label
    that the policy does not keep, which is what the policy's threshold is compared with. `tricks` are those by
    which spam hides from filters, see tricks.py; of a line that is spam or has spans that are. `reason` is SITE
    where the line would be content by its page alone, otherwise empty.
    """

    line: int
    start: int
    end: int
    label: str
    score: float
    junk: float
    action: Action
    spans: tuple[Span, ...] = ()
    tricks: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Repair:
    """`before`, at code points [start, end) of the original text, stands as `after` in the clean text, at `at`."""

    start: int
    end: int
    at: int
    before: str
    after: str
    kind: str


@dataclass(frozen=True, slots=True)
class Damage:
    """`text`, at code points [start, end) of the original, is damaged; it was kept as it is."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Removed:
    """`text`, at code points [start, end) of the original, was cut; `at` is its place in the clean text."""

    start: int
    end: int
    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Flag:
    """How much of a document has a label that the policy drops or flags."""

    lines: int
    chars: int


@dataclass(frozen=True, slots=True)
class DocumentVerdicts:
    """The record of one document: everything that was decided, and all that is needed to put it back."""

    lines: tuple[Verdict, ...]
    removed: tuple[Removed, ...]
    repairs: tuple[Repair, ...]
    damage: tuple[Damage, ...]
    flags: dict[str, Flag]
    model: str
    policy: str
    clean_digest: str


def document_record(
    lines: Any,
    *,
    removed: Iterable[Removed],
    repairs: Iterable[Repair],
    damage: Iterable[Damage],
    flags: Mapping[str, Flag],
    model: str,
    policy: str,
    clean_digest: str,
    head: Mapping[str, Any],
) -> dict[str, Any]:
    """One object of the verdicts file; `head` (id, url …) comes first. lines: as JSON values, see written.py."""
    return {
        **head,
        "lines": lines,
        "removed": [{"start": r.start, "end": r.end, "at": r.at, "text": r.text} for r in removed],
        "repairs": [
            {"start": r.start, "end": r.end, "at": r.at, "before": r.before, "after": r.after, "kind": r.kind}
            for r in repairs
        ],
        "damage": [{"start": d.start, "end": d.end, "text": d.text} for d in damage],
        "flags": {label: {"lines": f.lines, "chars": f.chars} for label, f in flags.items()},
        "model": model,
        "policy": policy,
        "clean_digest": clean_digest,
    }
