"""Whatever is refused is refused as a problem (RFC 9457): what was wrong, where, and what to do."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from moderation.service.errors import KINDS, MEDIA, URN
from service.conftest import PAGE, opened

JSON = {"Content-Type": "application/json"}


def problem(answer: Any, kind: str) -> dict[str, Any]:
    """The problem of an answer, which must be of this kind."""
    assert answer.headers["content-type"] == MEDIA
    found: dict[str, Any] = answer.json()
    assert found["type"] == URN + kind, found
    assert answer.status_code == found["status"] == KINDS[kind].status
    assert found["advice"] == KINDS[kind].advice
    assert found["request_id"] == answer.headers["x-request-id"]
    return found


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"text": "a",}', b"\xff", b'{"text": "\xff"}', b'{"text": "\\ud800"}', b'{"text": NaN}']
)
def test_what_is_no_json_is_a_bad_request(client: TestClient, body: bytes) -> None:
    assert problem(client.post("/v1/clean", content=body, headers=JSON), "bad-json")["detail"]


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ([], ["#"]),
        ({}, ["#/text"]),
        ({"text": 1}, ["#/text"]),
        ({"text": "a", "colour": 1}, ["#/colour"]),
        ({"text": "a", "explain": "yes"}, ["#/explain"]),
        ({"text": "a", "policy": 7}, ["#/policy"]),
        ({"text": "a", "policy": "strict"}, ["#/policy"]),
        ({"text": "a", "policy": "/etc/passwd"}, ["#/policy"]),
        ({"text": "a", "policy": {"base": "strict"}}, ["#/policy/base"]),
        ({"text": "a", "policy": {"threshold": 1.5}}, ["#/policy/threshold"]),
        ({"text": "a", "policy": {"rules": {"advert": "drop"}}}, ["#/policy/rules/advert"]),
        ({"text": "a", "policy": {"rules": {"meta": {"action": "burn"}}}}, ["#/policy/rules/meta/action"]),
        ({"text": "a", "policy": {"rules": {"content": "drop"}}}, ["#/policy/rules/content"]),
        ({"text": 1, "policy": {"rules": {"meta": 3}}}, ["#/policy/rules/meta", "#/text"]),
    ],
)
def test_a_wrong_field_is_pointed_at(client: TestClient, body: Any, pointers: list[str]) -> None:
    found = problem(client.post("/v1/clean", json=body), "invalid")
    assert sorted(row["pointer"] for row in found["errors"]) == pointers
    assert all(row["detail"] for row in found["errors"])


def test_an_unknown_policy_lists_the_known_ones(client: TestClient) -> None:
    found = problem(client.post("/v1/clean", json={"text": "a", "policy": "strict"}), "invalid")
    assert "known policies: default, keep-meta, spam-only, flag-only" in found["detail"]


@pytest.mark.parametrize("media", ["text/plain", "", "application/x-www-form-urlencoded"])
def test_another_media_type_is_refused(client: TestClient, media: str) -> None:
    answer = client.post("/v1/clean", content=b'{"text": ""}', headers={"Content-Type": media})
    assert "expected application/json" in problem(answer, "wrong-media")["detail"]


def test_an_unknown_path_and_a_wrong_method_are_told_apart(client: TestClient) -> None:
    problem(client.get("/v1/dirty"), "not-found")
    answer = client.get("/v1/clean")
    problem(answer, "wrong-method")
    assert answer.headers["allow"] == "POST"


def test_a_body_is_refused_as_soon_as_it_is_too_large() -> None:
    with opened(body_bytes=1000) as client:
        sent = []

        def parts() -> Any:
            for n in range(100):
                sent.append(n)
                yield b" " * 100

        answer = client.post("/v1/clean", content=parts(), headers=JSON)
        assert "more than 1000 bytes" in problem(answer, "too-large")["detail"]
        assert client.post("/v1/clean", json={"text": PAGE}).status_code == 200


def test_a_text_is_refused_when_it_is_too_long() -> None:
    with opened(text_chars=10) as client:
        assert client.post("/v1/clean", json={"text": "十个字的文本可以通过"}).status_code == 200
        answer = client.post("/v1/clean", json={"text": "十一个字的文本不能通过"})
        assert "11 characters, at most 10" in problem(answer, "too-large")["detail"]
        answer = client.post("/v1/moderations", json={"input": ["好", "十一个字的文本不能通过"]})
        problem(answer, "too-large")


def test_too_many_lines_are_not_explained() -> None:
    with opened(explain_lines=2) as client:
        assert client.post("/v1/clean", json={"text": PAGE}).status_code == 200
        answer = client.post("/v1/clean", json={"text": PAGE, "explain": True})
        assert "ask without `explain`" in problem(answer, "too-large")["detail"]


def test_a_fault_of_ours_is_a_problem_too_and_tells_nothing_of_the_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened() as client:
        monkeypatch.setattr("moderation.service.core.brief_answer", lambda *_: 1 / 0)
        answer = client.post("/v1/clean", json={"text": PAGE})
        assert "division" not in problem(answer, "fault")["detail"]


def test_a_request_id_is_taken_over_if_it_is_harmless(client: TestClient) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "job-7.a"}).headers["x-request-id"] == "job-7.a"
    made = client.get("/healthz", headers={"X-Request-ID": 'a" b'}).headers["x-request-id"]
    assert len(made) == 32


def test_more_bytes_than_may_be_held_are_answered_with_a_time_to_come_back() -> None:
    with opened(memory_bytes=100) as client:
        answer = client.post("/v1/clean", json={"text": "长" * 100})
        problem(answer, "busy")
        assert answer.headers["retry-after"] == "1"
        assert client.post("/v1/clean", json={"text": "短"}).status_code == 200
