"""What cleaning gives back; everything but the clean text is made when it is asked for."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate, chain, groupby, pairwise, repeat, starmap
from operator import itemgetter
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray

from moderation.columns import columns_of, cuts_of, spans_of, totals_of, visible
from moderation.decision import Decision
from moderation.judge import Judgement
from moderation.kernel.assemble import DROP, cut_spans, gather, kept_characters
from moderation.kernel.decide import KEEP, decide_lines
from moderation.labels import ACTIONS, NAMES, Action
from moderation.policy import Policy
from moderation.records import (
    SITE,
    Damage,
    DocumentVerdicts,
    Flag,
    Removed,
    Repair,
    Span,
    Verdict,
    document_record,
)
from moderation.repair import Fix, Page, find_damage, marks_of, repairs_of
from moderation.restoration import Edit, clean_digest
from moderation.spans import Spans
from moderation.text.tables import Tables
from moderation.tricks import trick_names
from moderation.written import json_of, text_of, tricks_of

NOWHERE: Final = np.zeros(0, np.int64)
NO_STARTS: Final = np.zeros(1, np.int64)
T = TypeVar("T")
Row: TypeAlias = tuple[int, int, int, str, float, float, Action, tuple[Span, ...], tuple[str, ...]]
"""The fields of a Verdict, in order."""


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
    def fixes(self) -> Sequence[Fix]:
        """What was mended, in order; `repairs` is the same with its place in the clean text."""
        return self._fixes

    @property
    def policy(self) -> str:
        """The policy that decided."""
        return self._decision.policy.name

    @cached_property
    def _lines(self) -> NDArray[np.int64]:
        """Indices of the document's lines that are not blank."""
        return visible(self._decision, self._index, self._index + 1)[0]

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """One a line that is not blank, in order."""
        outside = self._decision.judgement.outside
        if outside is None:
            return tuple(starmap(Verdict, self._rows()))
        reasons = [SITE if turned else "" for turned in outside[self._lines].tolist()]
        return tuple(Verdict(*row, reason) for row, reason in zip(self._rows(), reasons, strict=True))

    def _rows(self) -> Iterator[Row]:
        """The fields of the verdicts."""
        columns = columns_of(self._decision, self._index)
        own = columns.of(self._index)
        line, spans = columns.line[own], self._spans()
        return zip(
            line,
            columns.start[own],
            columns.end[own],
            columns.label[own],
            columns.score[own],
            columns.junk[own],
            columns.action[own],
            [spans.get(number, ()) for number in line] if spans else repeat((), len(line)),
            map(trick_names, tricks_of(self._decision, self._index)),
            strict=True,
        )

    @property
    def _found(self) -> slice:
        """Which of the judgement's spans, sorted by line, lie in the document."""
        return spans_of(self._decision, self._index)

    def _spans(self) -> dict[int, tuple[Span, ...]]:
        """The spans by line, in the document's own lines and offsets."""
        found, own = self._decision.judgement.spans, self._found
        if own.start == own.stop:
            return {}
        first = int(self._decision.judgement.lines.first_line[self._index])
        offset = self._decision.judgement.lines.batch.doc_start[self._index]
        spans = map(
            Span,
            (found.start[own] - offset).tolist(),
            (found.end[own] - offset).tolist(),
            map(NAMES.__getitem__, found.label[own].tolist()),
            found.score[own].tolist(),
            map(ACTIONS.__getitem__, self._decision.span_action[own].tolist()),
        )
        by_line = groupby(zip(found.line[own].tolist(), spans, strict=True), itemgetter(0))
        return {line - first: tuple(span for _, span in group) for line, group in by_line}

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

    def totals(self) -> list[tuple[str, Action, int, int]]:
        """Label, action, lines and characters of the lines that are not blank, for every pair that occurs."""
        pairs = totals_of(self._decision, self._index).of(self._index)
        return [(NAMES[label], ACTIONS[action], lines, chars) for label, action, lines, chars in pairs]

    @cached_property
    def flags(self) -> dict[str, Flag]:
        """Lines and characters by label, for everything that is flagged or dropped; a span counts as characters."""
        found, own = self._decision.judgement.spans, self._found
        lines, chars = [0] * len(NAMES), [0] * len(NAMES)
        for label, action, n_lines, n_chars in totals_of(self._decision, self._index).of(self._index):
            if action != KEEP:
                lines[label] += n_lines
                chars[label] += n_chars
        for at in range(own.start, own.stop):
            if self._decision.span_action[at] != KEEP:
                chars[found.label[at]] += int(found.end[at] - found.start[at])
        return {name: Flag(n, c) for name, n, c in zip(NAMES, lines, chars, strict=True) if c}

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
        return text_of(self._codes)

    @cached_property
    def _keep(self) -> NDArray[np.bool_]:
        """Which of them stay."""
        doc_start = self._decision.judgement.lines.batch.doc_start
        return self._decision.keep[doc_start[self._index] : doc_start[self._index + 1]]

    def _original(self, start: int, end: int) -> str:
        """A piece of the original."""
        return self._text[start:end]

    def _places(self, starts: Sequence[int], kept_before: Sequence[int]) -> list[int]:
        """Where places of the original stand in the clean text; ascending, none inside a repair.

        kept_before: of each place, the characters before it that stay.
        """
        if not self._fixes:
            return list(kept_before)
        grown = list(accumulate((growth(fix) for fix in self._fixes), initial=0))
        fixed = [fix.start for fix in self._fixes]
        return [kept + grown[bisect_left(fixed, at)] for at, kept in zip(starts, kept_before, strict=True)]

    @cached_property
    def removed(self) -> tuple[Removed, ...]:
        """What was cut, in order: with the clean text and the repairs it makes the original."""
        cuts = cuts_of(self._decision, self._index)
        own = cuts.of(self._index)
        start, end, before = cuts.start[own], cuts.end[own], cuts.kept_before[own]
        if not start:
            return ()
        places = self._places(start, before)
        return tuple(Removed(a, b, at, self._original(a, b)) for a, b, at in zip(start, end, places, strict=True))

    @cached_property
    def repairs(self) -> tuple[Repair, ...]:
        """What was mended in kept text, in order; see docs/repair.md."""
        if not self._fixes:
            return ()
        starts = [fix.start for fix in self._fixes]
        kept = np.concatenate([[0], np.cumsum(self._keep)])[starts].tolist()
        return tuple(
            Repair(fix.start, fix.end, at, self._original(fix.start, fix.end), fix.after, fix.kind)
            for fix, at in zip(self._fixes, self._places(starts, kept), strict=True)
        )

    @cached_property
    def damage(self) -> tuple[tuple[int, int], ...]:
        """Damaged runs of kept text that can't be mended with certainty: code points [start, end) of the original."""
        mended = {(fix.start, fix.end) for fix in self._fixes}
        return tuple(run for run in find_damage(page_of(self._decision, self._index)) if run not in mended)

    def document(self) -> DocumentVerdicts:
        """The whole record, typed."""
        return DocumentVerdicts(lines=self.verdicts, **self._beside_lines())

    def record(self, **head: Any) -> dict[str, Any]:
        """The record as JSON values, as it stands in a verdicts file; `head` (id, url …) comes first."""
        return document_record(orjson.loads(self._lines_json()), **self._beside_lines(), head=head)

    def to_json(self, **head: Any) -> bytes:
        """The same as JSON; much faster than making it of the record."""
        return orjson.dumps(document_record(orjson.Fragment(self._lines_json()), **self._beside_lines(), head=head))

    def _lines_json(self) -> bytes:
        """The verdicts of the record."""
        return json_of(self._decision, self._index)

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


