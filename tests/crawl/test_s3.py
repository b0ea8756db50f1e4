"""A run from S3 to S3, over the protocol itself: a server of this machine stands for the store."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from moderation.crawl.claim import CLAIM, Owner

from .conftest import Run, jsonl, records, tree

pytest.importorskip("s3fs", reason="needs s3fs: pip install s3fs")
pytest.importorskip("moto", reason="needs a server that speaks S3: pip install 'moto[s3]' flask flask-cors")
boto3 = pytest.importorskip("boto3", reason="needs boto3, which comes with moto")

WORDS = (
    "--ledger",
    "jsonl",
    "--ledger-scores",
    "--attributes",
    "--drop-doc",
    "spam-share>0.3",
    "--shard-bytes",
    "4000",
)
SECONDS = 300.0
"""Before a server or a run is given up."""
STARTED: "list[subprocess.Popen[str]]" = []


@pytest.fixture
def s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of a store with two buckets, which commands find through the environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "tmp").mkdir()
    known = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "TMPDIR": str(tmp_path / "tmp"),
    }
    for name, value in known.items():
        monkeypatch.setenv(name, value)
    words = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(port))
        client = boto3.client("s3", endpoint_url=known["AWS_ENDPOINT_URL"])
        for bucket in ("crawl", "clean"):
            client.create_bucket(Bucket=bucket)
        yield client
        client.close()
    finally:
        while STARTED:  # what a failed test leaves
            with STARTED.pop() as process:
                process.kill()
        server.kill()
        server.wait()


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def until(holds: Any) -> None:
    """Wait for it."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def keys(s3: Any, prefix: str) -> list[str]:
    """Of the objects below a prefix of the bucket of outputs."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="clean", Prefix=prefix)
    return [found["Key"] for page in pages for found in page.get("Contents", ())]


def brought(s3: Any, prefix: str, folder: Path) -> Mapping[str, bytes]:
    """The objects below a prefix, as conftest.tree has files."""
    for key in keys(s3, prefix):
        target = folder / key.removeprefix(prefix)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(s3.get_object(Bucket="clean", Key=key)["Body"].read())
    return tree(folder)


def begun(*words: str) -> "subprocess.Popen[str]":
    """A command, as a process with those that it begins in one group."""
    words = (sys.executable, "-m", "moderation", *words)
    process = subprocess.Popen(words, text=True, stderr=subprocess.PIPE, start_new_session=True)
    STARTED.append(process)
    return process


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Its status and what it said."""
    said = process.communicate(timeout=SECONDS)[1]
    return process.returncode, said


def test_a_run_from_s3_to_s3_is_killed_goes_on_and_can_be_undone_and_decided_anew(
    s3: Any, run: Run, tmp_path: Path
) -> None:
    data = jsonl([*records(80), b"oops"])
    (tmp_path / "in.jsonl").write_bytes(data)
    s3.put_object(Bucket="crawl", Key="in/in.jsonl", Body=data)
    assert run("clean", "in.jsonl", "-o", "whole/", *WORDS) == 1

    clean = ("clean", "s3://crawl/in/", "-o", "s3://clean/out/", *WORDS)
    first = begun(*clean, "--workers", "1")
    until(lambda: len(keys(s3, "out/shards/")) > 2 or first.poll() is not None)
    os.killpg(first.pid, signal.SIGKILL)
    assert ended(first)[0] == -signal.SIGKILL, "it was killed before it was done"
    there = keys(s3, "out/")
    assert "out/report.json" not in there
    assert f"out/{CLAIM}" in there

    status, said = ended(begun(*clean, "--resume"))
    assert status == 1, said
    found, whole = brought(s3, "out/", tmp_path / "found"), tree(tmp_path / "whole")
    for name in ("manifest.json", "report.json"):  # they name inputs and times, too
        assert orjson.loads(found[name])["settings"] == orjson.loads(whole[name])["settings"]
    left = {"manifest.json", *(path for path in whole if path.startswith("rejected/"))}
    assert {p: d for p, d in found.items() if p not in left} == {p: d for p, d in whole.items() if p not in left}

    restored, again = begun("restore", "s3://clean/out/", "-o", str(tmp_path / "there")), ("--policy", "spam-only")
    reapplied = begun("reapply", "s3://clean/out/", *again, "-o", "s3://clean/again/")
    assert run("restore", "whole", "-o", "here/") == 0
    assert run("reapply", "whole", *again, "-o", "anew/") == 1
    assert ended(restored)[0] == 0
    assert ended(reapplied)[0] == 1
    assert tree(tmp_path / "there") == tree(tmp_path / "here")
    found, anew = brought(s3, "again/", tmp_path / "again"), tree(tmp_path / "anew")
    assert {p: d for p, d in found.items() if p.startswith(("data/", "ledger/"))} == {
        p: d for p, d in anew.items() if p.startswith(("data/", "ledger/"))
    }


def test_s3_itself_lets_only_one_machine_have_a_place(s3: Any, tmp_path: Path) -> None:
    s3.put_object(Bucket="crawl", Key="a.jsonl", Body=jsonl(records(3)))
    owner = Owner("li", "node7", 4711, "2026-10-01T08:00:00Z", "another boot", "99", "feed")
    s3.put_object(Bucket="clean", Key=f"out/{CLAIM}", Body=owner.record())
    status, said = ended(begun("clean", "s3://crawl/a.jsonl", "-o", "s3://clean/out/"))
    who = "li on node7 (process 4711, since 2026-10-01T08:00:00Z)"
    assert (status, said) == (
        2,
        f"moderation: error: s3://clean/out: {who} is writing to it; wait for that run, or, if it was killed, "
        "go on with --resume\n",
    )
    assert keys(s3, "out/") == [f"out/{CLAIM}"]
