"""What was removed or flagged in a chunk, as arrays: half of a crawl's lines are junk, and a Python object for each
would take as long as judging them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.crawl.sketch import Frequent
from moderation.decision import Decision
from moderation.kernel.keys import line_keys
from moderation.labels import ACTIONS, FAMILIES, LABELS, NAMES
from moderation.result import Result, runs

LINES: Final = 1024
"""Frequent lines of a shard, and of the run."""
HELD: Final = 8 * LINES
"""Those that are counted while a shard is worked on."""
LONGEST: Final = 160
"""Characters of a line that are kept."""
DROP: Final = ACTIONS.index("drop")
KEEP: Final = ACTIONS.index("keep")
FAMILY: Final = np.array([FAMILIES.index(label.family) for label in LABELS])


@dataclass(frozen=True, slots=True)
class Junk:
    """Columns, one entry a line or span that was removed or flagged, in no order.

    key: uint64, the same for what reads the same and has the same label. doc: its document in the chunk. start, end:
    code points of the original. label. span: whether it is one. families: of each document, removed lines of chrome,
    spam and noise. by_label: int64 (documents, labels), lines and spans.
    """

    key: NDArray[np.uint64]
    doc: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    label: NDArray[np.int64]
    span: NDArray[np.bool_]
    families: list[list[int]]
    by_label: NDArray[np.int64]

    def label_of(self, n: int) -> str:
        """The label that most of a document's junk has; empty for one without junk."""
        counts = self.by_label[n]
        return NAMES[int(counts.argmax())] if counts.any() else ""

    def frequent(self, texts: Sequence[str]) -> Frequent:
        """The most frequent ones by `LABEL TAB TEXT`; texts are looked at for these alone."""
        _, first, counts = np.unique(self.key, return_index=True, return_counts=True)
        cut = int(np.partition(counts, -HELD - 1)[-HELD - 1]) if counts.size > HELD else 0
        found: dict[str, tuple[int, ...]] = {}
        kept = np.flatnonzero(counts > cut)
        for n, count in zip(first[kept].tolist(), counts[kept].tolist(), strict=True):
            text = texts[self.doc[n]][self.start[n] : self.end[n]].strip()
            name = f"{NAMES[self.label[n]]}\t{clipped(text)}"
            weight, before = found.get(name, (0, 0))
            found[name] = (weight + count - cut, before + count)
        return Frequent(found, cut)

    def lowest(self, count: int) -> Mapping[str, list[tuple[int, int, int, bool]]]:
        """Of each label, the lowest keys: key, document, start, whether it is a span."""
        out = {}
        for label in np.unique(self.label).tolist():
            own = np.flatnonzero(self.label == label)
            keys, first = np.unique(self.key[own], return_index=True)
            rows = own[first[:count]]
            columns = (keys[:count], self.doc[rows], self.start[rows], self.span[rows])
            out[NAMES[label]] = list(zip(*(column.tolist() for column in columns), strict=True))
        return out


def chunk_junk(results: Sequence[Result], reasons: Sequence[str | None]) -> Junk:
    """Of the documents that were not dropped as a whole."""
    kept = np.array([reason is None for reason in reasons], np.bool_)
    parts = [part for first, last, decision, at in runs(results) for part in both(decision, at, first, last)]
    empty = (np.zeros(0, np.uint64), *(np.zeros(0, np.int64) for _ in range(5)), np.zeros(0, np.bool_))
    key, doc, start, end, label, action, span = (np.concatenate(c) for c in zip(empty, *parts, strict=True))
    own = kept[doc] if doc.size else np.zeros(0, np.bool_)
    key, doc, start, end, label, action, span = (c[own] for c in (key, doc, start, end, label, action, span))
    cells = len(results) * len(FAMILIES)
    gone = (action == DROP) & ~span
    families = np.bincount(doc[gone] * len(FAMILIES) + FAMILY[label[gone]], minlength=cells)
    labels = np.bincount(doc * len(NAMES) + label, minlength=len(results) * len(NAMES))
    return Junk(
        *(key, doc, start, end, label, span),
        families.reshape(-1, len(FAMILIES))[:, 1:].tolist(),
        labels.reshape(-1, len(NAMES)),
    )


def both(decision: Decision, at: int, first: int, last: int) -> Iterator[tuple[NDArray[np.generic], ...]]:
    """Lines, then spans: key, doc, start, end, label, action, span. at: where document `first` stands in it."""
    lines, found = decision.judgement.lines, decision.judgement.spans
    bounds = lines.first_line[at : at + last - first + 1]
    rows = bounds[0] + np.flatnonzero(
        (decision.action[bounds[0] : bounds[-1]] != KEEP) & ~lines.blank[bounds[0] : bounds[-1]]
    )
    yield columns(decision, rows, at, first, lines.line_start[rows], lines.line_end[rows], decision.label[rows])
    own = np.arange(*np.searchsorted(found.line, [bounds[0], bounds[-1]]))
    own = own[decision.span_action[own] != KEEP]
    if own.size:
        yield span_columns(decision, own, at, first)


def columns(
    decision: Decision,
    rows: NDArray[np.int64],
    at: int,
    first: int,
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    label: NDArray[np.uint8],
) -> tuple[NDArray[np.generic], ...]:
    """The columns of lines."""
    lines = decision.judgement.lines
    doc = np.searchsorted(lines.first_line, rows, "right") - 1
    offset = lines.batch.doc_start[doc]
    # Of the original characters, not of the folded ones: what is shown as one line must not depend on which came first.
    size = end - start
    bounds = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    place = np.repeat(start - bounds[:-1], size) + np.arange(bounds[-1])
    codes = lines.batch.codes
    key = line_keys(codes, codes[place], bounds, place)
    key ^= (label.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    # 62 bits, as JSON readers have signed numbers
    key >>= np.uint64(2)
    action = decision.action[rows].astype(np.int64)
    return (
        *(key, doc - at + first, start - offset, end - offset),
        *(label.astype(np.int64), action, np.zeros(rows.size, np.bool_)),
    )


def span_columns(decision: Decision, own: NDArray[np.int64], at: int, first: int) -> tuple[NDArray[np.generic], ...]:
    """The columns of spans, of which there are few."""
    lines, found = decision.judgement.lines, decision.judgement.spans
    doc = np.searchsorted(lines.first_line, found.line[own], "right") - 1
    offset = lines.batch.doc_start[doc]
    keys = []
    for a, b, label in zip(found.start[own].tolist(), found.end[own].tolist(), found.label[own].tolist(), strict=True):
        digest = blake2b(lines.batch.codes[a:b].tobytes(), digest_size=8, salt=bytes([label])).digest()
        keys.append(int.from_bytes(digest, "little") >> 2)
    action = decision.span_action[own].astype(np.int64)
    return (
        *(np.array(keys, np.uint64), doc - at + first, found.start[own] - offset, found.end[own] - offset),
        *(found.label[own].astype(np.int64), action, np.ones(own.size, np.bool_)),
    )


def clipped(text: str) -> str:
    """The beginning of a long text."""
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
