"""Thresholds from scores made by hand, and policies that are written and read back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from moderation.errors import UsageError
from moderation.kernel.decide import decide_lines
from moderation.labels import INDEX, NAMES
from moderation.policy import BUILT_IN, Policy, load_policy, parse_policy
from moderation.train.calibrate import (
    FEW,
    base_policy,
    calibrate,
    check_request,
    policy_toml,
    share_interval,
    short_decimal,
    with_thresholds,
)
from moderation.train.evaluate import Scored
from moderation.train.metrics import Judged, label_calibration, reliability

Row = tuple[str, str, float]
"""Truth, found label, junk."""

ROWS: list[Row] = [
    ("gambling", "gambling", 0.98),
    ("gambling", "gambling", 0.95),
    ("adult", "gambling", 0.90),
    ("gambling", "gambling", 0.85),
    ("gambling", "gambling", 0.80),
    ("nav", "gambling", 0.70),
    ("content", "gambling", 0.60),
    ("gambling", "nav", 0.99),
    ("nav", "nav", 0.97),
    ("content", "content", 0.02),
]


def scored(rows: list[Row], pages: list[int] | None = None) -> Scored:
    """Rows as columns; every line is on a page of its own unless `pages` says otherwise."""
    truth, label, junk = zip(*rows, strict=True)
    found = np.array([INDEX[name] for name in label])
    score = np.array(junk, np.float32).astype(np.float64)
    zero = np.zeros(len(rows), np.int64)
    page = np.arange(len(rows)) if pages is None else np.array(pages)
    true = np.array([INDEX[name] for name in truth])
    judged = Judged(true, found, found == 0, zero + 9, 1 - score, page, zero, zero, zero)
    probabilities = np.zeros((len(rows), len(NAMES)))
    probabilities[np.arange(len(rows)), found] = np.where(found == 0, 1 - score, score)
    return Scored(judged, probabilities, score, zero)


@pytest.mark.parametrize(
    ("target", "threshold", "lines", "precision", "recall"),
    [
        # right of found, from the top: 1/1, 2/2, 2/3, 3/4, 4/5, 4/6, 4/7; five lines are truly gambling
        (1.0, 0.95, 2, 1.0, 2 / 5),
        (0.81, 0.95, 2, 1.0, 2 / 5),
        (0.8, 0.8, 5, 4 / 5, 4 / 5),
        (0.7, 0.8, 5, 4 / 5, 4 / 5),
        (0.6, 0.7, 6, 4 / 6, 4 / 5),
        (0.5, 0.6, 7, 4 / 7, 4 / 5),
    ],
)
def test_the_lowest_threshold_with_the_precision_is_found_even_past_a_dip(
    target: float, threshold: float, lines: int, precision: float, recall: float
) -> None:
    found = calibrate(scored(ROWS), "gambling", target)
    assert (found.threshold, found.lines, found.true_lines) == (threshold, lines, 5)
    assert found.precision == pytest.approx(precision)
    assert found.recall == pytest.approx(recall)


def test_precision_is_also_told_against_the_family_and_against_content() -> None:
    found = calibrate(scored(ROWS), "gambling", 0.5)
    assert found.family_precision == pytest.approx(5 / 7)
    assert found.junk_precision == pytest.approx(6 / 7)


@pytest.mark.parametrize("target", [1.0, 0.8, 0.6, 0.5])
def test_a_policy_with_the_threshold_drops_just_the_lines_that_were_counted(target: float) -> None:
    found = calibrate(scored(ROWS), "gambling", target)
    junk = np.array([row[2] for row in ROWS if row[1] == "gambling"], np.float32)
    probabilities = np.zeros((junk.size, len(NAMES)), np.float32)
    probabilities[:, INDEX["gambling"]] = junk
    action = np.array([0, *[2] * 11], np.uint8)
    threshold = np.full(len(NAMES), found.threshold, np.float32)
    assert np.count_nonzero(decide_lines(probabilities, action, threshold)[2]) == found.lines


def test_lines_of_one_score_stand_or_fall_together() -> None:
    rows: list[Row] = [("gambling", "gambling", 0.9), ("nav", "gambling", 0.8), ("gambling", "gambling", 0.8)]
    assert calibrate(scored(rows), "gambling", 2 / 3).lines == 3
    assert calibrate(scored(rows), "gambling", 0.7).lines == 1


def test_a_target_out_of_reach_is_refused_with_the_best_there_is() -> None:
    rows: list[Row] = [("nav", "adult", 0.9), *[("adult", "adult", 0.8)] * 3, ("nav", "adult", 0.7)]
    with pytest.raises(UsageError, match=r"adult: no threshold reaches a precision of 0.995 .* 0\.7500, at 0.8000 \(4"):
        calibrate(scored(rows), "adult", 0.995)


def test_a_label_that_no_line_was_given_is_refused() -> None:
    with pytest.raises(UsageError, match="seo: no line of these pages is found to be seo"):
        calibrate(scored(ROWS), "seo", 0.5)


@pytest.mark.parametrize(("lines", "few"), [(FEW - 1, True), (FEW, False)])
def test_few_lines_are_said_to_be_few(lines: int, few: bool) -> None:
    assert calibrate(scored([("nav", "nav", 0.9)] * lines), "nav", 1.0).few_lines is few


@pytest.mark.parametrize(
    ("score", "above", "expected"),
    [
        (0.8725, 0.8211, 0.87),
        (0.8725, 0.8711, 0.872),
        (0.8725, 0.87, 0.872),
        (0.5342, -1, 0.53),
        (1.0, 0.999, 1.0),
        (0.29, 0.28, 0.29),
        (0.28999, 0.28, 0.289),
    ],
)
def test_a_threshold_has_no_more_digits_than_it_takes(score: float, above: float, expected: float) -> None:
    assert short_decimal(float(np.float32(score)), above=float(np.float32(above))) == expected


def test_neighbouring_float32_scores_are_told_apart() -> None:
    score = np.float32(0.7)
    below = np.nextafter(score, np.float32(0))
    found = short_decimal(float(score), above=float(below))
    assert np.float32(found) == score


def test_the_interval_draws_pages_not_lines() -> None:
    pages = np.arange(10)
    whole = np.repeat(pages, 20)
    half = whole[whole < 5]
    low, high = share_interval(half, whole, pages)
    assert low < 0.3
    assert high > 0.7
    spread = np.repeat(pages, 10)
    assert share_interval(spread, whole, pages) == (0.5, 0.5)
    assert share_interval(half, whole, pages) == (low, high), "the seed is fixed"


@pytest.mark.parametrize(
    ("policy", "labels", "target", "sentence"),
    [
        ("default", ["nav"], 0.0, "must be above 0 and at most 1, found 0"),
        ("default", ["nav"], 1.5, "must be above 0 and at most 1, found 1.5"),
        ("default", ["nav"], float("nan"), "must be above 0 and at most 1, found nan"),
        ("default", ["content"], 0.9, "content has no threshold"),
        ("keep-meta", ["nav", "meta"], 0.9, "meta: the policy keep-meta keeps it at any score"),
    ],
)
def test_a_request_without_sense_is_refused(policy: str, labels: list[str], target: float, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        check_request(load_policy(policy), labels, target)


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_policy_is_read_back_as_it_was(name: str) -> None:
    policy = with_thresholds(load_policy(name), {"nav": 0.123456789, "seo": 1.0, "adult": 1e-9})
    assert parse_policy(policy_toml(policy), where=name, name="other") == policy


def test_a_hostile_name_stays_a_string() -> None:
    policy = replace(load_policy("default"), name='"\n[labels]\x7f\\', description="说明 \x00'''")
    assert parse_policy(policy_toml(policy), where="here", name="other") == policy


def write(path: Path, policy: Policy) -> Path:
    """A policy file."""
    path.write_text(policy_toml(policy), "utf-8")
    return path


def test_a_new_policy_is_a_copy_with_the_name_of_its_file(tmp_path: Path) -> None:
    expected = replace(load_policy("spam-only"), name="mine")
    assert base_policy("spam-only", tmp_path / "mine.toml") == expected
    assert base_policy(None, None) == load_policy("default")


def test_a_policy_that_is_there_is_added_to(tmp_path: Path) -> None:
    first = with_thresholds(load_policy("default"), {"gambling": 0.9})
    found = base_policy("default", write(tmp_path / "mine.toml", first))
    both = with_thresholds(found, {"adult": 0.8})
    assert (both.rule("gambling").threshold, both.rule("adult").threshold) == (0.9, 0.8)


def test_a_policy_with_other_actions_is_not_mixed_in(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.toml", load_policy("default"))
    with pytest.raises(UsageError, match="has other actions than spam-only"):
        base_policy("spam-only", path)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("mine.jsonl", "", "give it a name that ends in .toml"),
        ("pyproject.toml", "[project]\n", "is there and is not a policy.* unknown key 'project'"),
        ("broken.toml", "= =", "is there and is not a policy.* not TOML"),
    ],
)
def test_a_file_that_is_no_policy_is_left_alone(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=sentence):
        base_policy(None, tmp_path / name)
    assert (tmp_path / name).read_text() == text


def test_a_labels_calibration_is_told_over_the_lines_that_were_given_it() -> None:
    found = scored([("nav", "nav", 0.9), ("nav", "nav", 0.9), ("content", "nav", 0.5), ("nav", "content", 0.1)])
    rows = dict(zip(NAMES, label_calibration(found.judged, found.probabilities), strict=True))
    assert rows["nav"].found == 3
    # two lines at 0.9 are right, one at 0.5 is not
    assert rows["nav"].error == pytest.approx((2 * 0.1 + 0.5) / 3)
    assert rows["content"].error == pytest.approx(0.9)
    assert (rows["seo"].found, rows["seo"].error) == (0, None)


def test_reliability_counts_every_line_once_and_one_is_in_the_last_bin() -> None:
    bins = reliability(np.array([0.0, 0.1, 0.9, 1.0]), np.array([False, True, True, True]), bins=2)
    assert [(b.lines, b.probability, b.share) for b in bins] == [(2, 0.05, 0.5), (2, 0.95, 1.0)]
