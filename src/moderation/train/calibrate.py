"""Thresholds from labelled pages: from which score on a label is right as often as is asked for."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import floor
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moderation.errors import PolicyError, UsageError
from moderation.labels import CONTENT, INDEX, LABELS
from moderation.policy import Policy, Rule, load_policy
from moderation.train.evaluate import Scored
from moderation.train.metrics import FAMILY, ratio

FEW: Final = 50
"""With fewer lines behind it, a threshold hangs on single lines: one wrong line in 50 is 2 % of precision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A label's threshold, and what it does on the labelled pages. Shares are in [0, 1].

    lines: lines that get the label and reach the threshold; precision is the share of them that truly have it, that
    are at least of its family, and that are at least not content. recall: share of the `true_lines` lines with the
    label that are among them, with its 95 % interval by page. few_lines: the figures rest on fewer than FEW lines.
    """

    label: str
    threshold: float
    precision: float
    family_precision: float
    junk_precision: float
    recall: float
    recall_interval: tuple[float, float]
    lines: int
    true_lines: int
    few_lines: bool


def calibrate(scored: Scored, label: str, target: float) -> Calibration:
    """The lowest threshold at which lines with this verdict have the target precision, in (0, 1].

    Only thresholds at the lines' own scores are tried: what lies between two scores does the same. scored: under a
    policy that does not keep the label. Raises UsageError where no threshold reaches the target; it tells the best.
    """
    judged, column = scored.judged, INDEX[label]
    found = np.flatnonzero(judged.label == column)
    if not found.size:
        raise UsageError(f"{label}: no line of these pages is found to be {label}; more labelled pages are needed")
    found = found[np.argsort(-scored.junk[found], kind="stable")]
    junk, right = scored.junk[found], judged.truth[found] == column
    last = np.flatnonzero(np.append(junk[1:] != junk[:-1], True))
    precision = np.cumsum(right)[last] / (last + 1)
    reached = np.flatnonzero(precision >= target)
    if not reached.size:
        best = np.flatnonzero(precision == precision.max())[-1]
        raise UsageError(
            f"{label}: no threshold reaches a precision of {target:g} on these pages; the best is "
            f"{precision[best]:.4f}, at {junk[last[best]]:.4f} ({last[best] + 1} lines)"
        )
    end = int(last[reached[-1]])
    rows = found[: end + 1]
    truth = judged.truth[rows]
    hit = rows[truth == column]
    true = np.flatnonzero(judged.truth == column)
    return Calibration(
        label=label,
        threshold=short_decimal(float(junk[end]), above=float(junk[end + 1]) if end + 1 < junk.size else -1),
        precision=ratio(hit.size, rows.size),
        family_precision=ratio(np.count_nonzero(FAMILY[truth] == FAMILY[column]), rows.size),
        junk_precision=ratio(np.count_nonzero(truth != CONTENT), rows.size),
        recall=ratio(hit.size, true.size),
        recall_interval=share_interval(judged.page[hit], judged.page[true], np.unique(judged.page)),
        lines=rows.size,
        true_lines=true.size,
        few_lines=rows.size < FEW,
    )


def short_decimal(score: float, above: float) -> float:
    """The decimal with the fewest digits, two at least, that a policy takes for more than `above` and at most `score`.

    >>> short_decimal(0.8725, above=0.8211)
    0.87
    """
    for digits in range(2, 10):
        for short in (round(score, digits), floor(score * 10.0**digits) / 10.0**digits):
            if above < float(np.float32(short)) <= score:  # thresholds are compared as float32, see kernel/decide.py
                return short
    return score


def share_interval(
    part: NDArray[np.int64], whole: NDArray[np.int64], pages: NDArray[np.int64], *, draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of part / whole, drawing whole pages with replacement.

    part, whole: the page of each line counted. A draw without a line of `whole` says nothing and does not count.
    """
    random = np.random.default_rng(seed)
    size = int(pages.max()) + 1
    counts = np.stack([np.bincount(part, minlength=size), np.bincount(whole, minlength=size)], axis=1)[pages]
    sums = np.array([counts[random.integers(pages.size, size=pages.size)].sum(axis=0) for _ in range(draws)])
    sums = sums[sums[:, 1] > 0]
    if not sums.size:
        return 0.0, 1.0
    low, high = np.quantile(sums[:, 0] / sums[:, 1], [0.025, 0.975]).tolist()
    return low, high


def check_request(policy: Policy, labels: list[str], target: float) -> None:
    """Raises UsageError for a target outside (0, 1] and for a label whose threshold would have no effect."""
    if not 0 < target <= 1:
        raise UsageError(f"the target precision must be above 0 and at most 1, found {target:g}")
    for label in labels:
        if INDEX[label] == CONTENT:
            raise UsageError("content has no threshold: it is what is kept; name a label of junk")
        if policy.rule(label).action == "keep":
            raise UsageError(f"{label}: the policy {policy.name} keeps it at any score; name a policy that does not")


def base_policy(name: str | None, output: Path | None) -> Policy:
    """The policy to calibrate: the one in `output` where that exists, so that repeated runs add up, or else `name`.

    A new one is named after its file. Raises UsageError where the output is something else than a policy, or one with
    other actions than `name`: junk is summed over the labels that a policy does not keep, so their scores differ.
    """
    asked = None if name is None else load_policy(name)
    if output is None:
        return asked or load_policy("default")
    if output.suffix != ".toml":
        raise UsageError(f"{output}: a policy is a TOML file; give it a name that ends in .toml")
    if not output.exists():
        return replace(asked or load_policy("default"), name=output.stem)
    try:
        found = load_policy(output)
    except PolicyError as error:
        raise UsageError(f"{output} is there and is not a policy, so it is left alone ({error})") from None
    if asked and [rule.action for rule in asked.rules] != [rule.action for rule in found.rules]:
        raise UsageError(f"{output} is there and has other actions than {name}; leave --policy out or name a new file")
    return found


def with_thresholds(policy: Policy, thresholds: Mapping[str, float]) -> Policy:
    """The policy with these labels' thresholds."""
    return replace(
        policy,
        rules=tuple(
            Rule(rule.action, thresholds.get(label.name, rule.threshold))
            for label, rule in zip(LABELS, policy.rules, strict=True)
        ),
    )


def policy_toml(policy: Policy) -> str:
    """The policy as the text of a file that load_policy reads back; the commonest threshold stands at the top."""
    ((common, _),) = Counter(rule.threshold for rule in policy.rules).most_common(1)
    rows = [
        f"name = {toml_string(policy.name)}",
        f"description = {toml_string(policy.description)}",
        f"threshold = {common}",
        f"span_threshold = {policy.span_threshold}",
        f"repair = {str(policy.repair).lower()}",
        "",
        "[labels]",
    ]
    for label, rule in zip(LABELS, policy.rules, strict=True):
        own = f'{{ action = "{rule.action}", threshold = {rule.threshold} }}'
        rows.append(f"{label.name} = " + (own if rule.threshold != common else f'"{rule.action}"'))
    return "\n".join(rows) + "\n"


def toml_string(text: str) -> str:
    """A basic string: JSON's escapes are TOML's too, but for DEL, which JSON leaves as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
