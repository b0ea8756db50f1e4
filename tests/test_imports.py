"""The one-way order of the rooms, read from the import statements; and what `import moderation` alone loads."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import moderation

PACKAGE: Final = Path(moderation.__file__).parent

LOW: Final = {"errors", "labels", "text", "kernel"}
JUDGING: Final = LOW | {
    "records",
    "policy",
    "restoration",
    "model",
    "lines",
    "judge",
    "repair",
    "spans",
    "tricks",
    "segments",
    "rescue",
}
RESULTS: Final = JUDGING | {"decision", "columns", "written", "result", "decide"}
ALLOWED: Final[dict[str, set[str]]] = {
    "errors": set(),
    "labels": {"errors"},
    "process": set(),
    "kernel": {"process"},
    "markup": set(),
    "text": LOW,
    "records": LOW,
    "policy": LOW,
    "restoration": LOW | {"records"},
    "model": LOW,
    "lines": LOW,
    "tricks": set(),
    "repair": {"errors", "text", "kernel", "records"},
    "spans": LOW | {"model", "lines"},
    "segments": LOW | {"lines", "spans"},
    "rescue": LOW | {"lines", "model", "spans"},
    "judge": LOW | {"model", "lines", "repair", "spans", "segments", "rescue"},
    "decide": JUDGING,
    "decision": JUDGING,
    "columns": JUDGING | {"decision"},
    "written": JUDGING | {"decision", "columns"},
    "result": JUDGING | {"decision", "columns", "written", "decide"},
    "parallel": set(),
    "arrow": RESULTS | {"parallel"},
    "moderate": RESULTS | {"parallel", "arrow"},
    "explain": RESULTS,
    "formats": RESULTS | {"moderate", "explain"},
    "train": RESULTS | {"moderate", "explain", "formats", "markup"},
    "crawl": RESULTS | {"moderate", "formats", "markup", "process", ""},
    "loop": RESULTS | {"moderate", "explain", "train", "markup"},
    "service": RESULTS | {"moderate", "explain", "loop", ""},
    "integrations": RESULTS | {"moderate", "crawl"},
    "cli": RESULTS | {"parallel", "moderate", "explain", "formats", "crawl", "train", "loop", "service", ""},
    "__main__": {"cli", "process"},
    "": RESULTS | {"moderate"},
}
"""What each room (a module or folder of the package) may import beside itself; "" is the package's own __init__."""

ONLY_IN: Final[dict[str, tuple[str, ...]]] = {
    "numba": ("kernel/",),
    "llvmlite": ("kernel/",),
    "pyarrow": (
        *("arrow.py", "moderate.py", "formats/"),
        *("crawl/ledger_parquet.py", "crawl/ledger_arrow.py", "crawl/ray_engine.py"),
    ),
    "sklearn": ("train/",),
    "scipy": ("train/",),
    "joblib": ("train/",),
    "threadpoolctl": ("train/",),
    "rich": ("cli/",),
    "jieba": ("explain.py",),
    "opencc": (),
    "pypinyin": (),
    "fastwarc": ("formats/",),
    "resiliparse": ("formats/",),
    "zstandard": ("formats/",),
    "fsspec": ("formats/opening.py",),
    "ray": ("crawl/ray_engine.py",),
    "sqlalchemy": ("loop/",),
    "fastapi": ("service/",),
    "starlette": ("service/",),
    "pydantic": ("service/",),
    "uvicorn": ("service/",),
    "prometheus_client": ("service/",),
    "datatrove": ("integrations/datatrove.py",),
    "datasets": (),
    "pickle": (),
    "cloudpickle": (),
}
"""Which files may import a package, by the beginning of their path."""

HEAVY: Final = (
    *("numba", "llvmlite", "sklearn", "scipy", "joblib", "jieba", "rich", "numpy", "orjson", "safetensors"),
    *("pyarrow", "fastwarc", "resiliparse", "zstandard", "fsspec", "ray"),
    *("fastapi", "pydantic", "uvicorn"),
)


