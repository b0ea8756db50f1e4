"""kill -9 at any moment: every correction that was acknowledged is there."""

import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from moderation.loop.feedback import listed
from moderation.loop.store import Store
from service.conftest import running

WRITER = """
import sys
from moderation.loop.feedback import record
from moderation.loop.records import NewCorrection
from moderation.loop.store import Store
from moderation.moderate import Moderator

moderator = Moderator.load()
store = Store.open(sys.argv[1])
for n in range(100_000):
    page = f"首页 | 新闻\\n第{n}期彩票走势图，官网注册送彩金\\n"
    done = record(store, NewCorrection(text=page, line=1, label="gambling"), lambda: moderator)
    print(done.id, flush=True)
"""
"""Acknowledges every correction by printing its id."""


@pytest.mark.parametrize("seed", range(5))
def test_no_acknowledged_correction_is_lost_when_the_process_is_killed(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    path = tmp_path / "store.db"
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline().strip() for _ in range(draw.randrange(1, 60))]
        try:
            process.wait(draw.random() / 50)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split("\n")
    acknowledged += [line for line in rest[:-1] if line]
    assert process.returncode == -signal.SIGKILL
    store = Store.open(str(path))
    found, total = listed(store, 100_000)
    with store.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    store.close()
    assert {one.id for one in found} >= set(acknowledged)
    assert total - len(acknowledged) in (0, 1)  # one may be on the disk and not yet acknowledged


def test_the_service_loses_no_acknowledged_correction_when_it_is_killed(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    path = tmp_path / "store.db"

    def correct(url: str, kind: str) -> None:
        """Correct line after line until the service is gone."""
        with httpx.Client(base_url=url, trust_env=False) as client:
            for n in range(100_000):
                body = {"text": f"首页 | 新闻\n{kind}第{n}期彩票走势图，官网注册送彩金", "line": 1, "label": "gambling"}
                try:
                    answer = client.post("/v1/feedback", json=body)
                except httpx.TransportError:
                    return
                assert answer.status_code == 201
                acknowledged.append(answer.json()["id"])

    with running(tmp_path, "--store", path) as service:
        writers = [threading.Thread(target=correct, args=(service.url, kind)) for kind in "甲乙丙丁"]
        for writer in writers:
            writer.start()
        while len(acknowledged) < 100:
            time.sleep(0.01)
        service.process.kill()
        for writer in writers:
            writer.join()
    store = Store.open(str(path))
    found, _ = listed(store, 100_000)
    store.close()
    assert {one.id for one in found} >= set(acknowledged)


def test_several_processes_write_one_store_at_a_time(where: str) -> None:
    code = WRITER.replace("100_000", "40")
    runs = [subprocess.Popen([sys.executable, "-c", code, where], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    acknowledged = {line for run in runs for line in run.communicate(timeout=120)[0].split()}
    assert [run.returncode for run in runs] == [0] * 3
    store = Store.open(where)
    found, _ = listed(store, 1000)
    store.close()
    assert {one.id for one in found} == acknowledged
    assert len(acknowledged) == 120
