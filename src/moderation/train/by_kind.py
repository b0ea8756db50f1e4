"""Figures by kind of page, and how much of each label's spam is caught; every figure with its interval by page.

A figure is a ratio of sums over pages, so that drawing pages anew is one product of matrices.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moderation.labels import CONTENT, LABELS
from moderation.train.dataset import LabelledPage
from moderation.train.metrics import FAMILY, LONGEST, SPAM, Judged
from moderation.train.page_kind import HONEST, OTHER, group_of, in_order

DRAWS: Final = 1000
SEED: Final = 0
ALPHA: Final = 0.05
"""One minus the level of the intervals."""
SPAM_LABELS: Final = tuple(n for n, label in enumerate(LABELS) if label.family == "spam")
SHOWN: Final = ("keep_f1", "content_chars_kept", "junk_chars_removed", "spam_lines_removed", "label_accuracy")
"""The figures of a kind of page; docs/metrics.md defines them."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A share in [0, 1] with its 95 % interval by page, rounded to four digits."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SpamRecall:
    """How much of a label's spam is removed under the policy, by whatever label. pages: those that have any."""

    label: str
    lines: int
    pages: int
    recall: Figure


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of page. A figure is None where the pages hold nothing that it speaks of, such as no spam."""

    kind: str
    pages: int
    lines: int
    figures: dict[str, Figure | None]


def spam_recall(judged: Judged) -> list[SpamRecall]:
    """One row for each spam label that any line truly has, in the table's order."""
    rows = []
    for column in SPAM_LABELS:
        true = judged.truth == column
        found = interval(per_page(judged, true & ~judged.kept), per_page(judged, true))
        if found:
            pages = np.unique(judged.page[true]).size
            rows.append(SpamRecall(LABELS[column].name, int(np.count_nonzero(true)), int(pages), found))
    return rows


def kind_table(judged: Judged, pages: Sequence[LabelledPage]) -> list[KindRow]:
    """One row for each kind of page, in the order of page_kind.ORDER; pages without a kind are left out.

    pages: those that were judged, so that judged.page points into them. Where the table knows none of their kinds, as
    in files of single lines, there is no row.
    """
    group = np.array([group_of(page.kind) if page.kind else "" for page in pages] or [""])
    if set(group.tolist()) <= {"", OTHER}:
        return []
    of_line = group[judged.page]
    rows = []
    for name in in_order(group.tolist()):
        part = judged.rows(of_line == name)
        rows.append(KindRow(name, int(np.count_nonzero(group == name)), int(part.truth.size), kind_figures(part)))
    return rows


def honest_chars_kept(rows: Sequence[KindRow]) -> Figure | None:
    """The share of the content characters of honest look-alikes that is kept."""
    return next((row.figures["content_chars_kept"] for row in rows if row.kind == HONEST), None)


def kind_figures(judged: Judged) -> dict[str, Figure | None]:
    """The figures SHOWN of some lines."""
    content, kept = judged.truth == CONTENT, judged.kept
    spam = FAMILY[judged.truth] == SPAM
    chars = np.minimum(judged.chars, LONGEST)
    every = np.ones(judged.truth.size)
    parts = {
        "keep_f1": (2.0 * (content & kept), (content * 1.0 + kept) * content.any()),
        "content_chars_kept": (chars * (content & kept), chars * content),
        "junk_chars_removed": (chars * (~content & ~kept), chars * ~content),
        "spam_lines_removed": (1.0 * (spam & ~kept), 1.0 * spam),
        "label_accuracy": (1.0 * (judged.label == judged.truth), every),
    }
    return {name: interval(per_page(judged, part), per_page(judged, whole)) for name, (part, whole) in parts.items()}


def per_page(judged: Judged, amount: NDArray[Any]) -> NDArray[np.float64]:
    """The sum of an amount a line over each page that has lines: (pages,)."""
    _, place = np.unique(judged.page, return_inverse=True)
    sums: NDArray[np.float64] = np.bincount(place, amount).astype(np.float64)
    return sums


def interval(part: NDArray[np.float64], whole: NDArray[np.float64]) -> Figure | None:
    """part.sum() / whole.sum(), with the middle 95 % of what other draws of the pages give; None for an empty whole.

    Draws in which nothing is there to divide by do not count. Where all pages are wholly right, or wholly wrong, every
    draw is so too; the interval is then the exact one of as many trials as there are pages (Clopper and Pearson, 1934).
    A single page that is neither says nothing of other pages: 0 to 1.
    """
    pages = np.count_nonzero(whole)
    if not pages:
        return None
    share = float(part.sum() / whole.sum())
    value = round(share, 4)
    far = round(float((ALPHA / 2) ** (1 / pages)), 4)
    if share in {0.0, 1.0}:
        return Figure(value, far if share else 0.0, 1.0 if share else round(1 - far, 4))
    if pages == 1:
        return Figure(value, 0.0, 1.0)
    random = np.random.default_rng(SEED)
    drawn = random.multinomial(part.size, np.full(part.size, 1 / part.size), DRAWS)
    parts, wholes = drawn @ part, drawn @ whole
    some = wholes > 0
    low, high = np.quantile(parts[some] / wholes[some], [ALPHA / 2, 1 - ALPHA / 2])
    return Figure(value, round(float(low), 4), round(float(high), 4))


def by_kind_record(judged: Judged, pages: Sequence[LabelledPage]) -> dict[str, Any]:
    """`spam_recall` and `kinds` as JSON values, for reports and manifests."""
    return {
        "spam_recall": [asdict(row) for row in spam_recall(judged)],
        "kinds": [asdict(row) for row in kind_table(judged, pages)],
    }
