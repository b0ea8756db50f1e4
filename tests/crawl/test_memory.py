"""A worker's memory is bounded whatever the input: a long line is never held, long documents are set aside."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from moderation.crawl.weight import weight
from moderation.formats.base import MAX_RECORD_BYTES

from .conftest import BODY, FOOT, jsonl, records, report

LIMIT = 500 << 20
LINE = 100 << 20
PROGRAM = """
import resource, subprocess, sys
status = subprocess.run([sys.executable, "-m", "moderation", *sys.argv[1:]]).returncode
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""
HARD = {
    "sentences": "\n".join(BODY) + "\n",
    "junk": "\n".join(FOOT) + "\n",
    "one line": "，".join(BODY),
    "short lines": "a\n",
    "ASCII": "The river rose by two feet in a single night.\n",
}
"""What the longest document that is still accepted may be made of."""


def longest(pattern: str) -> bytes:
    """The longest record of repeated patterns that is accepted."""
    low, high = 0, MAX_RECORD_BYTES // len(pattern.encode())
    while low < high:
        middle = (low + high + 1) // 2
        record = orjson.dumps({"text": pattern * middle}) + b"\n"
        fits = len(record) <= MAX_RECORD_BYTES and weight(pattern * middle) <= MAX_RECORD_BYTES
        low, high = (middle, high) if fits else (low, middle - 1)
    return orjson.dumps({"text": pattern * low}) + b"\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="units of ru_maxrss are those of Linux")
def test_no_process_of_a_run_takes_500_megabytes_whatever_it_is_given(tmp_path: Path) -> None:
    small = jsonl(records(3000))
    with (tmp_path / "in.jsonl").open("wb") as file:
        file.write(small)
        file.write(b'{"text":"' + b"\xe9\x95\xbf" * (LINE // 3) + b'"}\n')
        file.writelines(longest(pattern) for pattern in HARD.values())
        file.write(small)
    (tmp_path / "small.jsonl").write_bytes(small)  # compiling, once a machine, takes memory of its own
    subprocess.run(
        [sys.executable, "-m", "moderation", "clean", "small.jsonl", "-o", "out.jsonl"], check=True, cwd=tmp_path
    )
    words = ["clean", str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "out/"), "--workers", "1", "--ledger", "jsonl"]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=True)
    status, peak = map(int, done.stdout.split())
    assert status == 1
    found = report(tmp_path / "out")["tally"]["documents"]
    assert (found["read"], found["kept"], found["failed"]) == (6001 + len(HARD), 6000 + len(HARD), 1)
    assert peak < LIMIT, f"{peak / (1 << 20):.0f} MiB"
