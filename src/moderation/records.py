"""The records that go in and come out: verdicts on lines and spans, repairs, removed pieces, results."""

from dataclasses import dataclass
from typing import Any

from moderation.labels import Action


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

    `line` counts from 0 over the text split at `\\n`; [start, end) are code points of the original text, without the
    line break. `score` is the probability of `label`; `junk` is the probability that the line is of any label that
    the policy does not keep, which is what the policy's threshold is compared with.
    """

    line: int
    start: int
    end: int
    label: str
    score: float
    junk: float
    action: Action
    spans: tuple[Span, ...] = ()


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
    flags: dict[str, Flag]
    model: str
    policy: str
    clean_digest: str


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    """One line of the verdicts file, as JSON values; scores to four digits."""
    record: dict[str, Any] = {
        "line": verdict.line,
        "start": verdict.start,
        "end": verdict.end,
        "label": verdict.label,
        "score": round(verdict.score, 4),
        "junk": round(verdict.junk, 4),
        "action": verdict.action,
        "spans": [
            {"start": s.start, "end": s.end, "label": s.label, "score": round(s.score, 4), "action": s.action}
            for s in verdict.spans
        ],
    }
    return record


def document_record(document: DocumentVerdicts, **head: Any) -> dict[str, Any]:
    """One object of the verdicts file; `head` (id, url …) comes first."""
    return {
        **head,
        "lines": [verdict_record(v) for v in document.lines],
        "removed": [{"start": r.start, "end": r.end, "at": r.at, "text": r.text} for r in document.removed],
        "repairs": [
            {"start": r.start, "end": r.end, "at": r.at, "before": r.before, "after": r.after, "kind": r.kind}
            for r in document.repairs
        ],
        "flags": {label: {"lines": f.lines, "chars": f.chars} for label, f in document.flags.items()},
        "model": document.model,
        "policy": document.policy,
        "clean_digest": document.clean_digest,
    }
