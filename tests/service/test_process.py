"""A real process: signals, several workers, streams, large texts beside small ones, overload, logs."""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from moderation.loop.registry import Registry
from service.conftest import NEWS, PAGE, Running, running
from service.test_swap import copied

NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service with its defaults."""
    with running(tmp_path_factory.mktemp("service")) as found:
        yield found


def many(call: Callable[[int], Any], count: int, at_once: int) -> list[Any]:
    """What calls give, some at a time."""
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(call, range(count)))


def test_the_official_client_is_answered(service: Running) -> None:
    client = openai.OpenAI(api_key="none", base_url=f"{service.url}/v1")
    (result,) = client.moderations.create(input="澳门新葡京娱乐城官网注册送彩金，真人百家乐在线开户").results
    assert result.flagged
    with pytest.raises(openai.UnprocessableEntityError, match="Input should be"):
        client.moderations.create(input=7)  # type: ignore[arg-type]
    client.close()


def test_answers_of_a_batch_come_while_its_body_is_still_being_sent(service: Running) -> None:
    one = json.dumps({"text": PAGE}).encode() + b"\n"
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as raw:
        head = f"POST /v1/clean/batch HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-ndjson\r\n"
        raw.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
        raw.sendall(f"{len(one):x}\r\n".encode() + one + b"\r\n")
        seen = b""
        while b'"clean_digest"' not in seen:
            seen += raw.recv(65536)
        raw.sendall(f"{len(one):x}\r\n".encode() + one + b"\r\n0\r\n\r\n")
        while not seen.endswith(b"0\r\n\r\n"):
            seen += raw.recv(65536)
    assert seen.count(b'"clean_digest"') == 2


def test_who_says_how_long_a_batch_is_may_send_all_of_it_before_reading(service: Running) -> None:
    body = (json.dumps({"text": PAGE, "id": "x" * 10_000}).encode() + b"\n") * 1500  # the id is too long
    head = f"Content-Type: application/x-ndjson\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2])), timeout=20) as raw:
        raw.sendall(b"POST /v1/clean/batch HTTP/1.1\r\nHost: localhost\r\n" + head.encode() + body)
        seen = bytearray()
        while part := raw.recv(1 << 20):
            seen += part
    assert seen.count(b'"line":') == 1500


def test_a_batch_that_is_read_whole_may_come_slowly_but_not_stand_still(tmp_path: Path) -> None:
    one = json.dumps({"text": PAGE}).encode() + b"\n"
    head = f"Content-Type: application/x-ndjson\r\nContent-Length: {3 * len(one)}\r\nConnection: close\r\n\r\n"
    answers = []
    with running(tmp_path, "--seconds", 1) as service:
        for pause in (0.6, 3):
            with socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2])), timeout=20) as raw:
                raw.sendall(b"POST /v1/clean/batch HTTP/1.1\r\nHost: localhost\r\n" + head.encode())
                with suppress(OSError):
                    for _ in range(3):
                        raw.sendall(one)
                        time.sleep(pause)
                answers.append(raw.recv(12))
    assert answers == [b"HTTP/1.1 200", b"HTTP/1.1 408"]


def test_a_verdict_of_one_worker_is_corrected_at_another(tmp_path: Path) -> None:
    with running(tmp_path, "--workers", 2, "--store", tmp_path / "store.db", "--keep-verdicts") as service:
        for _ in range(30):  # each over a connection of its own
            verdict = service.post("/v1/clean", {"text": PAGE}).json()["id"]
            answer = service.post("/v1/feedback", {"verdict": verdict, "line": 0, "label": "nav"})
            assert answer.status_code == 201, answer.text


def test_a_text_of_five_megabytes_does_not_stop_small_ones(service: Running) -> None:
    large = NEWS * (5_000_000 // len(NEWS.encode()) + 1)
    done = threading.Event()
    statuses: list[int] = []

    def send_large() -> None:
        with service.client() as client:
            statuses.extend(client.post("/v1/clean", json={"text": large}).status_code for _ in range(3))
        done.set()

    with service.client() as client:
        client.post("/v1/clean", json={"text": NEWS})
        threading.Thread(target=send_large).start()
        seconds = []
        while not done.is_set():
            begin = time.perf_counter()
            assert client.post("/v1/clean", json={"text": NEWS}).status_code == 200
            seconds.append(time.perf_counter() - begin)
    assert statuses == [200, 200, 200]
    assert len(seconds) > 20
    assert statistics.median(seconds) < 0.1


def test_overload_is_answered_503_and_nothing_that_was_accepted_is_lost(tmp_path: Path) -> None:
    page = NEWS * 60
    with running(tmp_path, "--queue", 4, "--large-chars", 1_000_000) as service:
        expected = service.post("/v1/clean", {"text": page}).json()["clean"]

        def call(_: int) -> tuple[int, Any, str | None]:
            with service.client() as client:
                answer = client.post("/v1/clean", json={"text": page})
                return answer.status_code, answer.json(), answer.headers.get("retry-after")

        answers = many(call, 200, 40)
        taken = [body for status, body, _ in answers if status == 200]
        refused = [(body["type"], after) for status, body, after in answers if status == 503]
        assert len(taken) + len(refused) == 200
        assert all(body["clean"] == expected for body in taken)
        assert set(refused) == {("urn:moderation:problem:busy", "1")}
        assert service.get("/readyz").status_code == 200


def test_requests_in_flight_are_finished_after_a_stop_signal(tmp_path: Path) -> None:
    text = NEWS * 2000
    with running(tmp_path, "--text-chars", 10_000_000) as service:
        answers: list[int] = []

        def call() -> None:
            with service.client() as client:
                answers.append(client.post("/v1/clean", json={"text": text}).status_code)

        def batch() -> None:
            line = json.dumps({"text": NEWS * 50}).encode() + b"\n"
            with service.client() as client:
                answer = client.post("/v1/clean/batch", content=line * 200, headers=NDJSON)
                answers.append(answer.status_code if len(answer.content.splitlines()) == 200 else 0)

        threads = [threading.Thread(target=call) for _ in range(3)] + [threading.Thread(target=batch)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        service.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(30)
        assert answers == [200] * 4
        assert service.process.wait(20) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
        with pytest.raises(httpx.ConnectError):
            service.get("/healthz")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stop_signal_refuses_connections_at_once_though_a_batch_goes_on(tmp_path: Path, workers: int) -> None:
    one = json.dumps({"text": PAGE}).encode() + b"\n"
    part = f"{len(one):x}\r\n".encode() + one + b"\r\n"
    with running(tmp_path, "--workers", workers) as service:
        where = ("127.0.0.1", int(service.url.rpartition(":")[2]))
        with socket.create_connection(where, timeout=20) as raw, service.client() as client:
            raw.sendall(b"POST /v1/clean/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n")
            raw.sendall(b"Transfer-Encoding: chunked\r\n\r\n" + part)
            seen = b""
            while b"clean_digest" not in seen:
                seen += raw.recv(65536)
            assert client.get("/readyz").status_code == 200
            service.process.send_signal(signal.SIGTERM)
            until(lambda: refused(where), seconds=1)
            with suppress(httpx.TransportError):  # over the connection that is there, unless it is closed already
                assert client.get("/readyz").status_code == 503
            raw.sendall(part + b"0\r\n\r\n")
            while not seen.endswith(b"0\r\n\r\n"):
                seen += raw.recv(65536)
    assert seen.count(b"clean_digest") == 2


def refused(where: tuple[str, int]) -> bool:
    """Whether nobody listens there."""
    try:
        socket.create_connection(where, timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_swap_under_load_fails_no_request(tmp_path: Path) -> None:
    names = [str(copied(tmp_path, name)) for name in ("one", "two")]
    with running(tmp_path) as service:
        stop = threading.Event()
        seen: list[tuple[int, str]] = []

        def call() -> None:
            with service.client() as client:
                while not stop.is_set():
                    answer = client.post("/v1/clean", json={"text": PAGE})
                    seen.append((answer.status_code, answer.json().get("model", "")))

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        with service.client() as client:
            for n in range(6):
                assert client.post("/v1/model", json={"model": names[n % 2]}).status_code == 200
            assert client.post("/v1/model/rollback").status_code == 200
            assert client.post("/v1/model", json={"model": "/nowhere"}).status_code == 409
        stop.set()
        for thread in threads:
            thread.join()
    assert {status for status, _ in seen} == {200}
    assert {model.partition("@")[0] for _, model in seen} >= {"one", "two"}


def test_sighup_reads_model_and_policy_again(tmp_path: Path) -> None:
    policy = tmp_path / "mine.toml"
    policy.write_text('[labels]\nnav = "keep"\n', "utf-8")
    with running(tmp_path, "--policy", policy) as service, service.client() as client:
        assert client.post("/v1/clean", json={"text": PAGE}).json()["clean"].startswith("首页")
        policy.write_text('[labels]\nnav = "drop"\n', "utf-8")
        service.process.send_signal(signal.SIGHUP)
        until(lambda: client.get("/v1/model").json()["generation"] == 2)
        assert not client.post("/v1/clean", json={"text": PAGE}).json()["clean"].startswith("首页")
        policy.write_text("nonsense", "utf-8")
        service.process.send_signal(signal.SIGHUP)
        until(lambda: "swap refused" in service.log.read_text("utf-8"))
        assert client.get("/v1/model").json()["generation"] == 2
        policy.write_text('[labels]\nnav = "drop"\n', "utf-8")
        service.process.send_signal(signal.SIGHUP)
        until(lambda: "swap changed nothing" in service.log.read_text("utf-8"))
        swaps = [row for row in service.get("/metrics").text.splitlines() if "swaps_total{" in row]
        rows = [json.loads(row) for row in service.log.read_text("utf-8").splitlines()]
    assert swaps == [
        'moderation_swaps_total{outcome="done"} 1.0',
        'moderation_swaps_total{outcome="refused"} 1.0',
    ]
    told = [(row["event"], row["cause"], row["policy"], row["generation"]) for row in rows if "generation" in row]
    assert told == [("swapped", "SIGHUP", "mine", 2), ("swap changed nothing", "SIGHUP", "mine", 2)]


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def workers_of(service: Running) -> list[int]:
    """The processes that serve, from /proc."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and f"PPid:\t{service.process.pid}\n" in (folder / "status").read_text("utf-8"):
                found += [int(folder.name)] * ("spawn_main" in (folder / "cmdline").read_text("utf-8"))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="reads /proc")
