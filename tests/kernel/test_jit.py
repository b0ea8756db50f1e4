"""Kernels are compiled once a machine, and whoever waits for it is told."""

from typing import Any

import numba

from moderation.kernel.jit import NOTICE, compile_notice


def twice(x: Any) -> Any:
    return x * 2


def compiled() -> Any:
    """A kernel that nothing has called yet."""
    return numba.njit(twice)


def test_the_first_call_of_a_kernel_is_announced_once_and_later_ones_are_not() -> None:
    said: list[str] = []
    with compile_notice(said.append):
        kernel = compiled()
        assert said == []
        assert kernel(2) == 4
        assert kernel(2.5) == 5.0
        assert said == [NOTICE]
    with compile_notice(said.append):
        assert kernel(3) == 6
    assert said == [NOTICE]


def test_nobody_is_told_of_what_is_compiled_later() -> None:
    said: list[str] = []
    with compile_notice(said.append):
        pass
    assert compiled()(2) == 4
    assert said == []
