"""CARD.md, generated from a model's manifest: what it was trained on, how it was measured, what it is not for.

Manifests of older models lack intervals, kinds of page and spam labels: their cards leave those parts out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from moderation.labels import NAMES

NO_FIGURE: Final = frozenset({"labels", "intervals", "spam_recall", "kinds"})
"""Entries of a split's record that are no figure of their own."""
WEAKEST: Final = 3
"""So many of the weakest rows are named."""
WIDEST: Final = 0.4
"""Figures with a wider interval are not named among the weakest: they are mostly chance."""

LOSSES: Final = (("content_chars_kept", "most content lost on"), ("spam_lines_removed", "most spam left on"))
"""Figures of the kinds of page whose lowest values are named, and what a low value means."""

WEAKNESSES: Final = """\
- What a line is can hang on what surrounds it: titles and teasers of other articles on list pages may be taken for
  prose, and table rows, short list items, product cards and comments for menus.
- A page with spam in many of its sentences can lose good lines beside the bad ones.
- Spam in words that no training page held is found by its shape and its neighbours alone, or not at all.
"""
LIMITS: Final = """\
## Limits

- The labels follow docs/labelling.md; what that guide leaves open, the model has from its training pages.
- Pages are mostly Chinese (simplified and traditional); other languages appear as crawled Chinese sites mix them.
- Figures are for pages like those named above. Pages of other kinds (PDF text, subtitles, chat logs) were not measured.
- Authored pages were written for this project, by the same hands as those it learned from: they are the easier ones.

## Not to be used for

- **Judging people.** A verdict is about what a line is for on its page. It is not a judgement of truth, legality or of
  any person, and must not be used as the only ground for acting against anybody.
- **Protecting anybody from content.** It is no safety filter: it looks for injected and promotional text, lets through
  what stands above as missed, and keeps honest articles on every subject, crime, gambling and sex among them.
- **Censorship.** It has not learned to tell opinions apart, and no label stands for one.
- **Cutting without a record.** Keep the verdicts: what was cut wrongly can be put back.
"""


