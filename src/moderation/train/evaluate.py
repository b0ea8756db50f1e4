"""Measure a moderator on labelled pages, through the same call that every user's text takes."""

from collections.abc import Sequence

import numpy as np

from moderation.labels import CONTENT, INDEX
from moderation.moderate import Moderator
from moderation.result import Result
from moderation.train.dataset import LabelledPage
from moderation.train.metrics import Judged


def judge_pages(moderator: Moderator, pages: Sequence[LabelledPage]) -> Judged:
    """Clean every page as one document and set its labels beside the verdicts."""
    texts = [page.text for page in pages]
    rows: list[tuple[float, ...]] = []
    for number, (page, result) in enumerate(zip(pages, moderator.clean_many(texts), strict=True)):
        verdicts = {verdict.line: (verdict, p) for verdict, p in zip(result.verdicts, p_content(result), strict=True)}
        junk: dict[int, set[int]] = {}
        for span in page.spans:
            junk.setdefault(span.line, set()).update(range(span.start, span.end))
        for line, label in enumerate(page.labels):
            if label is None or line not in verdicts:
                continue
            verdict, p = verdicts[line]
            cut = {i - verdict.start for span in verdict.spans for i in range(span.start, span.end)}
            true = junk.get(line, set()) if label == "content" else set()
            found = cut if label == "content" else set()
            rows.append(
                (
                    INDEX[label],
                    INDEX[verdict.label],
                    verdict.action != "drop",
                    verdict.end - verdict.start,
                    p,
                    number,
                    len(true),
                    len(found),
                    len(true & found),
                )
            )
    columns = np.array(rows, np.float64).reshape(-1, 9).T
    truth, label_column, kept, chars, probability, page_column, true_chars, found_chars, both = columns
    whole = np.int64
    return Judged(
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


def p_content(result: Result) -> list[float]:
    """The probability of content, one a verdict."""
    return [float(p) for p in result.probabilities[:, CONTENT]]
