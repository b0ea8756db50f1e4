"""The project's metrics, over labelled lines and what was decided about them. Definitions: docs/metrics.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, SupportsFloat

import numpy as np
from numpy.typing import NDArray

from moderation.labels import CONTENT, FAMILIES, LABELS, NAMES

LONGEST: Final = 2000
"""A line counts at most this many characters."""
FAMILY: Final = np.array([FAMILIES.index(label.family) for label in LABELS])
SPAM: Final = FAMILIES.index("spam")


@dataclass(frozen=True, slots=True)
class Judged:
    """Labelled lines and their verdicts, one row each.

    truth, label: columns of the label table. kept: survives under the policy. chars: length. p_content: probability
    of content. page: index of the page. span_true, span_found, span_both: junk characters marked in the line by the
    labels, by the verdict, and by both; counted for content lines alone.
    """

    truth: NDArray[np.int64]
    label: NDArray[np.int64]
    kept: NDArray[np.bool_]
    chars: NDArray[np.int64]
    p_content: NDArray[np.float64]
    page: NDArray[np.int64]
    span_true: NDArray[np.int64]
    span_found: NDArray[np.int64]
    span_both: NDArray[np.int64]

    def rows(self, index: NDArray[np.generic]) -> "Judged":
        """The rows of an index or mask."""
        return Judged(*(getattr(self, name)[index] for name in self.__slots__))


def ratio(part: SupportsFloat, whole: SupportsFloat) -> float:
    """part / whole, and 0 where there is nothing to divide by."""
    return float(part) / float(whole) if float(whole) else 0.0


def f1_score(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    """Harmonic mean of precision and recall; 0 where neither set has a member."""
    return ratio(2 * np.count_nonzero(found & true), np.count_nonzero(found) + np.count_nonzero(true))


@dataclass(frozen=True, slots=True)
class Bin:
    """Lines whose probability lies in one part of [0, 1]: how many, its mean, and the share that came true."""

    lines: int
    probability: float
    share: float


def reliability(probability: NDArray[np.float64], outcome: NDArray[np.bool_], bins: int = 15) -> list[Bin]:
    """One bin for each of `bins` parts of [0, 1], in order; an empty one has zeros."""
    which = np.minimum((probability * bins).astype(np.int64), bins - 1)
    lines = np.bincount(which, minlength=bins)
    sums = np.bincount(which, probability, bins), np.bincount(which, outcome, bins)
    return [Bin(int(n), ratio(p, n), ratio(true, n)) for n, p, true in zip(lines, *sums, strict=True)]


def calibration_error(probability: NDArray[np.float64], outcome: NDArray[np.bool_], bins: int = 15) -> float:
    """Expected calibration error over bins of equal width: mean |share of outcomes - mean probability|, by lines."""
    found = reliability(probability, outcome, bins)
    return ratio(sum(b.lines * abs(b.share - b.probability) for b in found), probability.size)


def metrics(judged: Judged) -> dict[str, float]:
    """Every figure by name, each in [0, 1]."""
    content = judged.truth == CONTENT
    kept = judged.kept
    chars = np.minimum(judged.chars, LONGEST)
    spam = FAMILY[judged.truth] == SPAM
    families = [f1_score(FAMILY[judged.label] == k, FAMILY[judged.truth] == k) for k in range(len(FAMILIES))]
    inside = judged.rows(content & kept)
    return {
        "keep_f1": f1_score(kept, content),
        "keep_precision": ratio(np.count_nonzero(kept & content), np.count_nonzero(kept)),
        "keep_recall": ratio(np.count_nonzero(kept & content), np.count_nonzero(content)),
        "junk_f1": f1_score(~kept, ~content),
        "content_chars_kept": ratio(chars[content & kept].sum(), chars[content].sum()),
        "junk_chars_removed": ratio(chars[~content & ~kept].sum(), chars[~content].sum()),
        "spam_lines_removed": ratio(np.count_nonzero(spam & ~kept), np.count_nonzero(spam)),
        "spam_family_f1": families[SPAM],
        "family_macro_f1": float(np.mean(families)),
        "label_accuracy": ratio(np.count_nonzero(judged.label == judged.truth), judged.truth.size),
        "span_char_f1": ratio(2 * inside.span_both.sum(), inside.span_true.sum() + inside.span_found.sum()),
        "keep_calibration_error": calibration_error(judged.p_content, content),
    }


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One label's figures; `lines` is how many lines truly have it."""

    label: str
    precision: float
    recall: float
    f1: float
    lines: int


def label_table(judged: Judged) -> list[LabelRow]:
    """Precision, recall and F1 of every label, in the table's order."""
    rows = []
    for column, name in enumerate(NAMES):
        found, true = judged.label == column, judged.truth == column
        both = np.count_nonzero(found & true)
        precision = ratio(both, np.count_nonzero(found))
        recall = ratio(both, np.count_nonzero(true))
        rows.append(LabelRow(name, precision, recall, f1_score(found, true), int(np.count_nonzero(true))))
    return rows


@dataclass(frozen=True, slots=True)
class LabelCalibration:
    """How far a label's scores are to be believed: `found` lines were given it. `error` is None where none was."""

    found: int
    error: float | None


def label_calibration(judged: Judged, probabilities: NDArray[np.float64]) -> list[LabelCalibration]:
    """Expected calibration error of the score that each label was given with, in the table's order.

    probabilities: (n, n_labels). Over the lines that were given the label (top-label calibration: Gupta and Ramdas,
    2022). Over all lines, the error of a rare label would be next to nothing, whatever its scores are worth.
    """
    rows = []
    for column in range(len(NAMES)):
        found = judged.label == column
        count = int(np.count_nonzero(found))
        error = calibration_error(probabilities[found, column], judged.truth[found] == column)
        rows.append(LabelCalibration(count, error if count else None))
    return rows


def confusion_matrix(judged: Judged) -> NDArray[np.int64]:
    """Lines by true label (rows) and found label (columns)."""
    n = len(NAMES)
    return np.bincount(judged.truth * n + judged.label, minlength=n * n).reshape(n, n)


def bootstrap_interval(
    judged: Judged, names: Sequence[str], *, draws: int = 200, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """95 % intervals of metrics, drawing whole pages with replacement."""
    random = np.random.default_rng(seed)
    pages = np.unique(judged.page)
    rows_of = {int(page): np.flatnonzero(judged.page == page) for page in pages}
    found = []
    for _ in range(draws):
        drawn = random.choice(pages, pages.size)
        values = metrics(judged.rows(np.concatenate([rows_of[int(page)] for page in drawn])))
        found.append([values[name] for name in names])
    low, high = np.quantile(np.array(found), [0.025, 0.975], axis=0)
    return {name: (float(a), float(b)) for name, a, b in zip(names, low, high, strict=True)}
