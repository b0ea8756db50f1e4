"""CARD.md, generated from a model's manifest: what it was trained on, how it was measured, what it is not for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CAVEATS = """\
## Limits

- The labels follow docs/labelling.md; what that guide leaves open, the model has from its training pages.
- Pages are mostly Chinese (simplified and traditional); other languages appear as crawled Chinese sites mix them.
- Figures are for pages like those named above. Pages of other kinds (PDF text, subtitles, chat logs) were not measured.
- A verdict is about what a line is for on its page. It is not a judgement of truth, legality or of any person, and
  must not be used as the only ground for acting against anybody.
"""


def write_card(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write CARD.md beside the manifest."""
    (folder / "CARD.md").write_text(card(manifest), "utf-8")


def card(manifest: Mapping[str, Any]) -> str:
    """The card's text."""
    head = [
        f"# Model card: {manifest['name']}",
        "",
        f"Digest `{manifest['digest'][:12]}`, format {manifest['format']}. Generated from manifest.json; do not edit.",
        "",
        "Gives every line of a crawled page one of these labels, with a probability each: "
        + ", ".join(manifest["labels"])
        + ".",
        "",
        "## Trained on",
        "",
        "| source | pages | of them held out | lines | spans | sha256 |",
        "|---|---|---|---|---|---|",
    ]
    for source in manifest.get("training", ()):
        row = [source["name"], source["pages"], source["held_out_pages"], source["lines"], source["spans"]]
        head.append("| " + " | ".join(str(cell) for cell in row) + f" | `{source['sha256'][:12]}` |")
    return "\n".join([*head, "", *measured(manifest.get("metrics", {})), CAVEATS])


def measured(metrics: Mapping[str, Any]) -> list[str]:
    """The table of figures on held-out pages, by split."""
    if not metrics:
        return ["## Measured", "", "Not measured: the training data held no pages of the splits dev or test.", ""]
    splits = list(metrics)
    names = [name for name in metrics[splits[0]] if name != "labels"]
    rows = [
        "## Measured",
        "",
        "On pages that were not trained on, by the splits that they bear. Of the authored corpus a fifth is `test`.",
        "",
        "| figure | " + " | ".join(splits) + " |",
        "|---" * (len(splits) + 1) + "|",
    ]
    rows += [
        f"| {name} | " + " | ".join(str(metrics[split].get(name, "")) for split in splits) + " |" for name in names
    ]
    labels = sorted({label for split in splits for label in metrics[split]["labels"]})
    rows += [
        f"| F1 of {n} | " + " | ".join(str(metrics[s]["labels"].get(n, "")) for s in splits) + " |" for n in labels
    ]
    return [*rows, ""]


def table_row(name: str, cells: Sequence[object]) -> str:
    """One row of a Markdown table."""
    return f"| {name} | " + " | ".join(str(cell) for cell in cells) + " |"
