"""Whole runs over one file of JSONL: two workers against one, Ray against local workers, and what the extras cost.

Everything counts that a user waits for: loading the model in every worker, planning, syncing, renaming, checksums; but
the Ray cluster is there already, as clusters are. All contestants clean the same shards in the same run; a machine that
does anything else at the time spoils the ratios.
"""

import itertools
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from benchmarks.data import circumstances, pages, write_result
from moderation.cli.run_progress import Quiet
from moderation.crawl.inputs import find_inputs
from moderation.crawl.pool import Pool
from moderation.crawl.ray_engine import RayEngine
from moderation.crawl.run import Order, clean_crawl
from moderation.crawl.settings import Settings
from moderation.moderate import Moderator

MEGABYTES: Final = int(os.environ.get("WORKERS_MEGABYTES", "200"))
ROUNDS: Final = 3
WORKERS: Final = 2
SECONDS_AN_HOUR: Final = 3600
MEASURED: Final[dict[str, dict[str, float]]] = {}
CONTESTANTS: Final[dict[str, tuple[Callable[[], Any], dict[str, Any]]]] = {
    "one worker": (lambda: Pool(1), {}),
    "two workers": (lambda: Pool(WORKERS), {}),
    "ray, two workers": (lambda: RayEngine(None, WORKERS), {}),
    "one worker, Parquet ledger": (lambda: Pool(1), {"ledger": "parquet"}),
    "one worker, .jsonl.gz out": (lambda: Pool(1), {"to": "jsonl", "packed": "gz"}),
}


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
    import ray  # noqa: PLC0415

    ray.init(
        address="local", num_cpus=WORKERS, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False
    )
    yield
    ray.shutdown()


@pytest.fixture(scope="module", autouse=True)
def stored(moderator: Moderator) -> Iterator[None]:
    """Ratios and costs, once all contestants ran."""
    yield
    if set(MEASURED) != set(CONTESTANTS):
        return
    seconds = {name: row["seconds_median"] for name, row in MEASURED.items()}
    cores = {name: 1 if name.startswith("one") else WORKERS for name in seconds}
    per_terabyte = {name: cores[name] * s / MEGABYTES * 1e6 / SECONDS_AN_HOUR for name, s in seconds.items()}
    result = {
        "megabytes": MEGABYTES,
        "rounds": ROUNDS,
        "contestants": MEASURED,
        "two_workers_over_one": round(seconds["one worker"] / seconds["two workers"], 3),
        "ray_over_local": round(seconds["two workers"] / seconds["ray, two workers"], 3),
        "core_hours_per_terabyte": {name: round(hours, 1) for name, hours in per_terabyte.items()},
    }
    write_result("workers", result | circumstances(moderator.model))


@pytest.mark.parametrize("name", CONTESTANTS)
def test_a_whole_run(
    name: str, crawl: Path, moderator: Moderator, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if name.startswith("ray"):
        if find_spec("ray") is None:
            pytest.skip('needs Ray: pip install "moderation[ray]"')
        request.getfixturevalue("cluster")
    engine, more = CONTESTANTS[name]
    settings = Settings(
        policy=moderator.policy,
        model=None,
        model_id=moderator.model.id,
        shard_bytes=MEGABYTES * 1_000_000 // 40,
        **more,
    )
    times = []
    for round_ in range(ROUNDS):
        folder = tmp_path / str(round_)
        order = Order(
            folder=folder, sources=find_inputs([str(crawl)], None).sources, settings=settings, engine=engine()
        )
        begin = time.perf_counter()
        outcome = clean_crawl(order, Quiet())
        times.append(time.perf_counter() - begin)
        assert outcome.complete
        shutil.rmtree(folder)
    median = sorted(times)[ROUNDS // 2]
    MEASURED[name] = {
        "seconds_median": round(median, 3),
        "seconds_min": round(min(times), 3),
        "seconds_max": round(max(times), 3),
        "megabytes_per_second": round(MEGABYTES / median, 3),
    }
