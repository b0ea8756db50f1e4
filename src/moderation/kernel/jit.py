"""The one way in which functions become kernels: compiled without the GIL, cached on disk."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, ParamSpec, TypeVar

import numba
from numba.core import event

NOTICE: Final = "compiling for this machine; it takes about twenty seconds, once"
P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` with numba. The cache lies beside the file; where that is read-only, in the user's cache."""
    compiled: Callable[P, R] = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return compiled


def inline(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a small function that only kernels call, and that makes no array.

    It borrows its arrays: counting references costs two locked instructions an array, more than many a call's work.
    """
    compiled: Callable[P, R] = numba.njit(
        cache=True, nogil=True, error_model="numpy", inline="never", _nrt=False, no_cpython_wrapper=True
    )(function)
    return compiled


def always(function: Callable[P, R]) -> Callable[P, R]:
    """Copy a small function into the kernels that call it, before anything is compiled."""
    compiled: Callable[P, R] = numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")(function)
    return compiled


class Announcer(event.Listener):
    """Says once that something is being compiled; what is read from the cache is not."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.said = False

    def on_start(self, event: object) -> None:
        """A kernel is about to be compiled."""
        if not self.said:
            self.said = True
            self.say(NOTICE)

    def on_end(self, event: object) -> None:
        """It is done."""


@contextmanager
def compile_notice(say: Callable[[str], None]) -> Iterator[None]:
    """Within it, `say` is told once if kernels have to be compiled: on the first run of all, and after an update."""
    listener = Announcer(say)
    event.register("numba:compile", listener)
    try:
        yield
    finally:
        event.unregister("numba:compile", listener)