def runs(results: Sequence[Result]) -> Iterator[tuple[int, int, Decision, int]]:
    """Neighbours that were decided together: from, to, their decision, and the place in it of the first."""
    done = 0
    for _, group in groupby(results, lambda result: id(result.place[0])):
        run = list(group)
        decision, at = run[0].place
        yield done, done + len(run), decision, at
        done += len(run)


def actions_of(results: Sequence[Result]) -> dict[Action, int]:
    """The sum of the results' `actions`, of all that were decided together in one go."""
    counts = np.zeros(len(ACTIONS), np.int64)
    for first, last, decision, at in runs(results):
        lines = decision.judgement.lines
        own = slice(lines.first_line[at], lines.first_line[at + last - first])
        counts += np.bincount(decision.action[own][~lines.blank[own]], minlength=len(ACTIONS))
    return dict(zip(ACTIONS, counts.tolist(), strict=True))


def growth(fix: Fix) -> int:
    """By how much a repair lengthens the text."""
    return len(fix.after) - (fix.end - fix.start)


def decided(judgement: Judgement, policy: Policy, model_id: str, tables: Tables) -> Decision:
    """Apply a policy: what stays, and what of it may need mending. tables: the model's."""
    label, junk, action = decide_lines(judgement.probabilities, *policy.rule_arrays)
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
    span_action = span_actions(judgement.spans, policy, action)
    if span_action.size:
        cut = span_action == DROP
        cut_spans(keep, judgement.spans.start[cut], judgement.spans.end[cut])
    marks = marks_of(batch.codes, batch.doc_start, keep, tables)
    return Decision(judgement, policy, model_id, label, junk, action, span_action, keep, marks)


