"""The configuration of nginx that docs/service.md shows, with nginx itself."""

import getpass
import grp
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.conftest import PAGE, Running, free_port, running

DOCUMENT = Path(__file__).parents[2] / "docs" / "service.md"
NDJSON = {"Content-Type": "application/x-ndjson"}


def documented(listening: str, service: str) -> str:
    """The configuration, without TLS and for other ports."""
    (block,) = re.findall(r"```nginx\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    kept = [row for row in block.splitlines() if "ssl_certificate" not in row]
    return "\n".join(kept).replace("listen 443 ssl", f"listen {listening}").replace("127.0.0.1:8000", service)


@pytest.fixture(scope="module")
def nginx() -> str:
    """The program."""
    found = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if found:
        return found
    reason = "no nginx here (Debian: apt-get install nginx-light)"
    if os.environ.get("MODERATION_NO_SKIP"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """What stands behind it."""
    with running(tmp_path_factory.mktemp("behind")) as found:
        yield found


@pytest.fixture(scope="module")
def proxied(nginx: str, service: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the proxy."""
    home, listening = tmp_path_factory.mktemp("nginx"), f"127.0.0.1:{free_port()}"
    paths = "".join(f"{kind}_temp_path {home}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    inner = documented(listening, service.url.removeprefix("http://"))
    own = f"user {getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name};" if os.geteuid() == 0 else ""
    outer = f"{own} pid {home}/pid; error_log {home}/log; daemon off; events {{}}"
    text = f"{outer}\nhttp {{ access_log off; {paths}\n{inner}\n}}"
    (home / "nginx.conf").write_text(text, "utf-8")
    words = [nginx, "-p", str(home), "-e", str(home / "log"), "-c", str(home / "nginx.conf")]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                httpx.get(f"http://{listening}/", trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield f"http://{listening}"
    finally:
        process.terminate()
        process.wait(20)


def test_a_long_batch_comes_through_whole(proxied: str) -> None:
    """More than what the buffers between the two hold, in either direction; wrong lines are answered quickest."""
    line = json.dumps({"text": PAGE, "id": "x" * 10_000}).encode() + b"\n"  # the id is too long

    def parts() -> Iterator[bytes]:
        for _ in range(1500):
            yield line

    for body in (line * 1500, parts()):
        with httpx.stream(
            "POST",
            proxied + "/v1/clean/batch",
            content=body,
            headers={**NDJSON, "Host": "localhost"},
            timeout=60,
            trust_env=False,
        ) as answer:
            numbers = [json.loads(row)["line"] for row in answer.iter_lines()]
        assert numbers == list(range(1, 1501))


def test_a_longer_body_than_the_service_takes_is_refused_by_the_proxy(proxied: str) -> None:
    body = b" " * ((16 << 20) + 1)
    answer = httpx.post(
        proxied + "/v1/clean/batch", content=body, headers={**NDJSON, "Host": "localhost"}, trust_env=False
    )
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "text/html"


@pytest.mark.parametrize("path", ["/v1/clean", "/v1/clean/batch"])
def test_without_keys_nothing_is_open_under_a_public_name(proxied: str, path: str) -> None:
    media = {"Content-Type": "application/json"} if path == "/v1/clean" else NDJSON
    body = json.dumps({"text": PAGE}).encode()
    answer = httpx.post(proxied + path, content=body, headers={**media, "Host": "moderation.example"}, trust_env=False)
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (403, "foreign")


def test_the_clients_own_request_id_is_passed_on_and_else_there_is_one(proxied: str) -> None:
    given = httpx.get(proxied + "/healthz", headers={"X-Request-ID": "job-7"}, trust_env=False)
    assert given.headers["x-request-id"] == "job-7"
    assert len(httpx.get(proxied + "/healthz", trust_env=False).headers["x-request-id"]) == 32


def test_the_public_sees_no_metrics(proxied: str) -> None:
    assert httpx.get(proxied + "/metrics", trust_env=False).status_code == 403
