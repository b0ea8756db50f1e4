"""An evaluation as one record, and as text for a terminal."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from moderation.labels import BY_NAME, NAMES
from moderation.moderate import Moderator
from moderation.train.by_kind import SHOWN, by_kind_record
from moderation.train.dataset import LabelledPage
from moderation.train.evaluate import Scored
from moderation.train.metrics import bootstrap_interval, confusion_matrix, label_calibration, label_table, metrics


def report(moderator: Moderator, pages: Sequence[LabelledPage], scored: Scored) -> dict[str, Any]:
    """Metrics with 95 % intervals by page, tables by label and by kind of page, the confusion matrix: JSON values."""
    judged = scored.judged
    figures = metrics(judged)
    intervals = bootstrap_interval(judged, list(figures))
    return {
        "model": moderator.model.id,
        "policy": moderator.policy.name,
        "pages": len(pages),
        "lines": int(judged.truth.size),
        "metrics": {name: round(value, 4) for name, value in figures.items()},
        "intervals": {name: [round(low, 4), round(high, 4)] for name, (low, high) in intervals.items()},
        "labels": [
            asdict(row) | {"found": own.found, "calibration_error": own.error}
            for row, own in zip(label_table(judged), label_calibration(judged, scored.probabilities), strict=True)
        ],
        **by_kind_record(judged, pages),
        "confusion": {"labels": list(NAMES), "rows": confusion_matrix(judged).tolist()},
    }


def report_text(found: dict[str, Any]) -> str:
    """The record as aligned text."""
    rows = [f"{found['pages']} pages, {found['lines']} lines; model {found['model']}, policy {found['policy']}", ""]
    rows.append(f"{'metric':<24}{'value':>8}  95 % interval by page")
    for name, value in found["metrics"].items():
        low, high = found["intervals"][name]
        rows.append(f"{name:<24}{value:>8.3f}  {low:.3f} - {high:.3f}")
    rows += ["", f"{'label':<10}{'precision':>10}{'recall':>8}{'f1':>8}{'lines':>8}{'found':>8}{'ece':>8}"]
    for row in found["labels"]:
        error = "-" if row["calibration_error"] is None else f"{row['calibration_error']:.3f}"
        rows.append(
            f"{row['label']:<10}{row['precision']:>10.3f}{row['recall']:>8.3f}{row['f1']:>8.3f}{row['lines']:>8}"
            f"{row['found']:>8}{error:>8}"
        )
    rows.append("ece: expected calibration error of the score, over the lines found to have the label")
    rows += [*recall_text(found["spam_recall"]), *kinds_text(found["kinds"])]
    codes = [BY_NAME[name].code for name in found["confusion"]["labels"]]
    rows += [
        "",
        "confusion: rows are the true labels, columns the found ones",
        " " * 10 + "".join(f"{c:>6}" for c in codes),
    ]
    for name, cells in zip(found["confusion"]["labels"], found["confusion"]["rows"], strict=True):
        rows.append(f"{name:<10}" + "".join(f"{cell:>6}" for cell in cells))
    return "\n".join(rows)


def recall_text(found: Sequence[dict[str, Any]]) -> list[str]:
    """How much of each label's spam is removed; nothing where there is no spam."""
    if not found:
        return []
    rows = ["", f"{'spam removed':<14}{'recall':>8}{'lines':>8}{'pages':>8}  95 % interval by page"]
    for row in found:
        share = row["recall"]
        rows.append(
            f"{row['label']:<14}{share['value']:>8.3f}{row['lines']:>8}{row['pages']:>8}  "
            f"{share['low']:.3f} - {share['high']:.3f}"
        )
    return rows


def kinds_text(found: Sequence[dict[str, Any]]) -> list[str]:
    """The figures by kind of page, each with its interval; nothing where no page bears a kind."""
    if not found:
        return []
    rows = ["", f"{'kind of page':<22}{'pages':>6}{'lines':>7}" + "".join(f"{name:>21}" for name in SHOWN)]
    for row in found:
        cells = "".join(f"{figure_text(row['figures'][name]):>21}" for name in SHOWN)
        rows.append(f"{row['kind']:<22}{row['pages']:>6}{row['lines']:>7}{cells}")
    return [*rows, "in brackets: 95 % interval by page; -: the pages hold nothing that the figure speaks of"]


def figure_text(figure: dict[str, float] | None) -> str:
    """`0.913 (0.882-0.940)`, or `-` for none."""
    return f"{figure['value']:.3f} ({figure['low']:.3f}-{figure['high']:.3f})" if figure else "-"