def span_actions(spans: Spans, policy: Policy, action: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What is done with each span; those of a line that is dropped go with it. action: of the lines."""
    if not spans.line.size:
        return np.zeros(0, np.uint8)
    rule_action, _ = policy.rule_arrays
    found = np.where(spans.score >= policy.span_threshold, rule_action[spans.label], KEEP).astype(np.uint8)
    found[action[spans.line] == DROP] = KEEP
    return found


def decide(judgement: Judgement, policy: Policy, model_id: str, tables: Tables) -> list[Result]:
    """Apply a policy: one result a document. tables: the model's, for what repairs look up."""
    decision = decided(judgement, policy, model_id, tables)
    batch, fixes = judgement.lines.batch, fixes_of(decision)
    keep, place, after = mended(decision, fixes)
    text, text_start = joined(after, "utf-32-le", np.uint32)
    out, out_start = gather(batch.codes, keep, batch.doc_start, place, text, text_start)
    clean = text_of(out)
    ends = enumerate(pairwise(out_start.tolist()))
    return [Result(clean[a:b], decision, n, fixes.get(n, ())) for n, (a, b) in ends]


def fixes_of(decision: Decision) -> dict[int, list[Fix]]:
    """The repairs of the documents that have any; none where the policy mends nothing."""
    marked = np.flatnonzero(decision.marks.document).tolist() if decision.policy.repair else []
    found = ((n, repairs_of(page_of(decision, n))) for n in marked)
    return {n: fixes for n, fixes in found if fixes}


def page_of(decision: Decision, index: int) -> Page:
    """A document as repairs are looked for in it."""
    batch = decision.judgement.lines.batch
    begin, end = batch.doc_start[index : index + 2].tolist()
    return decision.marks.page(index, batch.codes, begin, end, decision.keep)


def mended(decision: Decision, fixes: dict[int, list[Fix]]) -> tuple[NDArray[np.bool_], NDArray[np.int64], list[str]]:
    """What stays of a batch as it is; where, of what does not, repairs put something in, and what."""
    if not fixes:
        return decision.keep, NOWHERE, []
    batch, keep = decision.judgement.lines.batch, decision.keep.copy()
    made = list(chain.from_iterable(fixes.values()))
    begin = np.repeat(batch.doc_start[list(fixes)], [len(own) for own in fixes.values()])
    place = begin + np.array([fix.start for fix in made])
    cut_spans(keep, place, begin + np.array([fix.end for fix in made]))
    return keep, place, [fix.after for fix in made]


def joined(texts: Sequence[str], encoding: str, unit: type[np.generic]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Texts, encoded, behind one another, and where each begins: (n + 1,)."""
    if not texts:
        return np.frombuffer(b"", unit), NO_STARTS
    encoded = [text.encode(encoding) for text in texts]
    size = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return np.frombuffer(b"".join(encoded), unit), size // np.dtype(unit).itemsize
