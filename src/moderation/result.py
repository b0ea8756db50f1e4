"""What cleaning gives back; everything but the clean text is made when it is asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby, pairwise, repeat, starmap
from operator import itemgetter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from moderation.judge import Judgement
from moderation.kernel.assemble import DROP, cut_spans, gather, kept_characters
from moderation.kernel.decide import KEEP, decide_lines
from moderation.kernel.repair import DAMAGE, repair_marks
from moderation.labels import ACTIONS, NAMES, Action
from moderation.policy import Policy
from moderation.records import (
    SCORE_DIGITS,
    SITE,
    Damage,
    DocumentVerdicts,
    Flag,
    Removed,
    Repair,
    Span,
    Verdict,
    document_record,
    verdict_record,
)
from moderation.repair import Fix, find_damage, find_repairs
from moderation.restoration import Edit, clean_digest
from moderation.text.tables import Tables

Row: TypeAlias = tuple[int, int, int, str, float, float, Action, tuple[Span, ...]]
"""The fields of a Verdict, in order."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A judgement under a policy.

    label, action: uint8 (n,), of the lines. junk: float32 (n,). span_action: uint8, of the judgement's spans.
    keep: bool, one a character. marks: uint8 (n_docs,), what may need mending, see kernel/repair.py.
    """

    judgement: Judgement
    policy: Policy
    model_id: str
    label: NDArray[np.uint8]
    junk: NDArray[np.float32]
    action: NDArray[np.uint8]
    span_action: NDArray[np.uint8]
    keep: NDArray[np.bool_]
    marks: NDArray[np.uint8]


class Result:
    """The clean text of one document, its verdicts, flags, repairs and what was removed."""

    def __init__(self, text: str, decision: Decision, index: int, fixes: Sequence[Fix] = ()) -> None:
        self.text = text
        self._decision = decision
        self._index = index
        self._fixes = fixes

    def __repr__(self) -> str:
        return f"Result(text={self.text[:40]!r}, flags={self.flags}, model={self.model!r}, policy={self.policy!r})"

    @property
    def place(self) -> tuple[Decision, int]:
        """What was decided about the whole batch, and which of its documents this is: for counting in bulk."""
        return self._decision, self._index

    @property
    def model(self) -> str:
        """The model that judged, name@digest."""
        return self._decision.model_id

    @property
    def policy(self) -> str:
        """The policy that decided."""
        return self._decision.policy.name

    @cached_property
    def _lines(self) -> NDArray[np.int64]:
        """Indices of the document's lines that are not blank."""
        lines = self._decision.judgement.lines
        first, last = lines.first_line[self._index : self._index + 2]
        found: NDArray[np.int64] = np.flatnonzero(~lines.blank[first:last]) + first
        return found

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """One a line that is not blank, in order."""
        outside = self._decision.judgement.outside
        if outside is None:
            return tuple(starmap(Verdict, self._rows()))
        reasons = [SITE if turned else "" for turned in outside[self._lines].tolist()]
        return tuple(Verdict(*row, reason) for row, reason in zip(self._rows(), reasons, strict=True))

    def _rows(self, digits: int | None = None) -> Iterator[Row]:
        """The fields of the verdicts. Whole columns leave numpy at once: number by number costs more than judging.

        digits: to which scores are rounded.
        """
        decision, lines, rows = self._decision, self._decision.judgement.lines, self._lines
        first, offset = lines.first_line[self._index], lines.batch.doc_start[self._index]
        label = decision.label[rows]
        spans = self._spans(digits)
        return zip(
            (rows - first).tolist(),
            (lines.line_start[rows] - offset).tolist(),
            (lines.line_end[rows] - offset).tolist(),
            map(NAMES.__getitem__, label.tolist()),
            numbers(decision.judgement.probabilities[rows, label], digits),
            numbers(decision.junk[rows], digits),
            map(ACTIONS.__getitem__, decision.action[rows].tolist()),
            [spans.get(row, ()) for row in rows.tolist()] if spans else repeat((), rows.size),
            strict=True,
        )

    @cached_property
    def _found(self) -> slice:
        """Which of the judgement's spans, sorted by line, lie in the document."""
        first, last = self._decision.judgement.lines.first_line[self._index : self._index + 2].tolist()
        line = self._decision.judgement.spans.line
        return slice(*np.searchsorted(line, [first, last]).tolist())

    def _spans(self, digits: int | None) -> dict[int, tuple[Span, ...]]:
        """The spans by line, in the document's own offsets."""
        found, own = self._decision.judgement.spans, self._found
        if own.start == own.stop:
            return {}
        offset = self._decision.judgement.lines.batch.doc_start[self._index]
        spans = map(
            Span,
            (found.start[own] - offset).tolist(),
            (found.end[own] - offset).tolist(),
            map(NAMES.__getitem__, found.label[own].tolist()),
            numbers(found.score[own], digits),
            map(ACTIONS.__getitem__, self._decision.span_action[own].tolist()),
        )
        by_line = groupby(zip(found.line[own].tolist(), spans, strict=True), itemgetter(0))
        return {line: tuple(span for _, span in group) for line, group in by_line}

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """The probability of every label for every verdict: (len(verdicts), n_labels), columns as in labels.LABELS."""
        rows: NDArray[np.float32] = self._decision.judgement.probabilities[self._lines]
        return rows

    @property
    def actions(self) -> dict[Action, int]:
        """Lines that are not blank, by what is done with them."""
        counts = np.bincount(self._decision.action[self._lines], minlength=len(ACTIONS))
        return dict(zip(ACTIONS, counts.tolist(), strict=True))

    @property
    def counts(self) -> NDArray[np.int64]:
        """Lines that are not blank, their characters without breaks, and the characters of spans, by action and label:
        (3, len(ACTIONS), n_labels). Spans of a dropped line went with it and count as kept.
        """
        decision, own = self._decision, self._found
        lines, found = decision.judgement.lines, decision.judgement.spans
        rows, cells = self._lines, len(ACTIONS) * len(NAMES)
        cell = decision.action[rows].astype(np.int64) * len(NAMES) + decision.label[rows]
        span = decision.span_action[own].astype(np.int64) * len(NAMES) + found.label[own]
        chars = np.bincount(cell, lines.line_end[rows] - lines.line_start[rows], cells)
        spans = np.bincount(span, found.end[own] - found.start[own], cells)
        shape = (3, len(ACTIONS), len(NAMES))
        return np.stack([np.bincount(cell, minlength=cells), chars, spans]).astype(np.int64).reshape(shape)

    @cached_property
    def flags(self) -> dict[str, Flag]:
        """Lines and characters by label, for everything that is flagged or dropped; a span counts as characters."""
        decision, lines, found = self._decision, self._decision.judgement.lines, self._decision.judgement.spans
        rows = self._lines[decision.action[self._lines] != KEEP]
        size = lines.line_end[rows] - lines.line_start[rows]
        n_lines = np.bincount(decision.label[rows], minlength=len(NAMES))
        chars = np.bincount(decision.label[rows], size, len(NAMES)).astype(np.int64)
        own = self._found
        cut = decision.span_action[own] != KEEP
        np.add.at(chars, found.label[own][cut], (found.end[own] - found.start[own])[cut])
        return {name: Flag(n, c) for name, n, c in zip(NAMES, n_lines.tolist(), chars.tolist(), strict=True) if c}

    @property
    def flagged(self) -> bool:
        """Whether any line or span is flagged or dropped."""
        return bool(self.flags)

    @cached_property
    def _codes(self) -> NDArray[np.uint32]:
        """The original's code points."""
        batch = self._decision.judgement.lines.batch
        return batch.codes[batch.doc_start[self._index] : batch.doc_start[self._index + 1]]

    @cached_property
    def _text(self) -> str:
        """The original."""
        return decoded(self._codes)

    @cached_property
    def _keep(self) -> NDArray[np.bool_]:
        """Which of them stay."""
        doc_start = self._decision.judgement.lines.batch.doc_start
        return self._decision.keep[doc_start[self._index] : doc_start[self._index + 1]]

    def _original(self, start: int, end: int) -> str:
        """A piece of the original."""
        return self._text[start:end]

    def _clean_places(self, starts: NDArray[np.int64]) -> list[int]:
        """Where places of the original stand in the clean text; ascending, none inside a repair."""
        kept_before = np.concatenate([[0], np.cumsum(self._keep)])[starts]
        if not self._fixes:
            unchanged: list[int] = kept_before.tolist()
            return unchanged
        grown = np.fromiter(accumulate((growth(fix) for fix in self._fixes), initial=0), np.int64)
        before = np.searchsorted(np.array([fix.start for fix in self._fixes], np.int64), starts)
        places: list[int] = (kept_before + grown[before]).tolist()
        return places

    @cached_property
    def removed(self) -> tuple[Removed, ...]:
        """What was cut, in order: with the clean text and the repairs it makes the original."""
        if self._keep.all():
            return ()
        bounded = np.ones(self._keep.size + 2, np.bool_)
        bounded[1:-1] = self._keep
        edge = np.flatnonzero(bounded[1:] != bounded[:-1])
        start, end = edge[::2], edge[1::2]
        places = self._clean_places(start)
        return tuple(
            Removed(a, b, at, self._original(a, b))
            for a, b, at in zip(start.tolist(), end.tolist(), places, strict=True)
        )

    @cached_property
    def repairs(self) -> tuple[Repair, ...]:
        """What was mended in kept text, in order; see docs/repair.md."""
        if not self._fixes:
            return ()
        places = self._clean_places(np.array([fix.start for fix in self._fixes], np.int64))
        return tuple(
            Repair(fix.start, fix.end, at, self._original(fix.start, fix.end), fix.after, fix.kind)
            for fix, at in zip(self._fixes, places, strict=True)
        )

    @cached_property
    def damage(self) -> tuple[tuple[int, int], ...]:
        """Damaged runs of kept text that can't be mended with certainty: code points [start, end) of the original."""
        if not self._decision.marks[self._index] & DAMAGE:
            return ()
        mended = {(fix.start, fix.end) for fix in self._fixes}
        return tuple(run for run in find_damage(self._text, self._keep) if run not in mended)

    def document(self) -> DocumentVerdicts:
        """The whole record, typed."""
        return DocumentVerdicts(lines=self.verdicts, **self._beside_lines())

    def record(self, **head: Any) -> dict[str, Any]:
        """The record as JSON values, as it stands in a verdicts file; `head` (id, url …) comes first."""
        lines = list(starmap(verdict_record, self._rows(SCORE_DIGITS)))
        outside = self._decision.judgement.outside
        for n in np.flatnonzero(outside[self._lines]).tolist() if outside is not None else ():
            lines[n]["reason"] = SITE
        return document_record(lines, **self._beside_lines(), head=head)

    def _edits(self) -> list[Edit]:
        """All that stands between the clean text and the original."""
        cut = [Edit(r.at, r.start, 0, r.text) for r in self.removed]
        return cut + [Edit(r.at, r.start, len(r.after), r.before) for r in self.repairs]

    @property
    def clean_digest(self) -> str:
        """Tells whether a clean text is still the one that this record belongs to, see restoration.py."""
        return clean_digest(self.text, self._edits())

    def _beside_lines(self) -> dict[str, Any]:
        """What a record holds beside the lines."""
        return {
            "removed": self.removed,
            "repairs": self.repairs,
            "damage": tuple(Damage(a, b, self._original(a, b)) for a, b in self.damage),
            "flags": self.flags,
            "model": self.model,
            "policy": self.policy,
            "clean_digest": self.clean_digest,
        }


