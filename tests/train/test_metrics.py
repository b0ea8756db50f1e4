"""Each metric on cases small enough to be worked out by hand."""

from typing import Any

import numpy as np
import pytest

from moderation.labels import INDEX, NAMES
from moderation.train.metrics import (
    Judged,
    bootstrap_interval,
    calibration_error,
    confusion_matrix,
    f1_score,
    label_table,
    metrics,
    ratio,
)

ROWS = [
    # truth, label, kept, chars, p_content, page, span_true, span_found, span_both
    ("content", "content", True, 100, 0.95, 0, 10, 5, 4),
    ("content", "content", True, 50, 0.85, 0, 0, 3, 0),
    ("content", "related", False, 30, 0.25, 0, 6, 0, 0),
    ("nav", "nav", False, 10, 0.05, 0, 0, 0, 0),
    ("nav", "content", True, 10, 0.75, 1, 0, 0, 0),
    ("related", "nav", False, 20, 0.15, 1, 0, 0, 0),
    ("gambling", "gambling", False, 40, 0.0, 1, 0, 0, 0),
    ("promo", "gambling", False, 20, 0.1, 1, 0, 0, 0),
    ("adult", "content", True, 5000, 0.65, 2, 0, 0, 0),
    ("noise", "noise", False, 5, 0.0, 2, 0, 0, 0),
]


def judged(rows: list[tuple[Any, ...]]) -> Judged:
    """Rows as columns."""
    truth, label, kept, chars, p_content, page, true, found, both = zip(*rows, strict=True)
    return Judged(
        np.array([INDEX[name] for name in truth]),
        np.array([INDEX[name] for name in label]),
        np.array(kept, np.bool_),
        np.array(chars),
        np.array(p_content, np.float64),
        np.array(page),
        np.array(true),
        np.array(found),
        np.array(both),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # kept: 4 lines, of which 2 are content; content: 3 lines
        ("keep_precision", 2 / 4),
        ("keep_recall", 2 / 3),
        ("keep_f1", 2 * 2 / (4 + 3)),
        # dropped: 6 lines, of which 5 are junk; junk: 7 lines
        ("junk_f1", 2 * 5 / (6 + 7)),
        ("content_chars_kept", 150 / 180),
        # the adult line counts 2000 of its 5000 characters
        ("junk_chars_removed", (10 + 20 + 40 + 20 + 5) / (10 + 10 + 20 + 40 + 20 + 2000 + 5)),
        ("spam_lines_removed", 2 / 3),
        # found as spam: gambling and promo, both truly spam, of three
        ("spam_family_f1", 2 * 2 / (2 + 3)),
        # keep: found 4, true 3, both 2; chrome: found 3, true 3, both 2; spam as above; noise: 1 of 1
        ("family_macro_f1", (4 / 7 + 4 / 6 + 4 / 5 + 1) / 4),
        ("label_accuracy", 5 / 10),
        # only the kept content lines count: the dropped one's six characters don't
        ("span_char_f1", 2 * 4 / (10 + 8)),
    ],
)
def test_a_metric_is_what_one_works_out_by_hand(name: str, value: float) -> None:
    assert metrics(judged(ROWS))[name] == pytest.approx(value)


def test_calibration_error_is_the_mean_gap_by_bins() -> None:
    # two bins: two lines at 0.2, of which one is content; two at 0.9, of which both are
    probability = np.array([0.2, 0.2, 0.9, 0.9])
    outcome = np.array([True, False, True, True])
    assert calibration_error(probability, outcome, bins=2) == pytest.approx((2 * 0.3 + 2 * 0.1) / 4)


def test_a_certain_and_right_probability_is_calibrated() -> None:
    assert calibration_error(np.array([0.0, 1.0, 1.0]), np.array([False, True, True])) == 0


def test_every_metric_of_perfect_verdicts_is_one_and_lies_in_the_unit_interval() -> None:
    rows = [(t, t, t == "content", n, float(t == "content"), p, 0, 0, 0) for t, _, _, n, _, p, *_ in ROWS]
    found = metrics(judged(rows))
    assert found.pop("keep_calibration_error") == 0
    assert found.pop("span_char_f1") == 0
    assert set(found.values()) == {1.0}


def test_nothing_to_measure_is_zero_and_no_error() -> None:
    nothing = judged(ROWS).rows(np.zeros(len(ROWS), np.bool_))
    assert set(metrics(nothing).values()) == {0.0}
    assert f1_score(np.array([False]), np.array([False])) == 0
    assert ratio(3, 0) == 0


def test_the_label_table_has_a_row_for_every_label() -> None:
    rows = {row.label: row for row in label_table(judged(ROWS))}
    assert tuple(rows) == NAMES
    gambling = rows["gambling"]
    assert (gambling.precision, gambling.recall, gambling.lines) == (0.5, 1.0, 1)
    assert gambling.f1 == pytest.approx(2 / 3)
    assert (rows["seo"].precision, rows["seo"].recall, rows["seo"].f1, rows["seo"].lines) == (0, 0, 0, 0)


def test_the_confusion_matrix_has_true_labels_as_rows() -> None:
    found = confusion_matrix(judged(ROWS))
    assert found.shape == (12, 12)
    assert found.sum() == len(ROWS)
    assert found[INDEX["promo"], INDEX["gambling"]] == 1
    assert found[INDEX["gambling"], INDEX["promo"]] == 0
    assert found[INDEX["content"], INDEX["content"]] == 2


def test_intervals_hold_the_value_and_are_the_same_each_time() -> None:
    low, high = bootstrap_interval(judged(ROWS), ["keep_f1"], draws=50)["keep_f1"]
    assert 0 <= low <= metrics(judged(ROWS))["keep_f1"] <= high <= 1
    assert bootstrap_interval(judged(ROWS), ["keep_f1"], draws=50) == {"keep_f1": (low, high)}


def test_intervals_draw_whole_pages() -> None:
    one_page = judged([(*row[:5], 0, *row[6:]) for row in ROWS])
    low, high = bootstrap_interval(one_page, ["keep_f1"], draws=20)["keep_f1"]
    assert low == high == metrics(one_page)["keep_f1"]
