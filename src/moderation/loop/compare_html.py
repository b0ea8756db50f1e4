"""A comparison as one HTML file that needs nothing else: no script, no request, readable on a phone."""

from typing import Final

from moderation.loop.compare import Comparison, Figures, Flip, NearLine, Side
from moderation.markup import page, shown, style_sheet, table
from moderation.train.html_report import CONTEXT_LONGEST, LONGEST, clipped

SAME: Final = 0.00005
"""Changes below this are none at four digits."""


def comparison_html(found: Comparison) -> str:
    """The whole page, with all flips."""
    actions = [flip for flip in found.flips if flip.changes_action]
    others = [flip for flip in found.flips if not flip.changes_action]
    sections = [
        f"<h1>{shown(found.old)} → {shown(found.new)}</h1><p>{len(found.flips):,} of {found.lines:,} verdicts flip; "
        f"for {len(actions):,} of them something else is done. Policy <b>{shown(found.policy)}</b>.</p>",
        *map(figures_section, found.figures),
        flips_section("What would be done otherwise", actions),
        flips_section("The same is done under another label, or another span is cut", others),
    ]
    return page(f"{found.new}: comparison", style_sheet("report.css"), sections)


def figures_section(figures: Figures) -> str:
    """Metrics of one set, side by side."""
    rows = [
        (name, f"{old:.4f}", f"{figures.new[name]:.4f}", change(figures.new[name] - old))
        for name, old in figures.old.items()
    ]
    return (
        f"<h2>{shown(figures.set)}</h2><p>{figures.pages:,} pages, {figures.lines:,} labelled lines. Higher is better, "
        f"but for the calibration error.</p>{table(('metric', 'old', 'new', 'change'), rows)}"
    )


def change(by: float) -> str:
    """A difference with its sign."""
    return "±0" if abs(by) < SAME else f"{by:+.4f}".replace("-", "−")


def flips_section(title: str, flips: list[Flip]) -> str:
    """Flips of one kind."""
    if not flips:
        return f"<h2>{title}</h2><p>None.</p>"
    return f"<h2>{title}</h2><p>{len(flips):,} lines.</p>{''.join(map(flip_html, flips))}"


def flip_html(flip: Flip) -> str:
    """One flip in its context."""
    truth = ""
    if flip.truth:
        verdict = {(True, False): "now wrong", (False, True): "now right"}.get(
            (flip.old.label == flip.truth, flip.new.label == flip.truth), "wrong either way"
        )
        truth = f"; labelled <b>{shown(flip.truth)}</b>, {verdict}"
    rows = [*map(near_html, flip.before), here_html(flip), *map(near_html, flip.after)]
    return (
        f"<article><p class=where>{shown(flip.set)}: <bdi>{shown(flip.page)}</bdi>, line {flip.line + 1}</p>"
        f"<p>{side_html(flip.old)} → {side_html(flip.new)}{truth}</p><ol class=lines>{''.join(rows)}</ol></article>"
    )


def side_html(side: Side) -> str:
    """What one model says."""
    cut = ", cuts " + ", ".join(f"<bdi lang=zh>{shown(text)}</bdi>" for text in side.spans) if side.spans else ""
    return f"<b>{side.label}</b> {side.score:.2f}, {side.action}{cut}"


def here_html(flip: Flip) -> str:
    """The line that flips."""
    kept = "kept" if flip.new.action == "keep" else "dropped"
    text = clipped(flip.text, LONGEST)
    return f'<li class="{kept} here"><span class=tag>{flip.line + 1}</span><bdi lang=zh>{text}</bdi></li>'


def near_html(near: NearLine) -> str:
    """A line beside it."""
    return f"<li><span class=tag>{near.line + 1}</span><bdi lang=zh>{clipped(near.text, CONTEXT_LONGEST)}</bdi></li>"