def test_several_workers_hold_a_rate_together(tmp_path: Path) -> None:
    with running(tmp_path, "--workers", 2, "--rate", 0.01, "--burst", 20) as service:
        statuses = [service.get("/v1/labels").status_code for _ in range(40)]  # each over a connection of its own
    assert statuses.count(200) == 20


def test_several_workers_share_one_model_and_swap_together(tmp_path: Path) -> None:
    new = copied(tmp_path, "new")
    with running(tmp_path, "--workers", 2) as service:
        workers = workers_of(service)
        assert len(workers) == 2
        mapped = [shared_weights(worker) for worker in workers]
        assert all(size > 4 << 20 for size, _ in mapped)
        assert len({inode for _, inode in mapped}) == 1
        with service.client() as client:
            answer = client.post("/v1/model", json={"model": str(new)}).json()
        assert (answer["workers"], answer["swapped"]) == (2, 2)

        def call(_: int) -> str:
            with service.client() as client:
                found: str = client.post("/v1/clean", json={"text": PAGE}).json()["model"]
                return found

        assert {model.partition("@")[0] for model in many(call, 40, 8)} == {"new"}
        texts = [row for row in service.get("/metrics").text.splitlines() if "texts_total{" in row]
        assert texts == ['moderation_texts_total{policy="default"} 40.0']  # of both workers together
        os.kill(service.process.pid, signal.SIGHUP)
        os.kill(workers[0], signal.SIGKILL)
        until(lambda: len(workers_of(service)) == 2 and workers[0] not in workers_of(service))
        until(lambda: {model.partition("@")[0] for model in many(call, 10, 4)} == {"new"})
        swaps = [row for row in service.get("/metrics").text.splitlines() if 'swaps_total{outcome="done"}' in row]
        assert swaps == ['moderation_swaps_total{outcome="done"} 1.0']  # neither starts nor SIGHUP count

        def died() -> list[tuple[str, int]]:
            rows = [json.loads(row) for row in service.log.read_text("utf-8").splitlines()]
            return [(row["level"], row["pid"]) for row in rows if row["event"] == "worker died"]

        until(lambda: bool(died()))  # the row is written once the new worker has been started
        assert died() == [("warning", workers[0])]
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


