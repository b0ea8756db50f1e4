"""The books of a run: what came in, what became of it. They balance; tallies of shards add up to that of the run."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from moderation.formats.base import Chunk, Reject
from moderation.labels import ACTIONS, NAMES
from moderation.result import Result, growth, runs

DROP: Final = ACTIONS.index("drop")
REASON_CHARS: Final = 80


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by name.

    documents: read, kept, changed (of the kept), dropped, failed. dropped, failed: documents by reason. skipped:
    records that are no documents (requests and images in a WARC), by reason; they stand outside the sums.
    lines: read, blank (as read), kept, flagged (of the kept), dropped, gone (in dropped documents).
    chars: read, written, removed, repaired (by how much repairs lengthened the text; may be negative), gone.
    kept_lines, flagged_lines, dropped_lines, removed_chars: by label; `between` of removed_chars is line breaks and
    blank lines that went with dropped ones. bytes: read, failed (decompressed).
    """

    documents: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    kept_lines: Mapping[str, int] = field(default_factory=dict)
    flagged_lines: Mapping[str, int] = field(default_factory=dict)
    dropped_lines: Mapping[str, int] = field(default_factory=dict)
    chars: Mapping[str, int] = field(default_factory=dict)
    removed_chars: Mapping[str, int] = field(default_factory=dict)
    bytes: Mapping[str, int] = field(default_factory=dict)

    def record(self) -> dict[str, dict[str, int]]:
        """As JSON values, names sorted."""
        return {f.name: dict(sorted(getattr(self, f.name).items())) for f in fields(self)}


Side: TypeAlias = Callable[[Tally], int]
"""One side of an equation."""


def total(field_name: str, *names: str) -> Side:
    """The sum of some counts of a field; of all where none is named."""

    def side(tally: Tally) -> int:
        counts: Mapping[str, int] = getattr(tally, field_name)
        return sum(counts.get(name, 0) for name in names) if names else sum(counts.values())

    return side


EQUATIONS: Final[tuple[tuple[str, Side, Side], ...]] = (
    (
        "documents: read = kept + dropped + failed",
        total("documents", "read"),
        total("documents", "kept", "dropped", "failed"),
    ),
    ("documents: dropped = sum by reason", total("documents", "dropped"), total("dropped")),
    ("documents: failed = sum by reason", total("documents", "failed"), total("failed")),
    (
        "lines: read = blank + kept + dropped + gone",
        total("lines", "read"),
        total("lines", "blank", "kept", "dropped", "gone"),
    ),
    ("lines: kept = sum by label", total("lines", "kept"), total("kept_lines")),
    ("lines: dropped = sum by label", total("lines", "dropped"), total("dropped_lines")),
    ("lines: flagged = sum by label", total("lines", "flagged"), total("flagged_lines")),
    (
        "chars: read + repaired = written + removed + gone",
        total("chars", "read", "repaired"),
        total("chars", "written", "removed", "gone"),
    ),
    ("chars: removed = sum by label", total("chars", "removed"), total("removed_chars")),
)
"""What balanced books are: in words, and both sides."""


def read_tally(record: Mapping[str, Any]) -> Tally:
    """A tally from its record."""
    return Tally(**{f.name: dict(record.get(f.name, {})) for f in fields(Tally)})


def merge(tallies: Sequence[Tally]) -> Tally:
    """The sum, in whatever order."""
    total: dict[str, Counter[str]] = {f.name: Counter() for f in fields(Tally)}
    for tally in tallies:
        for f in fields(Tally):
            total[f.name].update(getattr(tally, f.name))
    return Tally(**{name: dict(counts) for name, counts in total.items()})


def imbalance(tally: Tally) -> list[str]:
    """What does not add up, one sentence each; empty when the books balance."""
    off = {what: left(tally) - right(tally) for what, left, right in EQUATIONS}
    return [f"{what}: off by {by}" for what, by in off.items() if by]


