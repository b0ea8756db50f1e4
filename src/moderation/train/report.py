"""An evaluation as one record, and as text for a terminal."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from moderation.labels import BY_NAME, NAMES
from moderation.moderate import Moderator
from moderation.train.dataset import LabelledPage
from moderation.train.metrics import Judged, bootstrap_interval, confusion_matrix, label_table, metrics


def report(moderator: Moderator, pages: Sequence[LabelledPage], judged: Judged) -> dict[str, Any]:
    """Metrics with 95 % intervals by page, the label table and the confusion matrix, as JSON values."""
    figures = metrics(judged)
    intervals = bootstrap_interval(judged, list(figures))
    return {
        "model": moderator.model.id,
        "policy": moderator.policy.name,
        "pages": len(pages),
        "lines": int(judged.truth.size),
        "metrics": {name: round(value, 4) for name, value in figures.items()},
        "intervals": {name: [round(low, 4), round(high, 4)] for name, (low, high) in intervals.items()},
        "labels": [asdict(row) for row in label_table(judged)],
        "confusion": {"labels": list(NAMES), "rows": confusion_matrix(judged).tolist()},
    }


def report_text(found: dict[str, Any]) -> str:
    """The record as aligned text."""
    rows = [f"{found['pages']} pages, {found['lines']} lines; model {found['model']}, policy {found['policy']}", ""]
    rows.append(f"{'metric':<24}{'value':>8}  95 % interval by page")
    for name, value in found["metrics"].items():
        low, high = found["intervals"][name]
        rows.append(f"{name:<24}{value:>8.3f}  {low:.3f} - {high:.3f}")
    rows += ["", f"{'label':<10}{'precision':>10}{'recall':>8}{'f1':>8}{'lines':>8}"]
    for row in found["labels"]:
        rows.append(
            f"{row['label']:<10}{row['precision']:>10.3f}{row['recall']:>8.3f}{row['f1']:>8.3f}{row['lines']:>8}"
        )
    codes = [BY_NAME[name].code for name in found["confusion"]["labels"]]
    rows += [
        "",
        "confusion: rows are the true labels, columns the found ones",
        " " * 10 + "".join(f"{c:>6}" for c in codes),
    ]
    for name, cells in zip(found["confusion"]["labels"], found["confusion"]["rows"], strict=True):
        rows.append(f"{name:<10}" + "".join(f"{cell:>6}" for cell in cells))
    return "\n".join(rows)
