"""A small picture of one curve as SVG: no library needed, and the same on every machine."""

from collections.abc import Mapping
from html import escape
from typing import Final

WIDTH: Final = 560
HEIGHT: Final = 260
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 30, 44


def curve(title: str, unit: str, values: Mapping[str, float]) -> str:
    """Points at even distances, one a name, over a scale that begins at 0."""
    top = max(values.values()) * 1.15
    step = (WIDTH - LEFT - RIGHT) / max(1, len(values) - 1)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - TOP)

    points = [(LEFT + n * step, y(value), name, value) for n, (name, value) in enumerate(values.items())]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="16" font-size="13">{escape(unit)} against {escape(title)}</text>',
        f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" stroke="#888"/>',
        f'<text x="{LEFT - 6}" y="{y(0) + 4:.0f}" text-anchor="end">0</text>',
        f'<path d="M{" L".join(f"{x:.1f} {at:.1f}" for x, at, _, _ in points)}" fill="none" stroke="#2266aa"/>',
    ]
    for x, at, name, value in points:
        parts.append(f'<circle cx="{x:.1f}" cy="{at:.1f}" r="3" fill="#2266aa"/>')
        parts.append(f'<text x="{x:.1f}" y="{at - 8:.1f}" text-anchor="middle">{value:.0f}</text>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>\n"])
