"""What the loop needs of a judged text beside its verdicts: each line by itself, and lines that say the same."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from moderation.judge import line_scores
from moderation.labels import CONTENT, NAMES
from moderation.lines import Lines, read_lines
from moderation.loop.records import KeptLine, KeptVerdict
from moderation.model.model import Model
from moderation.policy import Policy
from moderation.records import Verdict
from moderation.result import Result
from moderation.text.batch import pack

DIGITS: dict[int, int] = dict.fromkeys(range(ord("0"), ord("9") + 1), ord("0"))


def text_digest(text: str) -> str:
    """The name of a page's text in the store."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def line_digest(folded: NDArray[np.uint32]) -> str:
    """The name of a folded line; all digits count as one."""
    text = folded.tobytes().decode("utf-32-le", "replace").translate(DIGITS)
    return text_digest(text)


def line_digests(texts: Sequence[str], model: Model) -> list[str]:
    """The digest of each line."""
    return digests_of(read_lines(pack(texts), model.tables)) if texts else []


def digests_of(read: Lines) -> list[str]:
    """The digests of lines that have been read."""
    bounds = zip(read.fold_start[:-1], read.fold_start[1:], strict=True)
    return [line_digest(read.folded[a:b]) for a, b in bounds]


def kept_verdict(
    verdict_id: str, document: str | None, text: str, result: Result, model: Model, policy: Policy
) -> KeptVerdict:
    """A result as the store keeps it. text: the original. model, policy: those that the result is of."""
    verdicts = result.verdicts
    if not verdicts:
        return KeptVerdict(verdict_id, document, text, result.model, result.policy, ())
    read = read_lines(pack([text[v.start : v.end] for v in verdicts]), model.tables)
    alone = line_scores(read, model.lines)
    lines = tuple(
        kept_line(verdict, digest, by_itself, float(here[CONTENT]), policy)
        for verdict, digest, by_itself, here in zip(
            verdicts, digests_of(read), alone, result.probabilities, strict=True
        )
    )
    return KeptVerdict(verdict_id, document, text, result.model, result.policy, lines)


def kept_line(verdict: Verdict, digest: str, alone: NDArray[np.float32], content: float, policy: Policy) -> KeptLine:
    """One line. alone: the first stage's probabilities. content: its probability of being content on its page."""
    by_itself = float(alone[CONTENT])
    label = CONTENT if by_itself >= 0.5 else int(alone[CONTENT + 1 :].argmax()) + CONTENT + 1
    sides = (by_itself >= 0.5) != (content >= 0.5)
    return KeptLine(
        line=verdict.line,
        digest=digest,
        start=verdict.start,
        end=verdict.end,
        label=verdict.label,
        score=verdict.score,
        junk=verdict.junk,
        action=verdict.action,
        alone_label=NAMES[label],
        alone_score=float(alone[label]),
        doubt=doubt(verdict.junk, policy.rule(verdict.label).threshold),
        apart=abs(by_itself - content) if sides else 0.0,
        spans=verdict.spans,
    )


def doubt(junk: float, threshold: float) -> float:
    """1 where the probability of junk is the threshold itself, 0 at the farthest from it that is possible.

    >>> doubt(0.5, 0.5), doubt(1.0, 0.5), doubt(0.0, 0.9)
    (1.0, 0.0, 0.0)
    """
    room = threshold if junk < threshold else 1 - threshold
    return max(0.0, 1 - abs(junk - threshold) / room) if room else 1.0
