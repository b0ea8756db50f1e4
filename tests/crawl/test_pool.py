"""The local workers: one that is lost is said so, its shard begun again, then given up."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from moderation.crawl.engine import Job, Retried
from moderation.crawl.plan import Plan, make_plan
from moderation.crawl.pool import Pool, death, main_hidden
from moderation.crawl.settings import Settings
from moderation.crawl.shard import ShardReport
from moderation.errors import ModelError, ModerationError
from moderation.formats.base import Source

from .conftest import jsonl, records


@pytest.fixture
def plan(tmp_path: Path, settings: Settings) -> Plan:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(60)))
    return make_plan([Source(str(tmp_path / "in.jsonl"), "in.jsonl", "jsonl")], settings)


def job(tmp_path: Path, settings: Settings, plan: Plan) -> Job:
    return Job(tmp_path / "out", "rejected", settings, plan.schemas)


def listen(pool: Pool, job: Job, plan: Plan, on_news: Callable[[Any], None]) -> list[Any]:
    """All news of a run, with a hand in it."""
    found = []
    for news in pool.run(job, plan.shards):
        found.append(news)
        on_news(news)
    return found


def test_every_shard_is_reported_once(tmp_path: Path, settings: Settings, plan: Plan) -> None:
    found = listen(Pool(2), job(tmp_path, settings, plan), plan, lambda news: None)
    reports = [news for news in found if isinstance(news, ShardReport)]
    assert sorted(report.number for report in reports) == list(range(len(plan.shards)))
    assert not any(report.error for report in reports)


SCRIPT = """
from pathlib import Path
from moderation.crawl.inputs import find_inputs
from moderation.crawl.pool import Pool
from moderation.crawl.run import Order, clean_crawl
from moderation.crawl.settings import Settings
from moderation.cli.run_progress import Quiet
from moderation.moderate import Moderator
print("begun", flush=True)
moderator = Moderator.load()
settings = Settings(policy=moderator.policy, model=None, model_id=moderator.model.id, shard_bytes=4000)
order = Order(folder=Path("out"), sources=find_inputs(["in.jsonl"], None).sources, settings=settings, engine=Pool(2))
print(clean_crawl(order, Quiet()).complete)
"""


def test_two_threads_that_begin_runs_leave_the_script_in_its_place() -> None:
    main, inside = sys.modules["__main__"], threading.Event()

    def hide(seconds: float) -> None:
        with main_hidden():
            inside.set()
            time.sleep(seconds)

    first, second = (threading.Thread(target=hide, args=(seconds,)) for seconds in (0.1, 0.3))
    first.start()
    inside.wait(10)
    second.start()
    first.join()
    second.join()
    assert sys.modules["__main__"] is main


def test_workers_do_not_run_the_script_again_that_begins_the_run(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(jsonl(records(60)))
    (tmp_path / "script.py").write_text(SCRIPT)
    words = [sys.executable, "script.py"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == ["begun", "True"]


def test_a_killed_worker_is_replaced_and_its_shard_begun_again(tmp_path: Path, settings: Settings, plan: Plan) -> None:
    pool = Pool(2)
    killed: list[int] = []

    def kill_one(news: Any) -> None:
        busy = [worker for worker in pool.workers if worker.shard is not None]
        if not killed and busy:
            os.kill(busy[0].process.pid or 0, signal.SIGSTOP)  # so that it can't report before it dies
            time.sleep(0.05)
            killed.append(busy[0].shard.number if busy[0].shard else -1)
            os.kill(busy[0].process.pid or 0, signal.SIGKILL)

    found = listen(pool, job(tmp_path, settings, plan), plan, kill_one)
    reports = [news for news in found if isinstance(news, ShardReport)]
    assert sorted(report.number for report in reports) == list(range(len(plan.shards)))
    assert not any(report.error for report in reports)
    retried = [news for news in found if isinstance(news, Retried)]
    assert all("SIGKILL, as the system does when memory runs out" in news.reason for news in retried)


def test_a_shard_that_kills_its_workers_is_given_up_and_the_others_are_done(
    tmp_path: Path, settings: Settings, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.crawl.pool.work", deadly)
    found = listen(Pool(1), job(tmp_path, settings, plan), plan, lambda news: None)
    reports = {news.number: news for news in found if isinstance(news, ShardReport)}
    assert len(reports) == len(plan.shards)
    assert [number for number, report in reports.items() if report.error] == [1]
    assert reports[1].error == (
        "its worker was killed by SIGKILL, as the system does when memory runs out, 2 times; "
        "use fewer workers, or more memory"
    )
    assert [news.shard.number for news in found if isinstance(news, Retried)] == [1]


def deadly(pipe: Any) -> None:
    """A worker that dies of the second shard."""
    pipe.recv()
    pipe.send("ready")
    while True:
        shard = pipe.recv()
        if shard.number == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        pipe.send(ShardReport(shard.number))


def test_a_model_that_can_not_be_used_ends_the_run(tmp_path: Path, settings: Settings, plan: Plan) -> None:
    with pytest.raises(ModelError, match="the run was begun with other@1"):
        listen(Pool(1), job(tmp_path, replace(settings, model_id="other@1"), plan), plan, lambda news: None)


def test_workers_that_die_before_they_begin_end_the_run(
    tmp_path: Path, settings: Settings, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.crawl.pool.work", stillborn)
    with pytest.raises(ModerationError, match="a worker ended with status 3 before it could begin"):
        listen(Pool(1), job(tmp_path, settings, plan), plan, lambda news: None)


def stillborn(pipe: Any) -> None:
    """A worker that ends at once."""
    os._exit(3)


def test_how_a_process_ended_is_said_in_words() -> None:
    assert death(3) == "ended with status 3"
    assert death(-15) == "was killed by SIGTERM"
