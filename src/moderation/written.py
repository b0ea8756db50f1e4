"""The verdicts on a document's lines as JSON, and the tricks that are among them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.columns import taken, visible
from moderation.decision import Decision
from moderation.kernel.write import write_lines
from moderation.labels import ACTIONS, LABELS, NAMES
from moderation.tricks import TRICKS, trick_bits

SPAM: Final = np.array([label.family == "spam" for label in LABELS])
NOWHERE: Final = np.zeros(0, np.bool_)
QUOTED: Final = [f'"{name}"'.encode() for name in (*NAMES, *ACTIONS, *TRICKS)]
QUOTES: Final = np.frombuffer(b"".join(QUOTED), np.uint8)
QUOTE_START: Final = np.cumsum([0, *map(len, QUOTED)])


@dataclass(frozen=True, slots=True)
class Written:
    """Of documents [first, …): their verdicts, a JSON array each, and where each begins."""

    first: int
    json: bytes
    begin: list[int]

    def of(self, index: int) -> bytes:
        """The document's part."""
        return self.json[slice(*self.begin[index - self.first : index - self.first + 2])]


@dataclass(frozen=True, slots=True)
class Tricks:
    """Of the lines that are not blank of documents [first, …): a bit for each trick, and where each document begins."""

    first: int
    bits: NDArray[np.uint16]
    begin: NDArray[np.int64]

    def of(self, index: int) -> list[int]:
        """The document's part."""
        found: list[int] = self.bits[slice(*self.begin[index - self.first : index - self.first + 2])].tolist()
        return found


def written(decision: Decision, first: int, last: int) -> Written:
    """Of documents [first, last)."""
    judgement = decision.judgement
    lines, spans = judgement.lines, judgement.spans
    rows, begin = visible(decision, first, last)
    own = slice(*np.searchsorted(spans.line, lines.first_line[[first, last]]).tolist())
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
        tricks_between(decision, first, last).bits,
        spans.line[own],
        spans.start[own],
        spans.end[own],
        spans.label[own],
        spans.score[own],
        decision.span_action[own],
        QUOTES,
        QUOTE_START,
    )
    return Written(first, json.tobytes(), start.tolist())


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
    own = slice(*np.searchsorted(spans.line, lines.first_line[[first, last]]).tolist())
    if own.start == own.stop:
        return Tricks(first, bits, begin)
    pieces: dict[int, list[str]] = {}
    of_spam = np.flatnonzero(SPAM[spans.label[own]]) + own.start
    at = np.searchsorted(rows, spans.line[of_spam])
    for n, start, end in zip(at.tolist(), spans.start[of_spam].tolist(), spans.end[of_spam].tolist(), strict=True):
        pieces.setdefault(n, []).append(text_of(codes[start:end]))
    for n, texts in pieces.items():
        bits[n] = trick_bits("\n".join(texts))
    return Tricks(first, bits, begin)


def text_of(codes: NDArray[np.uint32]) -> str:
    """Code points as text."""
    return codes.tobytes().decode("utf-32-le")


def json_of(decision: Decision, index: int) -> bytes:
    """The verdicts of one document, a JSON array of what records.py calls a line."""
    return taken(decision, "written", index, written).of(index)


def tricks_of(decision: Decision, index: int) -> list[int]:
    """The tricks of one document's lines that are not blank."""
    return taken(decision, "tricks", index, tricks_between).of(index)
