"""An evaluation as one HTML file that needs nothing else: no script, no request, readable on a phone."""

from collections.abc import Sequence
from typing import Any, Final

from moderation.explain import SHAPE, Reason
from moderation.labels import FAMILIES, LABELS
from moderation.markup import page, shown, style_sheet, table
from moderation.model.model import Model
from moderation.train.by_kind import SHOWN
from moderation.train.dataset import LabelledPage
from moderation.train.evaluate import Scored
from moderation.train.html_parts import bins_table, heat_map, interval_bar, reliability_diagram
from moderation.train.metrics import FAMILY, calibration_error, reliability
from moderation.train.mistakes import OF_A_PAGE, Mistake, SeenLine, worst_mistakes

LONGEST: Final = 600
CONTEXT_LONGEST: Final = 160
"""Characters of a mistaken line, and of one beside it, that are shown."""
SLACK: Final = 40


def html_report(found: dict[str, Any], scored: Scored, pages: Sequence[LabelledPage], model: Model) -> str:
    """The whole page. found: the record of report.report, of the same pages; scored: what it was made of."""
    title = f"{found['model']}: evaluation"
    sections = [
        f"<h1>Evaluation</h1><p>{found['pages']:,} pages, {found['lines']:,} lines; "
        f"model <b>{shown(found['model'])}</b>, policy <b>{shown(found['policy'])}</b>.</p>",
        metrics_section(found),
        labels_section(found),
        recall_section(found["spam_recall"]),
        kinds_section(found["kinds"]),
        confusion_section(found),
        reliability_section(scored),
        mistakes_section("Content that was dropped", worst_mistakes(scored, pages, model, kept=False)),
        mistakes_section("Junk that was kept", worst_mistakes(scored, pages, model, kept=True)),
    ]
    return page(title, style_sheet("report.css"), [section for section in sections if section])


def metrics_section(found: dict[str, Any]) -> str:
    """Every figure with its interval."""
    rows = []
    for name, value in found["metrics"].items():
        low, high = found["intervals"][name]
        rows.append((name, f"{value:.3f}", f"{low:.3f} - {high:.3f}", interval_bar(value, low, high)))
    return (
        "<h2>Metrics</h2><p>Intervals are 95 %, by bootstrap over whole pages. Higher is better, but for the "
        f"calibration error.</p>{table(('metric', 'value', '95 % interval', '0 to 1'), rows)}"
    )


def labels_section(found: dict[str, Any]) -> str:
    """The table of the labels."""
    rows = []
    for row in found["labels"]:
        error = "-" if row["calibration_error"] is None else f"{row['calibration_error']:.3f}"
        figures = [f"{row[name]:.3f}" for name in ("precision", "recall", "f1")]
        rows.append((row["label"], *figures, str(row["lines"]), str(row["found"]), error))
    head = ("label", "precision", "recall", "F1", "lines", "found", "ECE")
    return (
        f"<h2>Labels</h2>{table(head, rows)}<p class=note>lines: how many truly have the label; found: how many were "
        "given it. ECE: expected calibration error of the score over the lines found; with few it is chance.</p>"
    )


def recall_section(found: Sequence[dict[str, Any]]) -> str:
    """How much of each label's spam is removed; empty where there is no spam."""
    rows = [
        (row["label"], *figure_cells(row["recall"]), f"{row['lines']:,}", f"{row['pages']:,}", bar(row["recall"]))
        for row in found
    ]
    head = ("label", "removed", "95 % interval", "lines", "pages", "0 to 1")
    return (
        "<h2>Spam removed, by label</h2><p>The share of each label's lines that the policy drops, by whatever label."
        f"</p>{table(head, rows)}"
        if rows
        else ""
    )


def kinds_section(found: Sequence[dict[str, Any]]) -> str:
    """The figures by kind of page; empty where no page bears a kind."""
    rows = []
    for row in found:
        cells = ["<br><span class=note>".join(figure_cells(row["figures"][name])) + "</span>" for name in SHOWN]
        rows.append((row["kind"], f"{row['pages']:,}", f"{row['lines']:,}", *cells))
    return (
        "<h2>By kind of page</h2><p>Each figure with its 95 % interval, by bootstrap over whole pages; a dash where "
        f"the pages hold nothing that it speaks of.</p>{table(('kind', 'pages', 'lines', *SHOWN), rows)}"
        if rows
        else ""
    )


def figure_cells(figure: dict[str, float] | None) -> tuple[str, str]:
    """Value and interval."""
    return (f"{figure['value']:.3f}", f"{figure['low']:.3f} - {figure['high']:.3f}") if figure else ("-", "")


def bar(figure: dict[str, float]) -> str:
    """The interval on the unit line."""
    return interval_bar(figure["value"], figure["low"], figure["high"])


