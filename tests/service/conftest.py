"""The application in this process, and as a real process of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from moderation.service.app import create_app
from moderation.service.settings import Settings

PAGE = "首页 | 新闻 | 登录 | 注册\n市图书馆国庆假期照常开放，自助还书机全天可用。\n版权所有 市图书馆\n"
NEWS = """首页 新闻 体育 财经 娱乐 登录 注册
江口市启动老旧小区改造工程，惠及一万三千余户居民
本报讯，记者从市住建局获悉，今年我市将改造老旧小区四十二个，预计年底前全部完工。
澳门新葡京娱乐城开户送88元彩金，官网注册app下载
版权所有 江口日报社
"""


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """The service with its defaults."""
    with TestClient(create_app(Settings()), raise_server_exceptions=False) as found:
        yield found


@contextmanager
def opened(**settings: object) -> Iterator[TestClient]:
    """The service with other settings."""
    with TestClient(create_app(Settings(**settings)), raise_server_exceptions=False) as found:  # type: ignore[arg-type]
        yield found


@dataclass(frozen=True, slots=True)
class Running:
    """A service in a process of its own."""

    process: "subprocess.Popen[bytes]"
    url: str
    log: Path

    def client(self) -> httpx.Client:
        """A client of it, to be closed."""
        return httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def get(self, path: str) -> httpx.Response:
        """One request."""
        return httpx.get(self.url + path, timeout=60, trust_env=False)

    def post(self, path: str, body: object) -> httpx.Response:
        """One request."""
        return httpx.post(self.url + path, json=body, timeout=60, trust_env=False)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def running(folder: Path, *words: object, environment: dict[str, str] | None = None) -> Iterator[Running]:
    """`moderation serve` with these words, once it is ready; it is stopped afterwards."""
    port, log = free_port(), folder / "serve.log"
    command = [sys.executable, "-m", "moderation", "serve", "--port", str(port), *map(str, words)]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stderr=file, env={**os.environ, **(environment or {})})
    found = Running(process, f"http://127.0.0.1:{port}", log)
    try:
        wait_ready(found)
        yield found
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_ready(service: Running, seconds: float = 60) -> None:
    """Until /readyz says so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if service.process.poll() is not None:
            raise AssertionError(service.log.read_text("utf-8"))
        try:
            if httpx.get(service.url + "/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"not ready after {seconds} seconds: {service.log.read_text('utf-8')}")
