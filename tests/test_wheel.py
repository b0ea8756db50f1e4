"""The wheel carries everything: installed into an empty folder, every command works outside the checkout, offline."""

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = "\n".join(
    (
        "首页 | 新闻 | 服务 | 联系我们",
        "市图书馆国庆假期照常开放，自助还书机全天可用，欢迎读者到馆。",
        "咨询电话请在工作日的上午九点到下午五点之间拨打，周末无人值守。",
        "版权所有 市图书馆 技术支持：某某网络\r",
        "",
    )
)
ROWS = "".join(
    f"### page-{n} notice\n"
    "N|首页 | 新闻 | 服务 | 联系我们\n"
    f"C|第{n}阅览室本周照常开放，自助还书机全天可用，欢迎读者到馆。\n"
    f"C|本月第{n}场讲座改在二楼报告厅，听众请提前十分钟入场。\n"
    f"F|版权所有 第{n}图书馆 技术支持：某某网络\n"
    for n in range(12)
)

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("hatchling") is None or importlib.util.find_spec("pip") is None,
    reason="building the wheel offline needs pip and hatchling: pip install --group test",
)
Command = Callable[..., subprocess.CompletedProcess[bytes]]


def python(*words: object, cwd: Path, path: str = "", status: int = 0) -> subprocess.CompletedProcess[bytes]:
    """Run this interpreter and hold it to an exit status."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COVERAGE"))}
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env=environment | {"PYTHONPATH": path},
        capture_output=True,
        check=False,
    )
    assert done.returncode == status, done.stderr.decode()
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    python(
        "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "--no-index", "-w", folder, ROOT, cwd=folder
    )
    (found,) = folder.glob("moderation-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the package; what it depends on comes from the environment of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    python("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", folder, wheel, cwd=folder)
    return folder


@pytest.fixture
def moderation(installed: Path, tmp_path: Path) -> Command:
    """Runs the installed command line in an empty folder."""
    (tmp_path / "page.txt").write_bytes(PAGE.encode())

    def run(*words: object, status: int = 0) -> subprocess.CompletedProcess[bytes]:
        return python("-m", "moderation", *words, cwd=tmp_path, path=str(installed), status=status)

    return run


def test_the_wheel_holds_model_corpus_tables_and_policies_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "src/moderation"
    data = {f"moderation/{path.relative_to(source)}" for path in (source / "data").rglob("*") if path.is_file()}
    web = {f"moderation/{path.relative_to(source)}" for path in (source / "service/web").rglob("*") if path.is_file()}
    models = {f"moderation/models/default/{name}" for name in ("weights.safetensors", "manifest.json", "CARD.md")}
    assert (data | web | models | {"moderation/py.typed"}) - names == set()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"moderation"}


def test_the_wheel_installs_a_command(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (entry,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
    assert "moderation = moderation.__main__:begin" in archive.read(entry).decode()


def test_it_is_the_installed_package_that_runs(installed: Path, tmp_path: Path) -> None:
    done = python("-c", "import moderation; print(moderation.__file__)", cwd=tmp_path, path=str(installed))
    assert Path(done.stdout.decode().strip()).is_relative_to(installed)


def test_clean_and_restore_give_back_the_page(moderation: Command, tmp_path: Path) -> None:
    moderation("clean", "page.txt", "-o", "clean.txt", "--verdicts", "verdicts.jsonl")
    moderation("restore", "clean.txt", "--verdicts", "verdicts.jsonl", "-o", "back.txt")
    assert (tmp_path / "back.txt").read_bytes() == PAGE.encode()
    assert "版权所有" not in (tmp_path / "clean.txt").read_text("utf-8")


def test_show_says_why(moderation: Command) -> None:
    out = moderation("show", "page.txt", "--why").stdout.decode()
    assert "why footer:" in out
    assert "版权所有" in out


def test_train_and_evaluate_work_with_a_model_of_ones_own(moderation: Command, tmp_path: Path) -> None:
    (tmp_path / "rows.txt").write_text(ROWS, "utf-8")
    moderation("train", "rows.txt", "-o", "mine", "--generated", 0, "--jobs", 1)
    out = moderation("evaluate", "rows.txt", "--model", "mine", "--json").stdout
    found = json.loads(out)
    assert found["model"].startswith("mine@")
    assert found["metrics"]["keep_f1"] == 1.0


def test_the_authored_corpus_can_be_trained_on(installed: Path, tmp_path: Path) -> None:
    code = "from moderation.train.corpus import authored_pages; print(len(authored_pages()))"
    assert int(python("-c", code, cwd=tmp_path, path=str(installed)).stdout) > 300
