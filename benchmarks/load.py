"""A load generator: requests at a given rate over many connections, with the time of each from the moment it was due.

Open loop: a request that waits for a free connection waits on its own time, so that a service which stalls can't hide
it.
wrk, where it is installed, measures what the service can take at most; it costs less than anything in Python.
"""

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

WRK: Final = shutil.which("wrk")
SCRIPT: Final = """
local file = io.open("{body}", "rb")
wrk.method, wrk.body = "POST", file:read("*all")
wrk.headers["Content-Type"] = "application/json"
file:close()
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it. seconds: of each request that was answered. statuses: how many of each."""

    per_second: float
    seconds: Sequence[float]
    statuses: dict[int, int]

    def quantile(self, share: float) -> float:
        """The time within which this share of the requests was answered."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def most(port: int, path: str, body: bytes, seconds: float, connections: int = 16) -> float:
    """Requests a second when each connection sends as soon as it is answered. Raises RuntimeError for other answers
    than 200."""
    if WRK is None:
        found = asyncio.run(send(port, path, [body], 0, seconds, connections))
        if set(found.statuses) != {200}:
            raise RuntimeError(f"{path} answered {found.statuses}")
        return found.per_second
    with TemporaryDirectory() as folder:
        (Path(folder) / "body").write_bytes(body)
        (Path(folder) / "post.lua").write_text(SCRIPT.format(body=Path(folder) / "body"))
        command = [WRK, "-t1", f"-c{connections}", f"-d{seconds:g}s", "-s", f"{folder}/post.lua"]
        command.append(f"http://127.0.0.1:{port}{path}")
        out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    if "Non-2xx" in out:
        raise RuntimeError(f"{path}: {out}")
    return float(re.findall(r"Requests/sec:\s*([\d.]+)", out)[0])


async def send(
    port: int, path: str, bodies: Sequence[bytes], rate: float, seconds: float, connections: int = 16
) -> Load:
    """Send for some seconds at `rate` requests a second, or, at rate 0, as fast as the answers come."""
    requests = [head(path, body) + body for body in bodies]
    begin = time.perf_counter()
    sent = 0
    took: list[float] = []
    statuses: dict[int, int] = {}

    async def work() -> None:
        nonlocal sent
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
        try:
            while True:
                number, sent = sent, sent + 1
                due = begin + number / rate if rate else time.perf_counter()
                if due - begin > seconds:
                    return
                if (early := due - time.perf_counter()) > 0:
                    await asyncio.sleep(early)
                writer.write(requests[number % len(requests)])
                status = await answered(reader)
                took.append(time.perf_counter() - due)
                statuses[status] = statuses.get(status, 0) + 1
        finally:
            writer.close()
            await writer.wait_closed()

    await asyncio.gather(*(work() for _ in range(connections)))
    return Load(len(took) / (time.perf_counter() - begin), took, statuses)


def head(path: str, body: bytes) -> bytes:
    """The head of a request."""
    fields = f"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"POST {path} HTTP/1.1\r\n{fields}\r\n".encode()


async def answered(reader: asyncio.StreamReader) -> int:
    """Read one answer; its status."""
    lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
    length = next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:"))
    await reader.readexactly(length)
    return int(lines[0].split()[1])
