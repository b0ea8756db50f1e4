"""Whose the process is: our own commands and workers may begin leaner than a program that imports the package."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

_OURS: Final[list[bool]] = []


def ours() -> None:
    """Called first of all in a process that runs nothing but our code."""
    _OURS.append(True)


def is_ours() -> bool:
    """Whether this process runs nothing but our code."""
    return bool(_OURS)


@contextmanager
def hidden(name: str) -> Iterator[None]:
    """Within it, a module that was not imported yet can't be."""
    modules: dict[str, Any] = sys.modules
    if name in modules:
        yield
        return
    modules[name] = None  # what Python takes for "not to be had"
    try:
        yield
    finally:
        del modules[name]