def numbers(scores: NDArray[np.float32], digits: int | None) -> list[float]:
    """Scores as Python numbers.

    Rounded as round() would: a float32 times 10^4 is exact in float64, so that ties are ties.
    """
    wide = scores.astype(np.float64)
    found: list[float] = (wide if digits is None else wide.round(digits)).tolist()
    return found


def decoded(codes: NDArray[np.uint32]) -> str:
    """Code points as text."""
    return codes.tobytes().decode("utf-32-le")


def growth(fix: Fix) -> int:
    """By how much a repair lengthens the text."""
    return len(fix.after) - (fix.end - fix.start)


def mended(original: str, keep: NDArray[np.bool_], fixes: Sequence[Fix]) -> str:
    """The kept characters of a document, repaired."""
    pieces = []
    done = 0
    for fix in [*fixes, Fix(len(original), len(original), "", "")]:
        stays = keep[done : fix.start]
        piece = original[done : fix.start]
        pieces.append(piece if stays.all() else decoded(np.frombuffer(piece.encode("utf-32-le"), np.uint32)[stays]))
        pieces.append(fix.after)
        done = fix.end
    return "".join(pieces)


def decide(judgement: Judgement, policy: Policy, model_id: str, tables: Tables) -> list[Result]:
    """Apply a policy: one result a document. tables: the model's, for what repairs look up."""
    rule_action = np.array([ACTIONS.index(rule.action) for rule in policy.rules], np.uint8)
    rule_threshold = np.array([rule.threshold for rule in policy.rules], np.float32)
    label, junk, action = decide_lines(judgement.probabilities, rule_action, rule_threshold)
    lines, batch = judgement.lines, judgement.lines.batch
    keep = kept_characters(
        batch.doc_start,
        lines.first_line,
        lines.line_start,
        lines.line_end,
        lines.line_next,
        lines.blank,
        action,
    )
    spans = judgement.spans
    span_action = np.where(spans.score >= policy.span_threshold, rule_action[spans.label], KEEP).astype(np.uint8)
    span_action[action[spans.line] == DROP] = KEEP
    cut = span_action == DROP
    cut_spans(keep, spans.start[cut], spans.end[cut])
    marks = repair_marks(batch.codes, batch.doc_start, keep, tables.page, tables.char_class)
    decision = Decision(judgement, policy, model_id, label, junk, action, span_action, keep, marks)
    out, out_start = gather(batch.codes, keep, batch.doc_start)
    clean = decoded(out)
    results = [Result(clean[a:b], decision, n) for n, (a, b) in enumerate(pairwise(out_start))]
    if policy.repair:
        for n in np.flatnonzero(marks).tolist():
            results[n] = mend(results[n], decision, n, tables)
    return results


def mend(result: Result, decision: Decision, index: int, tables: Tables) -> Result:
    """The result with its kept text repaired."""
    batch = decision.judgement.lines.batch
    own = slice(*batch.doc_start[index : index + 2])
    original, keep = decoded(batch.codes[own]), decision.keep[own]
    fixes = find_repairs(original, keep, tables)
    return Result(mended(original, keep, fixes), decision, index, fixes) if fixes else result