def confusion_section(found: dict[str, Any]) -> str:
    """The confusion matrix."""
    return (
        "<h2>Confusion matrix</h2><p>Rows are the true labels, columns the found ones. The larger a cell's share of "
        "its row, the stronger its colour: blue is right, orange is wrong.</p>"
        + heat_map(found["confusion"]["labels"], found["confusion"]["rows"])
    )


def reliability_section(scored: Scored) -> str:
    """One diagram for each family; that of keep is that of content."""
    figures = []
    for number, family in enumerate(FAMILIES):
        probability = scored.probabilities[:, number == FAMILY].sum(axis=1).clip(0, 1)
        outcome = FAMILY[scored.judged.truth] == number
        bins = reliability(probability, outcome)
        labels = ", ".join(label.name for label in LABELS if label.family == family)
        figures.append(
            f"<figure><figcaption>{family}: ECE <b>{calibration_error(probability, outcome):.3f}</b></figcaption>"
            f"{reliability_diagram(family, bins)}<p class=note>{labels}</p>{bins_table(bins)}</figure>"
        )
    return (
        "<h2>Reliability</h2><p>How often it came true (up) by the probability that was given (right), in 15 bins. On "
        "the dashed line scores mean what they say; below it they are too high. Bars: lines in the bin, on a "
        f"logarithmic scale. ECE: expected calibration error.</p><div class=plots>{''.join(figures)}</div>"
    )


def mistakes_section(title: str, mistakes: Sequence[Mistake]) -> str:
    """Mistakes of one kind, each with its context and reasons."""
    if not mistakes:
        return f"<h2>{title}</h2><p>None.</p>"
    return (
        f"<h2>{title}</h2><p>The {len(mistakes)} of which the model was surest, at most {OF_A_PAGE} of a page, with "
        "the lines around them. Some are mistakes of the labels. The words are those that spoke most for "
        "(<mark>marked</mark>) or against (<mark class=against>marked</mark>) the found label when the line is read by "
        f"itself, in log odds; what neighbours add has no words.</p>{''.join(map(mistake_html, mistakes))}"
    )


def mistake_html(mistake: Mistake) -> str:
    """One mistake."""
    label, alone = mistake.alone
    facts = [
        f"truth <b>{shown(mistake.line.truth)}</b>, found <b>{shown(mistake.line.found)}</b> {mistake.score:.3f}",
        f"junk {mistake.junk:.3f}",
        f"sure to {100 * mistake.sure:.1f} %",
        f"by itself {label} {alone:.2f}",
    ]
    words = ", ".join(f"<bdi lang=zh>{shown(r.word)}</bdi> {r.weight:+.2f}" for r in mistake.reasons) or "none"
    rows = [line_html(line, mistake.reasons if n == mistake.place else None) for n, line in enumerate(mistake.context)]
    return (
        f"<article><p class=where><bdi>{shown(mistake.page.id)}</bdi>, line {mistake.line.number + 1}</p>"
        f"<p>{'; '.join(facts)}</p><ol class=lines>{''.join(rows)}</ol><p class=words>words: {words}</p></article>"
    )


def line_html(line: SeenLine, reasons: Sequence[Reason] | None) -> str:
    """One line of the context; the mistaken one has reasons, which are marked in it."""
    mark = {True: "kept", False: "dropped", None: "not judged"}[line.kept]
    labels = line.truth or "-" if line.truth == line.found else f"{line.truth or '-'} → {line.found or '-'}"
    text = clipped(line.text, CONTEXT_LONGEST) if reasons is None else marked(line.text, reasons)
    here = "" if reasons is None else " here"
    return (
        f'<li class="{mark.split()[0]}{here}"><span class=tag>{line.number + 1} {mark}, {labels}</span>'
        f"<bdi lang=zh>{text}</bdi></li>"
    )


def clipped(text: str, longest: int) -> str:
    """The beginning of a text, and how much more there is, where that is more than a few characters."""
    left = len(text) - longest
    return shown(text) if left <= SLACK else f"{shown(text[:longest])}<i>… {left} more characters</i>"


def marked(text: str, reasons: Sequence[Reason]) -> str:
    """The mistaken line with the words that decided marked in it."""
    parts, done = [], 0
    words = [reason for reason in reasons if reason.word != SHAPE and reason.end <= LONGEST]
    for reason in sorted(words, key=lambda reason: reason.start):
        kind = "" if reason.weight >= 0 else " class=against"
        parts.append(f"{shown(text[done : reason.start])}<mark{kind}>{shown(text[reason.start : reason.end])}</mark>")
        done = reason.end
    return "".join(parts) + clipped(text[done:], LONGEST - done)
