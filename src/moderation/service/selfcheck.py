"""The built-in set: pages of ours with the labels that any model must give them before it may serve."""

import json
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from moderation.errors import ModelError
from moderation.labels import BY_NAME
from moderation.model.model import Model
from moderation.moderate import Moderator
from moderation.policy import built_in

FLOOR: Final = 0.8
"""Share of lines whose family must be right: a model that fits its data but was trained on rubbish stays below."""


class Page(NamedTuple):
    """A page: its lines, and the family (keep, chrome, spam, noise) that each must get."""

    lines: tuple[str, ...]
    families: tuple[str, ...]


@cache
def pages() -> tuple[Page, ...]:
    """The built-in set."""
    source = resources.files("moderation") / "data" / "selfcheck.json"
    return tuple(
        Page(tuple(line for _, line in page), tuple(family for family, _ in page))
        for page in json.loads(source.read_text("utf-8"))
    )


def check(model: Model) -> float:
    """Judge the set, which also compiles the kernels. Returns the share of right families.

    Raises ModelError where it is below FLOOR, or where a page doesn't come out whole.
    """
    wanted: list[str] = []
    found: list[str] = []
    moderator = Moderator(model, built_in("flag-only"))
    for page in pages():
        text = "\n".join(page.lines)
        result = moderator.clean(text)
        if result.text != text or len(result.verdicts) != len(page.lines):
            raise ModelError(f"model {model.id} fails the built-in check: a page does not come out whole")
        wanted += page.families
        found += [BY_NAME[verdict.label].family for verdict in result.verdicts]
    pairs = list(zip(wanted, found, strict=True))
    right = len([a for a, b in pairs if a == b]) / len(pairs)
    if right < FLOOR:
        raise ModelError(
            f"model {model.id} fails the built-in check: {right:.2f} of its lines get the right family, "
            f"at least {FLOOR:.2f} are expected; train it on more, or on better labelled, pages"
        )
    return right
