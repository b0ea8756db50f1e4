"""Memory of each worker on a large file with a line of 100 MB in it: python -m benchmarks.memory [-o] [--megabytes N]

The file holds the authored pages again and again under ids that differ, in its middle one line of 100 MB, and beside it
the longest records that are still accepted, of the kinds that take most memory. `moderation clean` cleans it with two
workers and a ledger; each process is looked at every twentieth of a second. rss: what a process holds in memory,
libraries that it shares with others counted in full; pss: the same, with these shared out. Peaks are those of the
kernel's own count (VmHWM) for rss, of the samples for pss.
"""

import argparse
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import orjson

from benchmarks.data import circumstances, pages, write_result
from moderation.crawl.weight import weight
from moderation.formats.base import MAX_RECORD_BYTES
from moderation.moderate import Moderator

LONG_BYTES: Final = 100_000_000
LIMIT_MEGABYTES: Final = 500
SECONDS: Final = 0.05
BLOCK: Final = 1 << 20


def hard_texts() -> Iterator[str]:
    """The longest texts that are accepted: of pages, of one line, of many short lines, of ASCII."""
    whole = "\n".join(pages())
    for pattern in (whole, whole.replace("\n", "，"), "首页\n", "The river rose by two feet in a single night.\n"):
        text = pattern * (MAX_RECORD_BYTES // len(pattern) + 1)
        low, high = 0, len(text)
        while high - low > 1:
            middle = (low + high) // 2
            cut = text[:middle]
            fits = weight(cut) <= MAX_RECORD_BYTES and len(orjson.dumps({"text": cut})) < MAX_RECORD_BYTES
            low, high = (middle, high) if fits else (low, middle)
        yield text[:low]


def write_crawl(path: Path, size: int) -> None:
    """So many bytes of JSONL, about."""
    with path.open("wb") as file:
        written, middle = 0, False
        for n, text in enumerate(itertools.cycle(pages())):
            if not middle and written >= size // 2:
                middle = True
                written += write_long(file)
                written += sum(file.write(orjson.dumps({"id": -1, "text": hard}) + b"\n") for hard in hard_texts())
            url = f"https://s{n % 9973}.example/{n}"
            written += file.write(orjson.dumps({"id": n, "url": url, "text": text}) + b"\n")
            if written >= size:
                return


def write_long(file: Any) -> int:
    """One line of LONG_BYTES."""
    size = int(file.write(b'{"id":"long","text":"'))
    while size < LONG_BYTES:
        size += file.write("长".encode() * (BLOCK // 3))
    return size + int(file.write(b'"}\n'))


def field(text: str, name: str) -> int:
    """A row of a file of /proc, in bytes; 0 where there is none."""
    row = next((row for row in text.splitlines() if row.startswith(f"{name}:")), "")
    return int(row.split()[1]) * 1024 if row else 0


def children(pid: int) -> list[int]:
    """Processes that a process began."""
    with suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    return []


def watch(process: subprocess.Popen[bytes]) -> dict[str, dict[str, int]]:
    """Peaks of every process of the run, in bytes: the one that began it, and its children, by number."""
    peaks: dict[str, dict[str, int]] = {}
    while process.poll() is None:
        for pid in [process.pid, *children(process.pid)]:
            with suppress(OSError):
                role = "worker" if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes() else "other"
                role = "parent" if pid == process.pid else role
                found = peaks.setdefault(f"{role} {pid}", {"rss": 0, "pss": 0})
                found["rss"] = max(found["rss"], field(Path(f"/proc/{pid}/status").read_text("utf-8"), "VmHWM"))
                found["pss"] = max(found["pss"], field(Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8"), "Pss"))
        time.sleep(SECONDS)
    return peaks


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--store", action="store_true", help="store in benchmarks/results/memory.json")
    parser.add_argument("--megabytes", type=int, default=5000, help="size of the input (default: 5000)")
    parser.add_argument("--folder", help="where input and output go for the time (default: as TMPDIR says)")
    args = parser.parse_args()
    if not Path("/proc/self/smaps_rollup").exists():
        raise SystemExit("memory.py: needs /proc, which this system has not")
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        path = Path(folder, "crawl.jsonl")
        write_crawl(path, args.megabytes * 1_000_000)
        words = ["clean", str(path), "-o", f"{folder}/out/", "--workers", "2", "--ledger", "jsonl", "--quiet"]
        begin = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "moderation", *words])
        peaks = watch(process)
        seconds = time.perf_counter() - begin
        if process.returncode != 1:
            raise SystemExit(f"memory.py: expected status 1 (one record set aside), got {process.returncode}")
        books = orjson.loads(Path(folder, "out/report.json").read_bytes())["tally"]["documents"]
    rows = {
        name: {kind: round(size / 1e6, 1) for kind, size in found.items()}
        for name, found in sorted(peaks.items())
        if not name.startswith("other")
    }
    for name, row in rows.items():
        print(f"{name:<20}rss {row['rss']:>7.1f} MB   pss {row['pss']:>7.1f} MB")
    worst = max(row["rss"] for name, row in rows.items() if name.startswith("worker"))
    print(f"{books['read']:,} documents, {books['failed']} set aside, {seconds:.0f} s; highest worker {worst:.0f} MB")
    result = {
        "megabytes": args.megabytes,
        "longest_line_megabytes": LONG_BYTES / 1e6,
        "max_record_bytes": MAX_RECORD_BYTES,
        "documents": books["read"],
        "set_aside": books["failed"],
        "seconds": round(seconds, 1),
        "peak_megabytes": list(rows.values()),
        "worst_worker_rss_megabytes": worst,
        "limit_megabytes": LIMIT_MEGABYTES,
    }
    if args.store:
        print(f"stored in {write_result('memory', result | circumstances(Moderator.load().model))}")
    return 0 if worst <= LIMIT_MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
