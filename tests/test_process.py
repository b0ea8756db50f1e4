"""Our own processes begin leaner; other people's programs keep all that numba gives them."""

import subprocess
import sys
from pathlib import Path

import pytest

from moderation.process import hidden

CLEAN = "from moderation import Moderator; Moderator.load().clean('首页 > 新闻\\n市图书馆照常开放，读者可凭证入馆。')"
LOADED = "import sys; print('scipy.linalg' in sys.modules)"
PRODUCT = (
    "import numba, numpy as np; "
    "print(numba.njit(lambda a: np.corrcoef(a))(np.array([[1.0, 2.0, 4.0], [2.0, 4.0, 8.0]]))[0, 1].round(3))"
)


def said(*steps: str, cwd: Path) -> str:
    """What a new process prints that takes these steps."""
    done = subprocess.run(
        [sys.executable, "-c", "; ".join(steps)], cwd=cwd, capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.strip()


def test_a_process_of_ours_cleans_without_linear_algebra(tmp_path: Path) -> None:
    assert said("from moderation.process import ours; ours()", CLEAN, LOADED, cwd=tmp_path) == "False"


def test_a_process_of_ours_trains_with_it_all_the_same(tmp_path: Path) -> None:
    steps = ["from moderation.process import ours; ours()", CLEAN, "import sklearn.linear_model", LOADED]
    assert said(*steps, cwd=tmp_path) == "True"


def test_kernels_of_another_program_may_use_linear_algebra(tmp_path: Path) -> None:
    assert said(CLEAN, PRODUCT, cwd=tmp_path) == "1.0"


def test_what_is_hidden_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with hidden("colorsys"), pytest.raises(ImportError):
        import colorsys  # noqa: F401, PLC0415
    import colorsys as back  # noqa: PLC0415

    assert back.rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)


def test_what_is_there_already_is_not_hidden() -> None:
    with hidden("subprocess"):
        assert sys.modules["subprocess"] is subprocess
    assert sys.modules["subprocess"] is subprocess


def test_the_command_and_its_workers_start_without_linear_algebra(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(
        '{"id": 1, "text": "首页 > 新闻\\n市图书馆照常开放，读者可凭证入馆。"}\n' * 40, "utf-8"
    )
    words = ["clean", "in.jsonl", "-o", "out/", "--workers", "2", "--shard-bytes", "1000", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "moderation", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    imported = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines()]
    assert imported.count("numba.np.arraymath") >= 2, "of the command and of a worker; the other may be too late"
    assert "scipy.linalg" not in imported
