"""The Ray engine, on a real cluster of two workers on this machine, one of them killed while it runs."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from moderation.crawl.engine import Job, Retried
from moderation.crawl.inputs import find_inputs
from moderation.crawl.plan import Piece, Shard, make_plan
from moderation.crawl.settings import Settings
from moderation.crawl.shard import ShardReport
from moderation.formats.base import Extent, Source

from .conftest import jsonl, records, tree

ray: Any = pytest.importorskip("ray", reason='needs Ray: pip install "moderation[ray]"')
pytestmark = pytest.mark.filterwarnings("ignore")

SHARDS = 40


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head without cores and two workers with one each."""
    from ray.cluster_utils import Cluster  # noqa: PLC0415

    found: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        found.add_node(num_cpus=1)
        found.add_node(num_cpus=1)
        yield found
    finally:
        found.shutdown()


def command(folder: Path, *words: str) -> list[str]:
    return [
        *(sys.executable, "-m", "moderation", "clean", str(folder / "in.jsonl"), "--quiet"),
        *("--shard-bytes", "2000", "--ledger", "jsonl", "--attributes", *words),
    ]


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    rows = records(300)
    (tmp_path / "in.jsonl").write_bytes(jsonl([*rows[:100], b"oops", *rows[100:]]))
    assert subprocess.run(command(tmp_path, "-o", str(tmp_path / "local/")), check=False).returncode == 1
    return tmp_path


def finished(folder: Path) -> int:
    path = folder / "shards.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_ray_writes_what_local_workers_write(crawl: Path, cluster: Any) -> None:
    words = ["-o", str(crawl / "ray/"), "--engine", "ray", "--ray-address", cluster.address]
    assert subprocess.run(command(crawl, *words), check=False, timeout=300).returncode == 1
    assert tree(crawl / "ray") == tree(crawl / "local")


def test_a_run_goes_on_when_one_of_two_workers_is_killed(crawl: Path, cluster: Any) -> None:
    words = ["-o", str(crawl / "ray/"), "--engine", "ray", "--ray-address", cluster.address]
    node = cluster.add_node(num_cpus=1)
    process = subprocess.Popen(command(crawl, *words), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 200
    while finished(crawl / "ray") < 3 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is None, "the run was over before the worker could be killed"
    cluster.remove_node(node, allow_graceful=False)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 1, said
    assert finished(crawl / "ray") >= SHARDS
    assert tree(crawl / "ray") == tree(crawl / "local")


def test_a_local_run_is_finished_by_ray(crawl: Path, cluster: Any) -> None:
    process = subprocess.Popen(command(crawl, "-o", str(crawl / "mixed/"), "--workers", "1"))
    while finished(crawl / "mixed") < 3 and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait()
    words = ["-o", str(crawl / "mixed/"), "--resume", "--engine", "ray", "--ray-address", cluster.address]
    assert subprocess.run(command(crawl, *words), check=False, timeout=300).returncode == 1
    assert tree(crawl / "mixed") == tree(crawl / "local")


def test_tasks_have_every_shard_once_in_order_and_ever_fewer() -> None:
    from moderation.crawl.ray_engine import GROUP, groups  # noqa: PLC0415

    piece = Piece(Source("a.jsonl", "a.jsonl", "jsonl"), Extent(0, 0, 100, 100), "a.jsonl", "jsonl", "")
    shards = [Shard(n, (piece,)) for n in range(100)]
    found = list(groups(shards, 2))
    assert [shard for some in found for shard in some] == shards
    sizes = [len(some) for some in found]
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-1]) == (GROUP, 1)
    assert list(groups(shards[:5], 512)) == [shards[n : n + 1] for n in range(5)]
    assert list(groups(shards[:5], 0)) == [shards[n : n + 1] for n in range(5)], "nobody knows yet how many workers"


def test_a_task_that_is_begun_again_finds_the_reports_of_what_it_had_done(tmp_path: Path, settings: Settings) -> None:
    from moderation.crawl.ray_engine import Task, clean_shard  # noqa: PLC0415

    (tmp_path / "in.jsonl").write_bytes(jsonl(records(60)))
    plan = make_plan(find_inputs([str(tmp_path / "in.jsonl")], None).sources, settings)
    job = Job(tmp_path / "out", "rejected", settings, plan.schemas)
    job.folder.mkdir()
    task = Task(plan.shards[:2])
    rows = [{"shard": orjson.dumps(shard)} for shard in plan.shards[:2]]
    first = [clean_shard(row, job)["report"] for row in rows]
    shutil.rmtree(job.folder / "data")  # as if they had been handed over to a bucket
    assert [clean_shard(row, job)["report"] for row in rows] == first
    assert not (job.folder / "data").exists()
    left = len(list(job.folder.glob(".part-*")))
    task.heard(plan.shards[0].number, job)
    assert len(list(job.folder.glob(".part-*"))) == left == 2
    task.heard(plan.shards[1].number, job)
    assert not list(job.folder.glob(".part-*"))


def test_a_shard_that_takes_every_worker_down_is_given_up_by_name(tmp_path: Path, settings: Settings) -> None:
    from moderation.crawl.ray_engine import ATTEMPTS, clean_shard, mark_of, news_of, report_file  # noqa: PLC0415

    (tmp_path / "in.jsonl").write_bytes(jsonl(records(60)))
    plan = make_plan(find_inputs([str(tmp_path / "in.jsonl")], None).sources, settings)
    job = Job(tmp_path / "out", "rejected", settings, plan.schemas)
    job.folder.mkdir()
    by_number = {shard.number: shard for shard in plan.shards}
    said: list[Any] = []
    for lost in range(ATTEMPTS + 1):
        for shard in plan.shards[:2]:
            said += news_of(clean_shard({"shard": orjson.dumps(shard)}, job), by_number)
        mark_of(plan.shards[1], job.folder, lost).touch()  # as a worker leaves it that dies
        report_file(plan.shards[1].number, job).unlink(missing_ok=True)  # which leaves no report
    again = [news.shard.number for news in said if isinstance(news, Retried)]
    reports = [news for news in said if isinstance(news, ShardReport)]
    assert again == [1] * (0 + 1 + 2 + 2)
    assert [report.number for report in reports if report.error] == [1]
    assert reports[-1].error == "its worker was lost, 3 times; use fewer workers, or more memory"
