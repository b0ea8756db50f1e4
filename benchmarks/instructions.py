"""Instructions that each stage of clean_many takes, counted: python -m benchmarks.instructions [-o] [--pages N]

valgrind's callgrind counts them in a process of its own, between two requests around each stage of
benchmarks/stages.py. It counts, it does not time: beside the seconds of the same stages on the same pages, measured
without it, the counts say where an instruction waits. As valgrind knows no vectors of 512 bits, the kernels are
compiled for AVX2 in both. Where valgrind is not installed the script says so and does nothing.
"""

import argparse
import ctypes
import json
import mmap
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from benchmarks import stages
from benchmarks.contest import one_core
from benchmarks.data import circumstances, pages, write_result
from moderation.moderate import Moderator

ROOT: Final = Path(__file__).resolve().parents[1]
ROUNDS: Final = 9
TOOL: Final = ord("C") << 24 | ord("T") << 16
DUMP, START, STOP = TOOL + 3, TOOL + 4, TOOL + 5
"""callgrind's own client requests, as its header callgrind.h numbers them."""
ASK: Final = bytes.fromhex("4889f8 31d2 48c1c703 48c1c70d 48c1c73d 48c1c733 4887db 4889d0 c3")
"""rax = rdi; rdx = 0; rdi turned by 3, 13, 61 and 51 bits, which is all the way; rbx = rbx; return rdx. On a processor
this does nothing, and valgrind takes it for a request whose words stand where rax points."""
NOTHING: Final = "nothing"
"""An empty stage: what is counted there is asking itself."""
AVX2: Final = {
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "+avx,+avx2,+bmi,+bmi2,+cmov,+cx16,+f16c,+fma,+lzcnt,+mmx,+movbe,+popcnt,+sse,+sse2,+sse3,"
    "+sse4.1,+sse4.2,+ssse3",
}


@cache
def asking() -> tuple[mmap.mmap, Callable[[Any], int]]:
    """ASK as a function, and the memory that it stands in."""
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(ASK)
    place = ctypes.addressof(ctypes.c_char.from_buffer(code))
    return code, ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(place)


def told(number: int, text: bytes = b"") -> None:
    """A request with a text."""
    held = ctypes.create_string_buffer(text)
    asking()[1]((ctypes.c_uint64 * 6)(number, ctypes.addressof(held)))


def counted(found: stages.Stages, name: str, call: Callable[..., Any], *args: Any) -> Any:
    """In the place of stages.clock: what the stage takes is written down under its name."""
    told(START)
    result = call(*args)
    told(STOP)
    told(DUMP, name.encode())
    return result


def child(number: int, count: bool) -> None:
    """Count the stages under valgrind, or print their seconds without it; the first round warms up."""
    moderator, texts = Moderator.load(), pages()[:number]
    stages.one_round(moderator, texts, {})
    if count:
        told(STOP)
        told(DUMP, b"before")
        counted({}, NOTHING, int)
        with patch.object(stages, "clock", counted):
            stages.one_round(moderator, texts, {})
        return
    seconds: stages.Stages = {}
    for _ in range(ROUNDS):
        for row in seconds.values():
            row.append(0.0)
        stages.one_round(moderator, texts, seconds)
    print(json.dumps({name: min(row) for name, row in seconds.items()}))


def run(folder: Path, number: int, *before: str) -> str:
    """What a child prints. Its kernels are compiled into a folder of its own."""
    command = [*before, sys.executable, "-m", "benchmarks.instructions", "--child", "--pages", str(number)]
    known = os.environ | AVX2 | {"NUMBA_CACHE_DIR": str(folder / "kernels"), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"instructions.py: {' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def counts(folder: Path) -> dict[str, int]:
    """Instructions by stage, of callgrind's files, without those of asking; a stage of several batches has several."""
    found: dict[str, list[int]] = {}
    for path in folder.glob("callgrind.out.*"):
        text = path.read_text("utf-8", "replace")
        stage = re.search(r"^desc: Trigger: Client Request: (.+)$", text, re.MULTILINE)
        total = re.search(r"^totals: (\d+)", text, re.MULTILINE)
        if stage and total and stage[1] != "before":
            found.setdefault(stage[1], []).append(int(total[1]))
    nothing = min(found.pop(NOTHING, [0]))
    return {name: sum(parts) - nothing * len(parts) for name, parts in found.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--store", action="store_true", help="store in benchmarks/results/instructions.json")
    parser.add_argument("--pages", type=int, default=300, help="of the authored pages, the first so many")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.pages, "CALLGRIND" in os.environ)
        return 0
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        print("valgrind is not installed: nothing is counted (apt-get install valgrind)")
        return 0
    if platform.machine() not in ("x86_64", "AMD64"):
        print(f"the requests to valgrind are written for x86-64, this is {platform.machine()}: nothing is counted")
        return 0
    one_core()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        begun = time.perf_counter()
        seconds: dict[str, float] = json.loads(run(folder, args.pages))
        os.environ["CALLGRIND"] = "1"
        out = f"--callgrind-out-file={folder}/callgrind.out.%p"
        run(folder, args.pages, valgrind, "--tool=callgrind", "--instr-atstart=no", "--smc-check=all-non-file", out)
        taken = counts(folder)
        print(f"counted in {time.perf_counter() - begun:.0f} s")
    if not taken:
        raise SystemExit("instructions.py: callgrind counted nothing; is valgrind's version older than 3.10?")
    chars = sum(map(len, pages()[: args.pages]))
    rows = {}
    print(f"{'stage':<26}{'instructions/char':>18}{'ns/char':>9}{'instructions/ns':>17}")
    for name, spent in seconds.items():
        each, nanoseconds = taken.get(name, 0) / chars, spent / chars * 1e9
        rows[name] = {
            "instructions_a_character": round(each, 2),
            "nanoseconds_a_character": round(nanoseconds, 3),
            "instructions_a_nanosecond": round(each / nanoseconds, 2),
        }
        print(f"{name:<26}{each:>18.1f}{nanoseconds:>9.2f}{each / nanoseconds:>17.1f}")
    if args.store:
        model = Moderator.load().model
        version = subprocess.run([valgrind, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        result = {"stages_instructions": rows, "counted_pages": args.pages, "counted_characters": chars}
        print(f"stored in {write_result('instructions', result | {'counter': version} | circumstances(model))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
