"""Finds the junk in crawled Chinese text and takes it out, with every cut on record.

from moderation import Moderator
result = Moderator.load().clean(text)
result.text, result.verdicts, result.flags
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moderation.errors import ModerationError
    from moderation.moderate import Moderator
    from moderation.policy import Policy, load_policy
    from moderation.records import Damage, Flag, Removed, Repair, Span, Verdict
    from moderation.restoration import restore
    from moderation.result import Result

__version__ = "0.1.0"

__all__ = [
    "Damage",
    "Flag",
    "ModerationError",
    "Moderator",
    "Policy",
    "Removed",
    "Repair",
    "Result",
    "Span",
    "Verdict",
    "load_policy",
    "restore",
]

_HOME = {
    "Damage": "records",
    "Flag": "records",
    "ModerationError": "errors",
    "Moderator": "moderate",
    "Policy": "policy",
    "Removed": "records",
    "Repair": "records",
    "Result": "result",
    "Span": "records",
    "Verdict": "records",
    "load_policy": "policy",
    "restore": "restoration",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `import moderation` alone loads no compiler."""
    if name not in _HOME:
        raise AttributeError(f"module 'moderation' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(f"moderation.{_HOME[name]}"), name)
