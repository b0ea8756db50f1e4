"""The records of the loop: kept verdicts, corrections, lines worth a label."""

from dataclasses import dataclass

from moderation.labels import Action
from moderation.records import Span


@dataclass(frozen=True, slots=True)
class KeptLine:
    """One line of a kept verdict; offsets, label, score, junk, action and spans are the verdict's.

    digest: of the folded line. alone_label, alone_score: what the first stage makes of it. doubt: in [0, 1], 1 where
    the least change would change the action. apart: in [0, 1], by how much the two stages disagree about keeping it, 0
    where they agree. use: what the queue sorts by.
    """

    line: int
    digest: str
    start: int
    end: int
    label: str
    score: float
    junk: float
    action: Action
    alone_label: str
    alone_score: float
    doubt: float
    apart: float
    spans: tuple[Span, ...]

    @property
    def use(self) -> float:
        """Expected use of a label, in [0, 2]."""
        return self.doubt + self.apart


@dataclass(frozen=True, slots=True)
class KeptVerdict:
    """A document's verdict with its text. document: the caller's own name for it."""

    id: str
    document: str | None
    text: str
    model: str
    policy: str
    lines: tuple[KeptLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCorrection:
    """What somebody says: the right label of a line, or of [start, end) in the original text.

    verdict: of a kept verdict; where it is not kept, `text` is the page.
    """

    line: int
    label: str
    verdict: str | None = None
    text: str | None = None
    start: int | None = None
    end: int | None = None
    document: str | None = None
    note: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A correction as it is stored. page: digest of the page's text. text: the line. found: what the model said."""

    id: str
    created: str
    page: str
    line: int
    text: str
    label: str
    start: int | None
    end: int | None
    found: str | None
    verdict: str | None
    document: str | None
    model: str
    policy: str
    who: str
    note: str
    withdrawn: bool
