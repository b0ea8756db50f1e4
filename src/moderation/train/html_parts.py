"""The parts of an evaluation's report: the confusion matrix as a heat map, reliability diagrams as SVG."""

from collections.abc import Sequence
from math import log1p
from typing import Final

from moderation.labels import BY_NAME
from moderation.markup import shown, table
from moderation.train.metrics import Bin

PLOT: Final = 200
"""Width and height of a reliability diagram's field."""
COUNTS: Final = 40
"""Height of the strip under it."""
MARGIN: Final = 30


def interval_bar(value: float, low: float, high: float) -> str:
    """The unit line with an interval and the value on it."""
    left, width = f"{100 * low:.1f}%", f"{100 * (high - low):.1f}%"
    return (
        f'<span class=bar><span class=range style="left:{left};width:{width}"></span>'
        f'<span class=dot style="left:{100 * value:.1f}%"></span></span>'
    )


def heat_map(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """The confusion matrix: a cell is the stronger coloured, the larger its share of the row's lines."""
    rows = []
    for r, (label, row) in enumerate(zip(labels, counts, strict=True)):
        total = sum(row)
        made = []
        for c, (count, found) in enumerate(zip(row, labels, strict=True)):
            share = count / total if total else 0.0
            kind = ("right" if r == c else "wrong") + (" strong" if share > 0.5 else "")
            title = f"{label} found to be {found}: {count} of {total} lines"
            made.append(f'<td class="{kind}" style="--share:{share:.3f}" title="{title}">{count or "·"}</td>')
        rows.append(f"<tr><th scope=row>{label} <b>{BY_NAME[label].code}</b></th>{''.join(made)}<td>{total}</td></tr>")
    head = "".join(f'<th scope=col title="{name}">{BY_NAME[name].code}</th>' for name in labels)
    return (
        f"<div class=wide tabindex=0><table class=heat><thead><tr><th></th>{head}<th scope=col>all</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def reliability_diagram(name: str, bins: Sequence[Bin]) -> str:
    """Share that came true over mean probability, a dot a bin; under it the bins' counts, on a logarithmic scale.

    Dots on the dashed line are honest scores; below it, scores are too high.
    """
    filled = [b for b in bins if b.lines]
    most = log1p(max((b.lines for b in bins), default=0)) or 1.0
    step = PLOT / len(bins)
    path = " ".join(f"{PLOT * b.probability:.1f},{PLOT * (1 - b.share):.1f}" for b in filled)
    parts = [f'<polyline class=curve points="{path}"/>']
    for b in filled:
        tip = f"{b.lines} lines, mean probability {b.probability:.3f}, came true {b.share:.3f}"
        spot = f'cx="{PLOT * b.probability:.1f}" cy="{PLOT * (1 - b.share):.1f}"'
        parts.append(f'<circle class=spot {spot} r="4"><title>{tip}</title></circle>')
    for n, b in enumerate(bins):
        height = COUNTS * log1p(b.lines) / most
        place = f'x="{n * step + 1:.1f}" y="{PLOT + 24 + COUNTS - height:.1f}" width="{step - 2:.1f}"'
        parts.append(f'<rect class=count {place} height="{height:.1f}"><title>{b.lines} lines</title></rect>')
    marks = "".join(
        f'<text x="{PLOT * x}" y="{PLOT + 14}" text-anchor=middle>{x:g}</text>'
        f'<text x="-5" y="{PLOT * (1 - x) + 4}" text-anchor=end>{x:g}</text>'
        for x in (0, 0.5, 1)
    )
    grid = "".join(
        f'<line class=grid x1="{PLOT * x}" x2="{PLOT * x}" y1="0" y2="{PLOT}"/>'
        f'<line class=grid x1="0" x2="{PLOT}" y1="{PLOT * x}" y2="{PLOT * x}"/>'
        for x in (0, 0.25, 0.5, 0.75, 1)
    )
    box = f"{-MARGIN} -8 {PLOT + MARGIN + 12} {PLOT + COUNTS + 34}"
    return (
        f'<svg viewBox="{box}" role=img aria-label="Reliability of {shown(name)}">{grid}{marks}'
        f'<line class=ideal x1="0" y1="{PLOT}" x2="{PLOT}" y2="0"/>{"".join(parts)}</svg>'
    )


def bins_table(bins: Sequence[Bin]) -> str:
    """The same numbers to read; empty bins are left out."""
    rows = [
        (f"{n / len(bins):.2f} - {(n + 1) / len(bins):.2f}", str(b.lines), f"{b.probability:.3f}", f"{b.share:.3f}")
        for n, b in enumerate(bins)
        if b.lines
    ]
    return f"<details><summary>Bins</summary>{table(('probability', 'lines', 'mean', 'came true'), rows)}</details>"
