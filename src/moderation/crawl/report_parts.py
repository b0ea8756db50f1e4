"""Small pieces of a run's report: numbers, meters and plots as SVG, lines in their context."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final

from moderation.labels import BY_NAME
from moderation.markup import shown

PLOT_WIDTH: Final = 640
PLOT_HEIGHT: Final = 150
BARS: Final = 80
"""Shards of a plot at most; more are put together."""


def number(value: float) -> str:
    """A count with thousands apart; large ones in millions.

    >>> number(15_384), number(2_345_000_000)
    ('15,384', '2,345 M')
    """
    return f"{value / 1e6:,.0f} M" if value >= 1e8 else f"{value:,.0f}"


def size(count: float) -> str:
    """Bytes, in units of 1000."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"


def percent(part: float, whole: float) -> str:
    """A share."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def label_tag(label: str) -> str:
    """A label in the colour of its family."""
    family = BY_NAME[label].family if label in BY_NAME else "keep"
    return f'<span class="label {family}">{shown(label)}</span>'


def meter(part: float, whole: float, family: str, title: str) -> str:
    """A bar of `part` out of `whole`."""
    width = 100 * part / whole if whole else 0.0
    return (
        f'<svg class="meter {family}" viewBox="0 0 100 10" preserveAspectRatio=none role=img '
        f'aria-label="{shown(title)}"><title>{shown(title)}</title>'
        f'<rect class=fill width="{width:.2f}" height="10"/></svg>'
    )


def strip(parts: Sequence[tuple[str, str, int]]) -> str:
    """A whole cut into parts, with its legend. parts: class, name, how much."""
    total = sum(count for *_, count in parts) or 1
    rects, items, at = [], [], 0.0
    for kind, name, count in parts:
        width = 100 * count / total
        said = f"{name}: {number(count)} characters, {percent(count, total)}"
        rects.append(
            f'<rect class="fill {kind}" x="{at:.3f}" width="{max(0.0, width - 0.15):.3f}" height="10">'
            f"<title>{shown(said)}</title></rect>"
        )
        items.append(f"<li class={kind}>{shown(name)} <b>{percent(count, total)}</b></li>")
        at += width
    return (
        '<svg class=strip viewBox="0 0 100 10" preserveAspectRatio=none role=img aria-label="Characters by what became '
        f'of them">{"".join(rects)}</svg><ul class=legend>{"".join(items)}</ul>'
    )


def speed_plot(shards: Sequence[tuple[int, int, float]]) -> str:
    """Megabytes a second of every shard, in their order. shards: number, bytes, seconds."""
    runs = -(-len(shards) // BARS)
    bars = []
    for n in range(0, len(shards), runs):
        group = shards[n : n + runs]
        seconds = sum(each[2] for each in group)
        speed = sum(each[1] for each in group) / 1e6 / seconds if seconds else 0.0
        bars.append((f"{group[0][0]}" + (f" - {group[-1][0]}" if len(group) > 1 else ""), speed))
    top = max((speed for _, speed in bars), default=0.0) or 1.0
    middle = median(speed for _, speed in bars)
    step = PLOT_WIDTH / len(bars)
    rects = [
        f'<rect class=bar-of x="{n * step + step * 0.08:.1f}" y="{PLOT_HEIGHT * (1 - speed / top):.1f}" '
        f'width="{min(step * 0.84, 60):.1f}" height="{PLOT_HEIGHT * speed / top:.1f}">'
        f"<title>shard {name}: {speed:.2f} MB/s</title></rect>"
        for n, (name, speed) in enumerate(bars)
    ]
    ticks = "".join(
        f'<line class=grid x1="0" x2="{PLOT_WIDTH}" y1="{PLOT_HEIGHT * (1 - part)}" y2="{PLOT_HEIGHT * (1 - part)}"/>'
        f'<text x="-6" y="{PLOT_HEIGHT * (1 - part) + 4}" text-anchor=end>{top * part:.2g}</text>'
        for part in (0.5, 1.0)
    )
    level = PLOT_HEIGHT * (1 - middle / top)
    return (
        f'<svg class=plot viewBox="-40 -10 {PLOT_WIDTH + 50} {PLOT_HEIGHT + 34}" role=img '
        f'aria-label="Megabytes a second by shard">{ticks}{"".join(rects)}'
        f'<line class=axis x1="0" x2="{PLOT_WIDTH}" y1="{PLOT_HEIGHT}" y2="{PLOT_HEIGHT}"/>'
        f'<line class=middle x1="0" x2="{PLOT_WIDTH}" y1="{level:.1f}" y2="{level:.1f}"/>'
        f'<text x="0" y="{PLOT_HEIGHT + 16}">shard {bars[0][0]}</text>'
        f'<text x="{PLOT_WIDTH}" y="{PLOT_HEIGHT + 16}" text-anchor=end>shard {bars[-1][0]}</text></svg>'
    )


def place(found: Mapping[str, Any]) -> str:
    """Where a document stands: its address or id, the file and the place in it. Addresses are text, not links."""
    name = found.get("url") or found.get("id") or ""
    spot = f"{shown(found['source'])}, {found['place']:,}"
    return f"<p class=where><bdi>{shown(name)}</bdi>{' · ' if name else ''}<bdi>{spot}</bdi></p>"


def sample_html(label: str, found: Mapping[str, Any]) -> str:
    """A line or span with the lines around it."""
    text = found["text"]
    if found["span"]:
        start, end = found["span"]
        body = f"{shown(text[:start])}<mark>{shown(text[start:end])}</mark>{shown(text[end:])}"
        kind = "span of a kept line"
    else:
        body, kind = shown(text), "line"
    what = f"{kind} {found['line'] + 1}, {'flagged as' if found['action'] == 'flag' else 'removed as'} {shown(label)}"
    rows = [
        context_html(found["before"]),
        f'<li class="here {BY_NAME[label].family}"><span class=tag>{what} {found["score"]:.2f}</span>'
        f"<bdi lang=zh>{body}</bdi></li>",
        context_html(found["after"]),
    ]
    return f"<article>{place(found)}<ol class=lines>{''.join(rows)}</ol></article>"


def context_html(found: Mapping[str, Any] | None) -> str:
    """The line before or behind."""
    if found is None:
        return ""
    what = {"keep": "kept", "flag": "flagged", "drop": "removed"}[found["action"]]
    kind = "keep" if found["action"] == "keep" else f"{found['action']} {BY_NAME[found['label']].family}"
    return (
        f'<li class="{kind}"><span class=tag>{what}, {shown(found["label"])}</span>'
        f"<bdi lang=zh>{shown(found['text'])}</bdi></li>"
    )
