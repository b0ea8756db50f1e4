"""A comparison as text for a terminal."""

from typing import Final

from moderation.labels import CONTENT, NAMES
from moderation.loop.compare import Comparison, Figures, Flip, Side

WIDEST: Final = 100
"""Characters of a line that are shown."""
CONTROLS: Final = (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), 0x2028, 0x2029)
HARMLESS: Final = dict.fromkeys(CONTROLS, "�") | {0x09: " "}
"""Characters that would move the cursor, or turn the writing direction."""


def comparison_text(found: Comparison, limit: int | None = None) -> str:
    """Figures, counts and at most `limit` flips."""
    rows = [f"old {found.old}, new {found.new}, policy {found.policy}", ""]
    for figures in found.figures:
        rows += [*figures_rows(figures), ""]
    actions = sum(flip.changes_action for flip in found.flips)
    rows.append(f"{len(found.flips)} of {found.lines} verdicts flip; for {actions} of them something else is done")
    known = [flip for flip in found.flips if flip.truth]
    if known:
        better = sum(right(flip, flip.new) and not right(flip, flip.old) for flip in known)
        worse = sum(right(flip, flip.old) and not right(flip, flip.new) for flip in known)
        rows.append(f"of {len(known)} with a known label, {better} become right and {worse} wrong")
    for flip in found.flips[:limit]:
        rows += ["", *flip_rows(flip)]
    left = len(found.flips) - len(found.flips[:limit])
    if left:
        rows += ["", f"{left} more flips (--limit -1 shows all)"]
    return "\n".join(rows)


def right(flip: Flip, side: Side) -> bool:
    """Whether the label is that which people gave."""
    return flip.truth == side.label


def figures_rows(figures: Figures) -> list[str]:
    """A table of one set."""
    rows = [
        f"{figures.set}: {figures.pages} pages, {figures.lines} labelled lines",
        f"{'metric':<24}{'old':>8}{'new':>8}{'change':>9}",
    ]
    return rows + [
        f"{name:<24}{old:>8.4f}{figures.new[name]:>8.4f}{figures.new[name] - old:>+9.4f}"
        for name, old in figures.old.items()
    ]


def flip_rows(flip: Flip) -> list[str]:
    """One flip with its context."""
    truth = f"  (labelled {flip.truth})" if flip.truth else ""
    head = f"{flip.set}, {shown(flip.page)}, line {flip.line + 1}: {told(flip.old)} -> {told(flip.new)}{truth}"
    before = [f"    {shown(near.text)}" for near in flip.before]
    return [head, *before, f"  > {shown(flip.text)}", *(f"    {shown(near.text)}" for near in flip.after)]


def told(side: Side) -> str:
    """What one model says."""
    cut = f", cuts {' '.join(map(shown, side.spans))}" if side.spans and side.label == NAMES[CONTENT] else ""
    return f"{side.label} {side.score:.2f} {side.action}{cut}"


def shown(text: str) -> str:
    """A text that is safe on a terminal, cut short where it is long."""
    clean = text.translate(HARMLESS)
    return clean if len(clean) <= WIDEST else f"{clean[:WIDEST]}…"
