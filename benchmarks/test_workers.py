"""Whole runs over one file of JSONL: two workers against one, and Ray against local workers.

    python -m pytest benchmarks/test_workers.py

takes some twelve minutes on two cores; WORKERS_MEGABYTES=20 makes it a quick look whose ratios say little, as every
worker first imports what it needs and loads model and compiled kernels, which is half a second. The input is that of
a small job, 1.6 GB, in shards of about the default size. Everything counts that a user waits for: that loading,
planning, syncing, renaming, checksums; but the Ray cluster is there already, as clusters are.

The contestants take turns, round by round, over the same shards; a ratio is that of one round, and the median of the
rounds counts. A machine that does anything else at the time spoils it all the same: two workers need two cores.
"""

import itertools
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any, Final

import orjson
import pytest

from benchmarks.conftest import SUMMARY
from benchmarks.data import circumstances, pages, write_result
from moderation.cli.run_progress import Quiet
from moderation.crawl.inputs import find_inputs
from moderation.crawl.pool import Pool
from moderation.crawl.ray_engine import RayEngine
from moderation.crawl.run import Order, clean_crawl
from moderation.crawl.settings import Settings
from moderation.moderate import Moderator

pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own

MEGABYTES: Final = int(os.environ.get("WORKERS_MEGABYTES", "1600"))
ROUNDS: Final = int(os.environ.get("WORKERS_ROUNDS", "3"))
WORKERS: Final = 2
SHARDS: Final = 100
ONE: Final = "one worker"
TWO: Final = "two workers"
RAY: Final = "ray, two workers"
TARGETS: Final = {"two_workers_over_one": 1.8, "ray_over_local": 0.8}
ENGINES: Final[dict[str, Callable[[], Any]]] = {
    ONE: lambda: Pool(1),
    TWO: lambda: Pool(WORKERS),
    RAY: lambda: RayEngine(None, WORKERS),
}
SECONDS: Final[dict[str, list[float]]] = {}


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The authored pages again and again, as records of a crawl."""
    path = tmp_path_factory.mktemp("crawl") / "crawl.jsonl"
    size = 0
    with path.open("wb") as file:
        for n, text in enumerate(itertools.cycle(pages())):
            line = orjson.dumps({"id": n, "url": f"https://s{n % 97}.example/{n}", "text": text}) + b"\n"
            size += file.write(line)
            if size >= MEGABYTES * 1_000_000:
                break
    return path


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """A Ray cluster of two cores on this machine."""
    if find_spec("ray") is None:
        pytest.skip('needs Ray: pip install "moderation[ray]"')
    import ray  # noqa: PLC0415

    ray.init(
        address="local", num_cpus=WORKERS, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False
    )
    yield
    ray.shutdown()


@pytest.fixture(scope="module", autouse=True)
def stored(moderator: Moderator) -> Iterator[None]:
    """Figures and ratios, once all contestants ran."""
    yield
    if len(SECONDS.get(RAY, ())) < ROUNDS:
        return
    ratios = {"two_workers_over_one": ratio(ONE, TWO), "ray_over_local": ratio(TWO, RAY)}
    result: dict[str, Any] = {
        "megabytes": MEGABYTES,
        "rounds": ROUNDS,
        "runs": {name: figures(times) for name, times in SECONDS.items()},
        **{name: round(median(found), 3) for name, found in ratios.items()},
        "by_round": {name: [round(value, 3) for value in found] for name, found in ratios.items()},
        "targets": TARGETS,
    }
    path = write_result("workers", result | circumstances(moderator.model))
    for name, target in TARGETS.items():
        SUMMARY.append(f"{name:<24}{result[name]:>6.2f}  (target: {target}; by round: {result['by_round'][name]})")
    SUMMARY.append(f"stored in {path}")


def ratio(slow: str, fast: str) -> list[float]:
    """How many times as fast the second is, round by round."""
    return [a / b for a, b in zip(SECONDS[slow], SECONDS[fast], strict=True)]


def figures(times: list[float]) -> dict[str, float]:
    """Of one contestant."""
    return {
        "seconds_median": round(median(times), 3),
        "seconds_min": round(min(times), 3),
        "seconds_max": round(max(times), 3),
        "megabytes_per_second": round(MEGABYTES / median(times), 3),
    }


def seconds_of(crawl: Path, folder: Path, moderator: Moderator, engine: Any) -> float:
    """One whole run; what it wrote is taken away. folder: another one each time, or Ray would not load the model."""
    shard_bytes = MEGABYTES * 1_000_000 // SHARDS
    settings = Settings(policy=moderator.policy, model=None, model_id=moderator.model.id, shard_bytes=shard_bytes)
    sources = find_inputs([str(crawl)], None).sources
    begin = time.perf_counter()
    outcome = clean_crawl(Order(folder=folder, sources=sources, settings=settings, engine=engine), Quiet())
    spent = time.perf_counter() - begin
    assert outcome.complete
    shutil.rmtree(folder)
    return spent


@pytest.mark.usefixtures("cluster")
def test_engines_take_turns(crawl: Path, moderator: Moderator, tmp_path: Path) -> None:
    for n in range(ROUNDS):
        for name, engine in ENGINES.items():
            SECONDS.setdefault(name, []).append(seconds_of(crawl, tmp_path / str(n), moderator, engine()))
