"""What cleaning gives back; everything but the clean text is made when it is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moderation.judge import Judgement
from moderation.kernel.assemble import DROP, cut_spans, gather, kept_characters
from moderation.kernel.decide import KEEP, decide_lines
from moderation.labels import ACTIONS, NAMES
from moderation.policy import Policy
from moderation.records import DocumentVerdicts, Flag, Removed, Repair, Span, Verdict, document_record
from moderation.restoration import clean_digest


@dataclass(frozen=True, slots=True)
class Decision:
    """A judgement under a policy.

    label, action: uint8 (n,), of the lines. junk: float32 (n,). span_action: uint8, of the judgement's spans.
    keep: bool, one a character.
    """

    judgement: Judgement
    policy: Policy
    model_id: str
    label: NDArray[np.uint8]
    junk: NDArray[np.float32]
    action: NDArray[np.uint8]
    span_action: NDArray[np.uint8]
    keep: NDArray[np.bool_]


class Result:
    """The clean text of one document, its verdicts, flags, repairs and what was removed."""

    def __init__(self, text: str, decision: Decision, index: int) -> None:
        self.text = text
        self._decision = decision
        self._index = index

    def __repr__(self) -> str:
        return f"Result(text={self.text[:40]!r}, flags={self.flags}, model={self.model!r}, policy={self.policy!r})"

    @property
    def model(self) -> str:
        """The model that judged, name@digest."""
        return self._decision.model_id

    @property
    def policy(self) -> str:
        """The policy that decided."""
        return self._decision.policy.name

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """One a line that is not blank, in order."""
        return tuple(self._verdicts())

    def _verdicts(self) -> Iterator[Verdict]:
        decision, judged = self._decision, self._decision.judgement.lines
        offset = int(judged.batch.doc_start[self._index])
        first, last = judged.first_line[self._index : self._index + 2]
        for k in range(first, last):
            if not judged.blank[k]:
                label = int(decision.label[k])
                yield Verdict(
                    line=int(k - first),
                    start=int(judged.line_start[k]) - offset,
                    end=int(judged.line_end[k]) - offset,
                    label=NAMES[label],
                    score=float(decision.judgement.probabilities[k, label]),
                    junk=float(decision.junk[k]),
                    action=ACTIONS[decision.action[k]],
                    spans=self._spans(k, offset),
                )

    def _spans(self, line: int, offset: int) -> tuple[Span, ...]:
        """The spans of one line, in the document's own offsets."""
        found = self._decision.judgement.spans
        low, high = np.searchsorted(found.line, [line, line + 1])
        return tuple(
            Span(
                start=int(found.start[q]) - offset,
                end=int(found.end[q]) - offset,
                label=NAMES[found.label[q]],
                score=float(found.score[q]),
                action=ACTIONS[self._decision.span_action[q]],
            )
            for q in range(low, high)
        )

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """The probability of every label for every verdict: (len(verdicts), n_labels), columns as in labels.LABELS."""
        lines = self._decision.judgement.lines
        first, last = lines.first_line[self._index : self._index + 2]
        rows: NDArray[np.float32] = self._decision.judgement.probabilities[first:last][~lines.blank[first:last]]
        return rows

    @cached_property
    def flags(self) -> dict[str, Flag]:
        """Lines and characters by label, for everything that is flagged or dropped; a span counts as characters."""
        lines: dict[str, int] = {}
        chars: dict[str, int] = {}
        for verdict in self.verdicts:
            if verdict.action != "keep":
                lines[verdict.label] = lines.get(verdict.label, 0) + 1
                chars[verdict.label] = chars.get(verdict.label, 0) + verdict.end - verdict.start
            for span in verdict.spans:
                if span.action != "keep":
                    chars[span.label] = chars.get(span.label, 0) + span.end - span.start
        return {name: Flag(lines.get(name, 0), chars[name]) for name in NAMES if name in chars}

    @property
    def flagged(self) -> bool:
        """Whether any line or span is flagged or dropped."""
        return bool(self.flags)

    @cached_property
    def removed(self) -> tuple[Removed, ...]:
        """What was cut, in order: with the clean text it makes the original."""
        start, end = self._decision.judgement.lines.batch.doc_start[self._index : self._index + 2]
        keep = self._decision.keep[start:end]
        if keep.all():
            return ()
        codes = self._decision.judgement.lines.batch.codes[start:end]
        edge = np.flatnonzero(np.diff(keep.astype(np.int8), prepend=1, append=1))
        kept_before = np.concatenate([[0], np.cumsum(keep)])
        return tuple(
            Removed(int(a), int(b), int(kept_before[a]), codes[a:b].tobytes().decode("utf-32-le"))
            for a, b in zip(edge[::2], edge[1::2], strict=True)
        )

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """What was mended in kept text."""
        return ()

    def document(self) -> DocumentVerdicts:
        """The whole record, typed."""
        return DocumentVerdicts(
            lines=self.verdicts,
            removed=self.removed,
            repairs=self.repairs,
            flags=self.flags,
            model=self.model,
            policy=self.policy,
            clean_digest=clean_digest(self.text),
        )

    def record(self, **head: Any) -> dict[str, Any]:
        """The record as JSON values, as it stands in a verdicts file; `head` (id, url …) comes first."""
        return document_record(self.document(), **head)


def decide(judgement: Judgement, policy: Policy, model_id: str) -> list[Result]:
    """Apply a policy: one result a document."""
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
    decision = Decision(judgement, policy, model_id, label, junk, action, span_action, keep)
    out, out_start = gather(batch.codes, keep, batch.doc_start)
    clean = out.tobytes().decode("utf-32-le")
    return [Result(clean[a:b], decision, n) for n, (a, b) in enumerate(pairwise(out_start))]
