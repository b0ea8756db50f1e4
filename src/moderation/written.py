"""The verdicts on a document's lines as JSON, and the tricks that are among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.columns import Parts, span_parts, taken, taken_of, visible
from moderation.decision import Decision
from moderation.kernel.write import write_lines
from moderation.labels import ACTIONS, LABELS, NAMES
from moderation.tricks import TRICKS, trick_bits

SPAM: Final = np.array([label.family == "spam" for label in LABELS])
NOWHERE: Final = np.zeros(0, np.bool_)
QUOTED: Final = [f'"{name}"'.encode() for name in (*NAMES, *ACTIONS, *TRICKS)]


def gathered(pieces: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pieces behind one another, and where each begins."""
    return np.frombuffer(b"".join(pieces), np.uint8), np.cumsum([0, *map(len, pieces)])


QUOTES, QUOTE_START = gathered(QUOTED)
FIRST_TRICK: Final = len(NAMES) + len(ACTIONS)


@dataclass(frozen=True, slots=True)
class Written(Parts):
    """json: the verdicts of the documents, a JSON array each."""

    json: bytes


@dataclass(frozen=True, slots=True)
class Tricks(Parts):
    """bits: of the lines that are not blank, a bit for each trick."""

    bits: NDArray[np.uint16]


def written(decision: Decision, first: int, last: int) -> Written:
    """Of documents [first, last)."""
    judgement = decision.judgement
    lines, spans = judgement.lines, judgement.spans
    rows, begin = visible(decision, first, last)
    own = spans_between(decision, first, last)
    json, start = write_lines(
        rows,
        begin,
        lines.first_line[first:last],
        lines.batch.doc_start[first:last],
        lines.line_start,
        lines.line_end,
        decision.label,
        judgement.probabilities,
        decision.junk,
        decision.action,
        NOWHERE if judgement.outside is None else judgement.outside,
        taken_of(decision, "tricks", first, last, tricks_between).bits,
        spans.line[own],
        spans.start[own],
        spans.end[own],
        spans.label[own],
        spans.score[own],
        decision.span_action[own],
        QUOTES,
        QUOTE_START,
        FIRST_TRICK,
    )
    return Written(first, start.tolist(), json.tobytes())


def tricks_between(decision: Decision, first: int, last: int) -> Tricks:
    """The tricks of each line that is spam, and of the spans that are, in documents [first, last)."""
    lines, spans = decision.judgement.lines, decision.judgement.spans
    codes = lines.batch.codes
    rows, begin = visible(decision, first, last)
    bits = np.zeros(rows.size, np.uint16)
    places = np.flatnonzero(SPAM[decision.label[rows]])
    spam = rows[places]
    ends = zip(places.tolist(), lines.line_start[spam].tolist(), lines.line_end[spam].tolist(), strict=True)
    for n, start, end in ends:
        bits[n] = trick_bits(text_of(codes[start:end]))
    own = spans_between(decision, first, last)
    of_spam = np.flatnonzero(SPAM[spans.label[own]]) + own.start
    pieces: dict[int, list[str]] = {}
    at = np.searchsorted(rows, spans.line[of_spam])
    for n, start, end in zip(at.tolist(), spans.start[of_spam].tolist(), spans.end[of_spam].tolist(), strict=True):
        pieces.setdefault(n, []).append(text_of(codes[start:end]))
    for n, texts in pieces.items():
        bits[n] = trick_bits("\n".join(texts))
    return Tricks(first, begin.tolist(), bits)


def spans_between(decision: Decision, first: int, last: int) -> slice:
    """Which of the judgement's spans lie in documents [first, last)."""
    begin = span_parts(decision, first, last).begin
    return slice(begin[0], begin[-1])


def text_of(codes: NDArray[np.uint32]) -> str:
    """Code points as text."""
    return str(codes.data, "utf-32-le")


def json_of(decision: Decision, index: int) -> bytes:
    """The verdicts of one document, a JSON array of what records.py calls a line."""
    found = taken(decision, "written", index, written)
    return found.json[found.of(index)]


def tricks_of(decision: Decision, index: int) -> list[int]:
    """The tricks of one document's lines that are not blank."""
    found = taken(decision, "tricks", index, tricks_between)
    bits: list[int] = found.bits[found.of(index)].tolist()
    return bits