def sources() -> list[Path]:
    """Every module of the package."""
    return sorted(path for path in PACKAGE.rglob("*.py") if "data" not in path.relative_to(PACKAGE).parts)


def imported(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each import, wherever it stands; `from a import b` gives a.b. package: the module's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = [*package[: len(package) - node.level + 1]] if node.level else []
            base = ".".join([*home, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def room_of(name: str) -> str:
    """The room that a dotted name of ours lies in; the package's own, as in `from moderation import Moderator`, is "".

    >>> room_of("moderation.kernel.lines.read_text")
    'kernel'
    """
    part = name.split(".")[1] if "." in name else ""
    return part if part in ALLOWED or (PACKAGE / part).is_dir() or (PACKAGE / f"{part}.py").is_file() else ""


def trespasses(path: Path, source: str) -> list[str]:
    """What is wrong with a file's imports, one sentence each."""
    parts = path.with_suffix("").parts
    room = "" if parts == ("__init__",) else parts[0]
    found = []
    for line, name in imported(ast.parse(source), ("moderation", *parts[:-1])):
        top = name.split(".")[0]
        where = f"{path.as_posix()}:{line}"
        if top == "moderation":
            target = room_of(name)
            if room not in ALLOWED:
                found.append(f"{where}: the room {room!r} has no row in ALLOWED")
            elif target not in ALLOWED[room] | {room}:
                found.append(
                    f"{where}: {room or 'moderation'} must not import {target or 'moderation itself'} ({name})"
                )
        elif top in ONLY_IN and not path.as_posix().startswith(ONLY_IN[top] or "-"):
            found.append(f"{where}: {top} belongs in {' '.join(ONLY_IN[top]) or 'no file'} only")
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_to_lower_rooms_only(path: Path) -> None:
    assert trespasses(path.relative_to(PACKAGE), path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("path", "source", "sentence"),
    [
        ("kernel/fold.py", "from moderation.labels import NAMES", "kernel must not import labels"),
        ("judge.py", "from moderation.result import decide", "judge must not import result"),
        ("model/store.py", "def f():\n    from moderation import judge", "model must not import judge"),
        ("text/batch.py", "from ..moderate import Moderator", "text must not import moderate"),
        ("train/fit.py", "import moderation.cli.main", "train must not import cli"),
        ("judge.py", "from moderation import Moderator", "judge must not import moderation itself"),
        ("judge.py", "import numba", "numba belongs in kernel/ only"),
        ("moderate.py", "if x:\n    from sklearn.svm import SVC", "sklearn belongs in train/ only"),
        ("model/store.py", "import pickle", "pickle belongs in no file only"),
        ("drawer.py", "from moderation.labels import NAMES", "the room 'drawer' has no row in ALLOWED"),
    ],
)
def test_the_walk_sees_what_it_must_refuse(path: str, source: str, sentence: str) -> None:
    found = trespasses(Path(path), source)
    assert len(found) == 1
    assert sentence in found[0]


def test_nobody_imports_the_command_line() -> None:
    assert [room for room, allowed in ALLOWED.items() if "cli" in allowed] == ["__main__"]


def test_the_order_of_the_rooms_has_no_cycle() -> None:
    low_first: list[str] = []
    left = {room: allowed - {room} for room, allowed in ALLOWED.items()}
    while left:
        free = [room for room, allowed in left.items() if allowed <= set(low_first)]
        assert free, f"a cycle among {sorted(left)}"
        low_first += free
        for room in free:
            del left[room]


def loaded_after(statement: str) -> set[str]:
    """The heavy packages that a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_after("import moderation") == set()


def test_serving_loads_no_training_package() -> None:
    found = loaded_after("import moderation.moderate, moderation.cli.main")
    # scipy is not in this list: numba itself looks whether it is there
    assert found & {"sklearn", "joblib", "jieba", "rich", "pyarrow", "fastwarc", "fsspec", "ray"} == set()
    assert "numba" in found


def test_importing_every_kernel_compiles_nothing() -> None:
    code = "import moderation.judge, moderation.kernel.lines as f; print(len(f.read_text.signatures))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "0"
