"""What the service tells of itself: labels, policies, model, health, metrics."""

import re

from starlette.testclient import TestClient

from moderation.labels import LABELS, NAMES
from moderation.policy import BUILT_IN, built_in
from service.conftest import NEWS, PAGE, opened


def test_the_label_table_is_told_in_order(client: TestClient) -> None:
    rows = client.get("/v1/labels").json()["labels"]
    told = [(row["name"], row["code"], row["family"]) for row in rows]
    assert told == [(label.name, label.code, label.family) for label in LABELS]


def test_every_policy_is_told_whole(client: TestClient) -> None:
    rows = {row["name"]: row for row in client.get("/v1/policies").json()["policies"]}
    assert set(rows) == set(BUILT_IN)
    for name, row in rows.items():
        policy = built_in(name)
        assert [row["rules"][label]["action"] for label in NAMES] == [rule.action for rule in policy.rules]
        assert (row["span_threshold"], row["repair"]) == (policy.span_threshold, policy.repair)
    assert [name for name, row in rows.items() if row["default"]] == ["default"]


def test_the_model_tells_its_card_metrics_and_digest(client: TestClient) -> None:
    found = client.get("/v1/model").json()
    assert found["model"] == f"default@{found['digest'][:12]}"
    assert found["card"].startswith("# Model card: default")
    assert "label_accuracy" in found["metrics"]["test"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", found["since"])


def test_a_service_that_is_up_is_healthy_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_a_service_that_is_stopping_is_healthy_but_not_ready() -> None:
    with opened() as client:
        client.app.state.service.stopping = True  # type: ignore[attr-defined]
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def samples(client: TestClient) -> dict[str, float]:
    """The metrics by name and labels."""
    rows = [row for row in client.get("/metrics").text.splitlines() if not row.startswith("#")]
    return {name: float(value) for name, _, value in (row.rpartition(" ") for row in rows)}


def test_metrics_count_requests_texts_lines_and_characters() -> None:
    with opened() as client:
        client.post("/v1/clean", json={"text": PAGE})
        client.post("/v1/clean", json={"text": 1})
        client.post("/v1/clean/batch", content=b'{"text": ""}\n', headers={"Content-Type": "application/x-ndjson"})
        client.post("/v1/moderations", json={"input": [NEWS, PAGE]})
        client.get("/nothing/here")
        found = samples(client)
    assert found['moderation_requests_total{method="POST",route="/v1/clean",status="200"}'] == 1
    assert found['moderation_requests_total{method="POST",route="/v1/clean",status="422"}'] == 1
    assert found['moderation_requests_total{method="GET",route="other",status="404"}'] == 1
    assert found['moderation_request_seconds_count{route="/v1/moderations"}'] == 1
    assert found['moderation_texts_total{policy="default"}'] == 2
    assert found['moderation_texts_total{policy="spam-only"}'] == 2
    assert found['moderation_lines_total{action="drop",label="nav"}'] == 1
    assert found['moderation_characters_total{action="drop",label="nav"}'] == 17
    (model,) = [name for name in found if name.startswith("moderation_model_info")]
    assert 'model="default@' in model
    assert 'policy="default"' in model


def test_unknown_paths_and_methods_make_no_new_series() -> None:
    with opened() as client:
        for n in range(5):
            client.get(f"/nothing/{n}")
            client.request(f"ODD{n}", "/v1/clean")
        routes = {row for row in samples(client) if row.startswith("moderation_requests_total")}
    assert len(routes) == 2
