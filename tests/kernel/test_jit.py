"""Kernels are compiled once a machine, and whoever waits for it is told."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba

import moderation
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


RUN = """
import numpy as np
from moderation.kernel.decide import decide_lines
from moderation.kernel.jit import compile_notice
with compile_notice(print):
    decide_lines(np.ones((1, 12), np.float32), np.zeros(12, np.uint8), np.zeros(12, np.float32))
"""


def run_from(site: Path, home: Path) -> str:
    """What a process of its own prints that uses a kernel of the package in `site`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "XDG_"))}
    environment = {**kept, "PYTHONPATH": str(site), "HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_a_read_only_install_compiles_once_for_each_user(tmp_path: Path) -> None:
    kernels = tmp_path / "site" / "moderation" / "kernel"
    shutil.copytree(
        Path(moderation.__file__).parent, kernels.parent, ignore=shutil.ignore_patterns("__pycache__", "data")
    )
    (kernels / "__pycache__").write_text("nothing can be written here, not even by root")
    home = tmp_path / "home"
    home.mkdir()
    assert run_from(tmp_path / "site", home) == f"{NOTICE}\n"
    assert list(home.rglob("decide.decide_lines-*.nbc"))
    assert run_from(tmp_path / "site", home) == ""
    assert run_from(tmp_path / "site", tmp_path) == f"{NOTICE}\n"
