"""POST /v1/clean/batch: NDJSON both ways, streamed, in order, in bounded memory."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from moderation.service.app import create_app
from moderation.service.settings import Settings
from moderation.service.stream import Line, lines_of
from service.conftest import NEWS, PAGE, opened

NDJSON = {"Content-Type": "application/x-ndjson"}


def batch(client: TestClient, body: bytes) -> list[dict[str, Any]]:
    """The answers."""
    answer = client.post("/v1/clean/batch", content=body, headers=NDJSON)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.content.splitlines()]


def line(text: str, **more: Any) -> bytes:
    """One line of a batch."""
    return json.dumps({"text": text, **more}, ensure_ascii=False).encode() + b"\n"


def test_order_is_kept_whatever_takes_longer(client: TestClient) -> None:
    texts = [NEWS * (300 if n % 5 == 0 else 1) for n in range(40)]
    answers = batch(client, b"".join(line(text, id=str(n)) for n, text in enumerate(texts)))
    assert [answer["document"] for answer in answers] == [str(n) for n in range(40)]


def test_a_bad_line_is_answered_in_its_place_and_the_rest_goes_on(client: TestClient) -> None:
    body = line(PAGE) + b'{"text": 5}\n' + b"nonsense\n" + b"\n  \n" + line(PAGE, policy="strict") + line(NEWS)
    answers = batch(client, body)
    assert [answer.get("status", 200) for answer in answers] == [200, 422, 400, 422, 200]
    assert [answer["line"] for answer in answers if "line" in answer] == [2, 3, 6]
    assert answers[1]["errors"][0]["pointer"] == "#/text"


def test_the_last_line_needs_no_break_and_an_empty_batch_is_one(client: TestClient) -> None:
    assert len(batch(client, line(PAGE) + line(NEWS).rstrip())) == 2
    assert batch(client, b"") == []


def test_a_batch_that_is_read_whole_counts_as_held() -> None:
    with opened(memory_bytes=1000) as small:
        body = line(PAGE) * 20
        answer = small.post("/v1/clean/batch", content=body, headers=NDJSON)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        parts = small.post("/v1/clean/batch", content=iter([body]), headers=NDJSON)  # no length: held line by line
        assert len(parts.content.splitlines()) == 20
        assert small.app.state.service.held_bytes == 0  # type: ignore[attr-defined]


def test_lines_may_have_policies_of_their_own(client: TestClient) -> None:
    answers = batch(
        client, line(PAGE, policy="flag-only") + line(PAGE, policy={"name": "mine", "rules": {"nav": "keep"}})
    )
    assert [answer["policy"] for answer in answers] == ["flag-only", "mine"]


def test_a_line_that_is_too_long_is_passed_over() -> None:
    with opened(body_bytes=200) as client:
        answers = batch(client, line("短") + line("长" * 1000) + line("短"))
    assert [answer.get("status", 200) for answer in answers] == [200, 413, 200]


def test_lines_beyond_the_most_are_refused_one_by_one() -> None:
    with opened(batch_lines=2) as client:
        answers = batch(client, line("一") + line("二") + line("三"))
    assert [answer.get("status", 200) for answer in answers] == [200, 200, 413]


def test_a_batch_waits_where_single_requests_are_turned_away() -> None:
    with opened(queue=2) as client:
        answers = batch(client, b"".join(line(NEWS, id=str(n)) for n in range(50)))
    assert [answer.get("status", 200) for answer in answers] == [200] * 50


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_lines_are_found_wherever_the_parts_are_cut(size: int) -> None:
    body = "一\n\n二二\n三三三三三三\n \n四".encode()

    class Parts:
        async def stream(self) -> AsyncIterator[bytes]:
            for at in range(0, len(body), size):
                yield body[at : at + size]

    async def read() -> list[Line]:
        return [found async for found in lines_of(Parts(), 12)]  # type: ignore[arg-type]

    assert asyncio.run(read()) == [
        Line(1, "一".encode()),
        Line(3, "二二".encode()),
        Line(4, None),
        Line(6, "四".encode()),
    ]


def test_nothing_more_is_read_until_the_client_takes_answers() -> None:
    """Against the application itself: a client that sends for ever and takes nothing."""
    one = line(NEWS)
    asked = sent = 0

    async def talk() -> None:
        nonlocal asked, sent
        app = create_app(Settings())
        service = app.state.service
        await service.start()
        stuck = asyncio.Event()

        async def receive() -> dict[str, Any]:
            nonlocal asked
            asked += 1
            await asyncio.sleep(0)
            return {"type": "http.request", "body": one * 10, "more_body": True}

        async def send(message: dict[str, Any]) -> None:
            nonlocal sent
            if message["type"] == "http.response.body":
                sent += 1
                await stuck.wait()

        headers = [(b"content-type", b"application/x-ndjson")]
        scope = {
            "type": "http",
            "asgi": {},
            "method": "POST",
            "path": "/v1/clean/batch",
            "raw_path": b"",
            "query_string": b"",
        }
        scope |= {"headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1), "scheme": "http"}
        scope |= {"root_path": "", "http_version": "1.1"}
        task = asyncio.create_task(app(scope, receive, send))  # type: ignore[arg-type]
        await asyncio.sleep(1)
        before = asked
        await asyncio.sleep(0.5)
        assert asked == before
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await service.stop()

    asyncio.run(talk())
    assert sent == 1
    assert asked < 30