def write_card(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write CARD.md beside the manifest."""
    (folder / "CARD.md").write_text(card(manifest), "utf-8")


def card(manifest: Mapping[str, Any]) -> str:
    """The card's text."""
    metrics = manifest.get("metrics", {})
    head = [
        f"# Model card: {manifest['name']}",
        "",
        f"Digest `{manifest['digest'][:12]}`, format {manifest['format']}. Generated from manifest.json; do not edit.",
        "",
        "Gives every line of a crawled page one of these labels, with a probability each: "
        + ", ".join(manifest["labels"])
        + ".",
        "",
    ]
    parts = [
        *trained_on(manifest),
        *measured(metrics),
        *(row for split, found in metrics.items() for row in kinds(split, found.get("kinds", ()))),
        *recall(metrics),
        *weaknesses(metrics),
    ]
    return "\n".join([*head, *parts, LIMITS])


def trained_on(manifest: Mapping[str, Any]) -> list[str]:
    """The sources of labelled data, and the lines of each label that were learned from or held out."""
    sources = manifest.get("training", ())
    rows = [
        table_row("source", ("pages", "of them held out", "lines", "spans", "sha256")),
        "|---" * 6 + "|",
        *(
            table_row(
                source["name"],
                [*(source[key] for key in ("pages", "held_out_pages", "lines", "spans")), f"`{source['sha256'][:12]}`"],
            )
            for source in sources
        ),
    ]
    lines: Counter[str] = Counter()
    for source in sources:
        lines.update(source.get("labels", {}))
    told = ", ".join(f"{name} {lines[name]:,}" for name in NAMES if lines[name])
    made = manifest.get("options", {}).get("generated")
    notes = [f"Lines by label, held-out pages included: {told}."] if told else []
    if made is not None:
        notes.append(f"To each page that was learned from came {made:g} generated from such pages; they count less.")
    return ["## Trained on", "", *rows, "", *(row for note in notes for row in (note, ""))]


def measured(metrics: Mapping[str, Any]) -> list[str]:
    """The table of figures on held-out pages, by split."""
    if not metrics:
        return ["## Measured", "", "Not measured: the training data held no pages of the splits dev or test.", ""]
    splits = list(metrics)
    names = [name for name in metrics[splits[0]] if name not in NO_FIGURE]
    rows = [
        "## Measured",
        "",
        "On pages that were not trained on, by the splits that they bear; of the authored corpus a fifth is `test`. "
        "Every page was cleaned as one document under the policy `default`. In brackets: 95 % intervals by bootstrap "
        "over whole pages; they say how far chance in the choice of pages reaches, not how far other kinds of pages "
        "differ.",
        "",
        table_row("figure", splits),
        "|---" * (len(splits) + 1) + "|",
        *(table_row(name, [with_interval(metrics[split], name) for split in splits]) for name in names),
    ]
    labels = sorted({label for split in splits for label in metrics[split]["labels"]})
    rows += [table_row(f"F1 of {n}", [metrics[split]["labels"].get(n, "") for split in splits]) for n in labels]
    return [*rows, ""]


def with_interval(found: Mapping[str, Any], name: str) -> str:
    """`0.877 (0.861-0.892)`; without an interval, where the manifest holds none, the value alone."""
    if name not in found.get("intervals", {}):
        return str(found.get(name, ""))
    low, high = found["intervals"][name]
    return f"{found[name]:.3f} ({low:.3f}-{high:.3f})"


def kinds(split: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The figures of one split by kind of page; nothing where its pages bear no kinds."""
    if not rows:
        return []
    names = list(rows[0]["figures"])
    return [
        f"## By kind of page ({split})",
        "",
        "Kinds are the authors' words for their pages, grouped by a table (train/page_kind.py).",
        "",
        table_row("kind", ("pages", "lines", *names)),
        "|---" * (len(names) + 3) + "|",
        *(
            table_row(row["kind"], [row["pages"], row["lines"], *(cell(row["figures"][name]) for name in names)])
            for row in rows
        ),
        "",
    ]


def recall(metrics: Mapping[str, Any]) -> list[str]:
    """How much of each label's spam is removed, by split; nothing where no split tells."""
    splits = [split for split, found in metrics.items() if found.get("spam_recall")]
    if not splits:
        return []
    found = {split: {row["label"]: row for row in metrics[split]["spam_recall"]} for split in splits}
    rows = [
        table_row(name, [f"{cell(row['recall'])}, {row['lines']} lines" if row else "" for row in of_splits])
        for name in NAMES
        if any(of_splits := [found[split].get(name) for split in splits])
    ]
    head = [table_row("label", splits), "|---" * (len(splits) + 1) + "|"]
    return ["## Spam removed, by label", "", "The share of lines removed, by whatever label.", "", *head, *rows, ""]


def weaknesses(metrics: Mapping[str, Any]) -> list[str]:
    """The weakest rows of every split, and what is known beside the figures."""
    rows = []
    for split, found in metrics.items():
        told = [f"lowest F1: {named(lowest(found['labels'].items()))}"]
        for name, words in LOSSES:
            of_kind = lowest(sure((row["kind"], row["figures"][name]) for row in found.get("kinds", ())))
            if of_kind:
                told.append(f"{words}: {named(of_kind)} ({name})")
        spam = lowest(sure((row["label"], row["recall"]) for row in found.get("spam_recall", ())))
        if spam:
            told.append(f"spam least often removed: {named(spam)}")
        rows.append(f"- On `{split}`, {'; '.join(told)}.")
    return ["## Known weaknesses", "", *rows, WEAKNESSES]


def sure(rows: Iterable[tuple[str, Mapping[str, float] | None]]) -> list[tuple[str, float]]:
    """The values of the figures that say something: below 1, with an interval that is not too wide."""
    return [
        (name, figure["value"])
        for name, figure in rows
        if figure and figure["value"] < 1 and figure["high"] - figure["low"] <= WIDEST
    ]


def lowest(values: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """The rows with the lowest values, the lowest first."""
    return sorted(values, key=lambda item: item[1])[:WEAKEST]


def named(rows: Iterable[tuple[str, float]]) -> str:
    """`illicit 0.00, seo 0.12`."""
    return ", ".join(f"{name} {value:.2f}" for name, value in rows)


def cell(figure: Mapping[str, float] | None) -> str:
    """`0.913 (0.882-0.940)`, or a dash where nothing could be measured."""
    return f"{figure['value']:.3f} ({figure['low']:.3f}-{figure['high']:.3f})" if figure else "-"


def table_row(name: str, cells: Iterable[object]) -> str:
    """One row of a Markdown table."""
    return f"| {name} | " + " | ".join(str(cell) for cell in cells) + " |"
