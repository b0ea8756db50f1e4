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
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

WRK: Final = shutil.which("wrk")
TICK: Final = 0.0005
"""Seconds between two looks whether a request is due."""
LENGTH: Final = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
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
    generator = Generator([head(path, body) + body for body in bodies], rate, seconds)
    loop = asyncio.get_running_loop()
    pipes = [(await loop.create_connection(lambda: Pipe(generator), "127.0.0.1", port))[1] for _ in range(connections)]
    try:
        return await generator.run(pipes)
    finally:
        for pipe in pipes:
            pipe.transport.close()


class Generator:
    """Hands out requests when they are due, to connections that are free."""

    def __init__(self, requests: Sequence[bytes], rate: float, seconds: float) -> None:
        self.requests = requests
        self.rate = rate
        self.seconds = seconds
        self.free: deque[Pipe] = deque()
        self.sent = 0
        self.took: list[float] = []
        self.statuses: dict[int, int] = {}
        self.begin = 0.0

    async def run(self, pipes: Sequence["Pipe"]) -> Load:
        """Until the time is over and all is answered."""
        self.begin = time.perf_counter()
        self.free.extend(pipes)
        while self.due() <= self.begin + self.seconds:
            self.hand_out()
            await asyncio.sleep(TICK)
        while len(self.free) < len(pipes):
            await asyncio.sleep(TICK)
        return Load(len(self.took) / (time.perf_counter() - self.begin), self.took, self.statuses)

    def due(self) -> float:
        """When the next request is to be sent."""
        return self.begin + self.sent / self.rate if self.rate else time.perf_counter()

    def hand_out(self) -> None:
        """Send what is due."""
        while self.free and (due := self.due()) <= min(time.perf_counter(), self.begin + self.seconds):
            self.free.popleft().send(self.requests[self.sent % len(self.requests)], due)
            self.sent += 1

    def answered(self, pipe: "Pipe", status: int) -> None:
        """A connection is free again."""
        self.took.append(time.perf_counter() - pipe.due)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.free.append(pipe)
        self.hand_out()


class Pipe(asyncio.Protocol):
    """One connection, with one request at a time under way."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.due = 0.0
        self.parts = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def send(self, request: bytes, due: float) -> None:
        """Send a request that was due then."""
        self.due = due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """A part of the answer."""
        self.parts += data
        end = self.parts.find(b"\r\n\r\n")
        if end >= 0 and len(self.parts) >= end + 4 + length(self.parts[:end]):
            status = int(self.parts[9:12])
            self.parts = b""
            self.generator.answered(self, status)


def length(fields: bytes) -> int:
    """The length of the body that follows."""
    found = LENGTH.search(fields)
    return int(found[1]) if found else 0


def head(path: str, body: bytes) -> bytes:
    """The head of a request."""
    fields = f"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"POST {path} HTTP/1.1\r\n{fields}\r\n".encode()
