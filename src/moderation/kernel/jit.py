"""The one way in which functions become kernels: compiled without the GIL, cached on disk."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` with numba. The cache lies beside the file; where that is read-only, in the user's cache."""
    compiled: Callable[P, R] = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return compiled


def inline(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a small function that only kernels call."""
    compiled: Callable[P, R] = numba.njit(cache=True, nogil=True, error_model="numpy", inline="never")(function)
    return compiled


def always(function: Callable[P, R]) -> Callable[P, R]:
    """Copy a small function into the kernels that call it, before anything is compiled."""
    compiled: Callable[P, R] = numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")(function)
    return compiled
