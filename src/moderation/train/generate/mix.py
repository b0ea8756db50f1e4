"""The table of operations, and the draw that composes some of them for one page."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from moderation.errors import UsageError
from moderation.train.generate.blocks import chrome_lines, honest_lines
from moderation.train.generate.chrome import glue
from moderation.train.generate.cloak import cloak
from moderation.train.generate.damage import damage
from moderation.train.generate.decoys import decoys
from moderation.train.generate.disguise import disguise
from moderation.train.generate.draft import Draft
from moderation.train.generate.inject import inject
from moderation.train.generate.layout import layout
from moderation.train.generate.stock import Stock
from moderation.train.generate.takeover import takeover

Operation = Callable[[Draft, Random, Stock], bool]
"""Changes a draft in place; False when it found nothing to change."""

OPERATIONS: Final[dict[str, tuple[Operation, float]]] = {
    "decoys": (decoys, 0.3),
    "layout": (layout, 0.5),
    "chrome": (glue, 0.3),
    "lines": (chrome_lines, 0.3),
    "honest": (honest_lines, 0.2),
    "takeover": (takeover, 0.05),
    "inject": (inject, 0.65),
    "disguise": (disguise, 0.15),
    "cloak": (cloak, 0.15),
    "damage": (damage, 0.3),
}
"""Name, operation and how often it is applied, in the order in which a page goes through them."""

INJECT_LAST: Final = 0.5
"""How often spam comes after the cloak: such a page is traditional and its spam is not."""


def draw_operations(rng: Random, allowed: Sequence[str] | None) -> list[str]:
    """Names of the operations for one page, in order; at least one. Raises UsageError that lists the known names."""
    names = list(OPERATIONS) if allowed is None else list(dict.fromkeys(allowed))
    unknown = [name for name in names if name not in OPERATIONS]
    if unknown or not names:
        raise UsageError(f"no operation {', '.join(unknown) or '(empty list)'}; known: {', '.join(OPERATIONS)}")
    picked = {name for name in names if rng.random() < OPERATIONS[name][1]} or {rng.choice(names)}
    order = [name for name in OPERATIONS if name in picked]
    if {"inject", "cloak"} <= picked and rng.random() < INJECT_LAST:
        order.sort(key=lambda name: name in {"inject", "disguise"})
    return order


def apply_operations(draft: Draft, names: Sequence[str], rng: Random, stock: Stock) -> list[str]:
    """Run the operations; the names of those that changed something."""
    return [name for name in names if OPERATIONS[name][0](draft, rng, stock)]


def change(draft: Draft, rng: Random, stock: Stock, allowed: Sequence[str] | None) -> list[str]:
    """Draw operations and run them; if none finds anything to change, each allowed one is tried until one does."""
    done = apply_operations(draft, draw_operations(rng, allowed), rng, stock)
    spare = OPERATIONS if allowed is None else allowed
    return done or next(([name] for name in spare if apply_operations(draft, [name], rng, stock)), [])
