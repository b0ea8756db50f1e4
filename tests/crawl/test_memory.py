"""A worker's memory is bounded whatever the input: a long line is never held, long documents are set aside."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from moderation.formats.base import MAX_RECORD_BYTES

from .conftest import jsonl, records, report

LIMIT = 500 << 20
LINE = 100 << 20
PROGRAM = """
import resource, subprocess, sys
status = subprocess.run([sys.executable, "-m", "moderation", *sys.argv[1:]]).returncode
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="units of ru_maxrss are those of Linux")
def test_no_process_of_a_run_takes_500_megabytes_for_a_line_of_100(tmp_path: Path) -> None:
    small = jsonl(records(3000))
    text = "".join(row["text"] for row in records(3000))
    long = orjson.dumps({"text": (text * 9)[: MAX_RECORD_BYTES // 3]}) + b"\n"
    assert 0.8 * MAX_RECORD_BYTES < len(long) <= MAX_RECORD_BYTES
    with (tmp_path / "in.jsonl").open("wb") as file:
        file.write(small)
        file.write(b'{"text":"' + b"\xe9\x95\xbf" * (LINE // 3) + b'"}\n')
        file.write(long)
        file.write(small)
    words = ["clean", str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "out/"), "--workers", "1", "--ledger", "jsonl"]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=True)
    status, peak = map(int, done.stdout.split())
    assert status == 1
    assert report(tmp_path / "out")["tally"]["documents"] == {
        "read": 6002,
        "kept": 6001,
        "changed": report(tmp_path / "out")["tally"]["documents"]["changed"],
        "dropped": 0,
        "failed": 1,
    }
    assert peak < LIMIT, f"{peak / (1 << 20):.0f} MiB"