def tally_chunk(chunk: Chunk, results: Sequence[Result], reasons: Sequence[str | None]) -> Tally:
    """The books of one chunk. reasons: why a document is dropped as a whole, None for those that are kept."""
    kept = [n for n, reason in enumerate(reasons) if reason is None]
    counts = counts_of(results, np.array([reason is None for reason in reasons], np.bool_))
    breaks = [text.count("\n") + 1 for text in chunk.texts]
    lines_kept = sum(breaks[n] for n in kept)
    gone = [n for n, reason in enumerate(reasons) if reason is not None]
    by_action = counts[0].sum(axis=1).tolist()
    written = sum(len(results[n].text) for n in kept)
    read = sum(len(chunk.texts[n]) for n in kept)
    repaired = sum(growth(fix) for n in kept for fix in results[n].fixes)
    named = (counts[1, DROP] + counts[2, DROP]).tolist()
    removed = read + repaired - written
    gone_chars = sum(len(chunk.texts[n]) for n in gone)
    return Tally(
        documents={
            "read": len(chunk) + len(chunk.rejects),
            "kept": len(kept),
            "changed": sum(results[n].text != chunk.texts[n] for n in kept),
            "dropped": len(gone),
            "failed": len(chunk.rejects),
        },
        dropped=Counter(reason for reason in reasons if reason is not None),
        failed=Counter(short_reason(reject) for reject in chunk.rejects),
        skipped=chunk.skipped,
        lines={
            "read": sum(breaks),
            "blank": lines_kept - sum(by_action),
            "kept": sum(by_action[:DROP]),
            "flagged": by_action[ACTIONS.index("flag")],
            "dropped": by_action[DROP],
            "gone": sum(breaks[n] for n in gone),
        },
        kept_lines=by_label(counts[0, :DROP].sum(axis=0).tolist()),
        flagged_lines=by_label(counts[0, ACTIONS.index("flag")].tolist()),
        dropped_lines=by_label(counts[0, DROP].tolist()),
        chars={
            "read": read + gone_chars,
            "written": written,
            "removed": removed,
            "repaired": repaired,
            "gone": gone_chars,
        },
        removed_chars=by_label(named) | ({"between": removed - sum(named)} if removed != sum(named) else {}),
        bytes={
            "read": sum(chunk.sizes) + sum(reject.size for reject in chunk.rejects),
            "failed": sum(reject.size for reject in chunk.rejects),
        },
    )


def counts_of(results: Sequence[Result], kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The sum of the `counts` of the results that are kept, of all that were decided together in one go."""
    cells = len(ACTIONS) * len(NAMES)
    total = np.zeros((3, cells))
    for first, last, decision, at in runs(results):
        lines, found, own = decision.judgement.lines, decision.judgement.spans, kept[first:last]
        bounds = lines.first_line[at : at + last - first + 1]
        rows = bounds[0] + np.flatnonzero(~lines.blank[bounds[0] : bounds[-1]])
        rows = rows[own[np.searchsorted(bounds, rows, "right") - 1]]
        cell = decision.action[rows].astype(np.int64) * len(NAMES) + decision.label[rows]
        total[0] += np.bincount(cell, minlength=cells)
        total[1] += np.bincount(cell, lines.line_end[rows] - lines.line_start[rows], cells)
        spans = np.arange(*np.searchsorted(found.line, [bounds[0], bounds[-1]]))
        spans = spans[own[np.searchsorted(bounds, found.line[spans], "right") - 1]]
        cell = decision.span_action[spans].astype(np.int64) * len(NAMES) + found.label[spans]
        total[2] += np.bincount(cell, found.end[spans] - found.start[spans], cells)
    return total.astype(np.int64).reshape(3, len(ACTIONS), len(NAMES))


def by_label(counts: Sequence[int]) -> dict[str, int]:
    """Those that are not zero."""
    return {name: count for name, count in zip(NAMES, counts, strict=True) if count}


def short_reason(reject: Reject) -> str:
    """A reason without what differs from record to record."""
    return re.sub(r"(?<!UTF-)(?<!UTF-\d)\d[\d,]*", "N", re.split(r": |, |\(", reject.reason)[0]).strip()[:REASON_CHARS]