def shared_weights(process: int) -> tuple[int, str]:
    """Bytes of the mapped weights that are in memory and not the process's own, and the file's inode."""
    size, inode, inside = 0, "", False
    for row in Path(f"/proc/{process}/smaps").read_text("utf-8").splitlines():
        if "-" in row.split(" ", 1)[0]:
            inside = row.endswith("weights.safetensors")
            inode = row.split()[4] if inside else inode
        elif inside and row.startswith(("Shared_Clean", "Shared_Dirty")):
            size += int(row.split()[1]) * 1024
    return size, inode


def test_promoting_and_rolling_back_in_a_breath_leaves_no_worker_behind(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    copied(tmp_path / "models", "new")
    with running(tmp_path, "--workers", 2, "--candidates", tmp_path / "models") as service:

        def call(_: int) -> str:
            return str(service.post("/v1/clean", {"text": PAGE}).json()["model"]).partition("@")[0]

        for n in range(3):
            assert service.post("/v1/models/promote", {"name": "new"}).json()["current"] == "new"
            if n == 1:
                Registry(tmp_path / "models").rollback()  # as the command line does
                time.sleep(1.0)  # what a worker takes to look at the folder
            else:
                assert service.post("/v1/models/rollback", {}).json()["current"] == "default"
            time.sleep(1.0)  # what it takes to look at the choice, and to load
            assert set(many(call, 24, 8)) == {"default"}
        time.sleep(1.0)
        assert set(many(call, 24, 8)) == {"default"}


def test_the_log_is_json_and_holds_no_text_unless_asked(tmp_path: Path) -> None:
    secret = "张三的身份证号码是秘密"
    for words in ((), ("--log-text",)):
        with running(tmp_path, *words) as service, service.client() as client:
            client.post("/v1/clean", json={"text": secret}, headers={"X-Request-ID": "job-7"})
            client.post("/v1/clean", content=secret.encode(), headers={"Content-Type": "application/json"})
        log = service.log.read_text("utf-8")
        rows = [json.loads(row) for row in log.splitlines()]
        (row,) = [row for row in rows if row.get("request_id") == "job-7"]
        assert (row["method"], row["path"], row["status"]) == ("POST", "/v1/clean", 200)
        assert row["ms"] > 0
        assert (secret in log) is bool(words)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--host", "0.0.0.0"), "no keys are asked for"),
        (("--model", "/nowhere"), "no model '/nowhere'"),
        (("--policy", "strict"), "no policy 'strict'"),
        (("--port", "x"), "--port must be a whole number"),
        (("--log-level", "loud"), "--log-level must be one of"),
    ],
)
def test_what_can_not_be_served_is_refused_in_one_sentence(words: tuple[str, ...], sentence: str) -> None:
    command = [sys.executable, "-m", "moderation", "serve", *words]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1
    assert sentence in run.stderr


def test_a_port_in_use_is_refused_in_one_sentence(service: Running) -> None:
    command = [sys.executable, "-m", "moderation", "serve", "--port", service.url.rpartition(":")[2]]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert "Address already in use" in run.stderr
