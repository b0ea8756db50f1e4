"""Measure a moderator on labelled pages, through the same call that every user's text takes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderation.labels import CONTENT, INDEX, NAMES
from moderation.moderate import Moderator
from moderation.train.dataset import LabelledPage
from moderation.train.metrics import Judged


@dataclass(frozen=True, slots=True)
class Scored:
    """Judged lines with their scores, one row each.

    probabilities: float64 (n, n_labels). junk: float64 (n,), what the policy's thresholds are compared with; each is
    exactly a float32. line: index in the lines of the page.
    """

    judged: Judged
    probabilities: NDArray[np.float64]
    junk: NDArray[np.float64]
    line: NDArray[np.int64]


def judge_pages(moderator: Moderator, pages: Sequence[LabelledPage]) -> Judged:
    """Clean every page as one document and set its labels beside the verdicts."""
    return score_pages(moderator, pages).judged


def score_pages(moderator: Moderator, pages: Sequence[LabelledPage]) -> Scored:
    """As judge_pages, with the scores."""
    texts = [page.text for page in pages]
    rows: list[tuple[float, ...]] = []
    probabilities = [np.zeros((0, len(NAMES)), np.float32)]
    for number, (page, result) in enumerate(zip(pages, moderator.clean_many(texts), strict=True)):
        verdicts = {verdict.line: (verdict, n) for n, verdict in enumerate(result.verdicts)}
        scores = result.probabilities
        labelled = []
        junk: dict[int, set[int]] = {}
        for span in page.spans:
            junk.setdefault(span.line, set()).update(range(span.start, span.end))
        for line, label in enumerate(page.labels):
            if label is None or line not in verdicts:
                continue
            verdict, n = verdicts[line]
            labelled.append(n)
            acted_on = [span for span in verdict.spans if span.action != "keep"]
            cut = {i - verdict.start for span in acted_on for i in range(span.start, span.end)}
            true = junk.get(line, set()) if label == "content" else set()
            found = cut if label == "content" else set()
            rows.append(
                (
                    INDEX[label],
                    INDEX[verdict.label],
                    verdict.action != "drop",
                    verdict.end - verdict.start,
                    scores[n, CONTENT],
                    number,
                    len(true),
                    len(found),
                    len(true & found),
                    verdict.junk,
                    line,
                )
            )
        probabilities.append(scores[labelled])
    columns = np.array(rows, np.float64).reshape(-1, 11).T
    truth, label_column, kept, chars, probability, page_column, true_chars, found_chars, both, junks, lines = columns
    whole = np.int64
    judged = Judged(
        truth.astype(whole),
        label_column.astype(whole),
        kept.astype(bool),
        chars.astype(whole),
        probability,
        page_column.astype(whole),
        true_chars.astype(whole),
        found_chars.astype(whole),
        both.astype(whole),
    )
    return Scored(judged, np.concatenate(probabilities).astype(np.float64), junks, lines.astype(whole))
