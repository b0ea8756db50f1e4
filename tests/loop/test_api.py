"""The loop over HTTP, as docs/loop-api.md tells it: correct, queue, count, compare, promote, roll back."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from loop.adverts import adverts, page_lines
from moderation.loop.corrections import corrected_pages
from moderation.loop.registry import Registry
from moderation.loop.store import Store
from moderation.model.model import Model
from moderation.model.store import load_model, save_model
from moderation.service.app import create_app
from moderation.service.keys import add_key
from moderation.service.settings import Settings
from moderation.train.corpus import authored_pages

ADVERT = adverts(1, seed=8)[0]
PAGE = "\n".join(page_lines([ADVERT], 2))
LINE = PAGE.split("\n").index(ADVERT)


def candidate(folder: Path, name: str, failed: tuple[str, ...] = ()) -> None:
    """A model of the folder that leans towards promo."""
    model: Model = load_model()
    bias = model.lines.bias.copy()
    bias[9] += 1.0
    stages = model.stages | {"lines": replace(model.lines, bias=bias)}
    gate = {"passed": not failed, "margin": 0.01, "failed": list(failed), "reference": {}, "figures": {}}
    facts = {"base": model.id, "created": "2026-11-22T04:00:00.000000Z", "learned": {"lines": 200}, "gate": gate}
    save_model(folder / name, stages, model.tables, {"name": name, "metrics": {}, "retrained": facts})


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The service with a store and a folder of models."""
    some = [page for page in authored_pages() if page.split == "test"][:10]
    monkeypatch.setattr("moderation.loop.page_sets.authored_pages", lambda: some)
    settings = Settings(store=str(tmp_path / "store.db"), keep_verdicts=True, candidates=str(tmp_path / "models"))
    candidate(tmp_path / "models", "default-2")
    Registry(tmp_path / "models").propose("default-2")
    with TestClient(create_app(settings), raise_server_exceptions=False) as found:
        yield found


def cleaned(client: TestClient) -> dict[str, Any]:
    """The answer for PAGE, once its verdict is kept."""
    answer: dict[str, Any] = client.post("/v1/clean", json={"text": PAGE, "id": "https://news.example/7"}).json()
    for _ in range(100):
        if client.get("/v1/stats").json()["verdicts"]:
            break
        time.sleep(0.05)
    return answer


def test_a_correction_names_a_kept_verdict_and_reaches_retraining(client: TestClient, tmp_path: Path) -> None:
    verdict = cleaned(client)
    answer = client.post("/v1/feedback", json={"verdict": verdict["id"], "line": LINE, "label": "promo"})
    assert answer.status_code == 201
    found = answer.json()
    assert (found["text"], found["found"], found["document"]) == (
        ADVERT,
        verdict["lines"][LINE]["label"],
        "https://news.example/7",
    )
    store = Store.open(str(tmp_path / "store.db"))
    (page,) = corrected_pages(store)
    store.close()
    assert page.labels[LINE] == "promo"
    assert client.get("/v1/feedback").json() == {"total": 1, "corrections": [found]}
    assert client.delete(f"/v1/feedback/{found['id']}").json() == found | {"withdrawn": True}
    assert client.get("/v1/stats").json()["corrections"] == 0


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"line": 0, "label": "promo"}, "#/verdict"),
        ({"verdict": "nobody's", "line": 0, "label": "promo"}, "#/verdict"),
        ({"text": PAGE, "line": 999, "label": "promo"}, "#/line"),
        ({"text": PAGE, "line": 0, "label": "advert"}, "#/label"),
        ({"text": PAGE, "line": 0, "label": "promo", "start": 1}, "#/end"),
        ({"text": PAGE, "line": 0, "label": "promo", "start": 3, "end": 999}, "#/start"),
        ({"text": PAGE, "line": 0, "label": "promo", "colour": 1}, "#/colour"),
    ],
)
def test_a_bad_correction_is_answered_with_the_path_of_its_field(
    client: TestClient, body: dict[str, Any], place: str
) -> None:
    answer = client.post("/v1/feedback", json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [place]


def test_a_verdict_can_be_corrected_as_soon_as_it_is_answered(client: TestClient) -> None:
    for _ in range(20):
        verdict = client.post("/v1/clean", json={"text": PAGE}).json()
        answer = client.post("/v1/feedback", json={"verdict": verdict["id"], "line": LINE, "label": "promo"})
        assert answer.status_code == 201, answer.text


def test_the_queue_asks_for_lines_and_takes_them_off_once_they_are_labelled(client: TestClient) -> None:
    cleaned(client)
    first = client.get("/v1/queue", params={"limit": 1}).json()
    (line,) = first["lines"]
    assert PAGE[line["start"] : line["end"]] == line["text"]
    client.post("/v1/feedback", json={"verdict": line["verdict"], "line": line["line"], "label": "promo"})
    after = client.get("/v1/queue").json()
    assert after["labelled"] == 1
    assert line["text"] not in {one["text"] for one in after["lines"]}


def test_the_statistics_count_what_was_kept(client: TestClient) -> None:
    verdict = cleaned(client)
    found = client.get("/v1/stats", params={"days": 1}).json()
    (day,) = found["days"]
    assert sum(volume["lines"] for volume in day["labels"].values()) == len(verdict["lines"])
    assert found["removed"][0]["count"] == 1


def test_a_candidate_is_compared_promoted_and_rolled_back(client: TestClient) -> None:
    listed = client.get("/v1/models").json()
    assert (listed["current"], listed["candidate"], listed["previous"]) == ("default", "default-2", None)
    assert [(row["name"], row["state"]) for row in listed["models"]] == [
        ("default", "current"),
        ("default-2", "candidate"),
    ]
    compared = client.get("/v1/compare", params={"limit": 5}).json()
    assert compared["new"].startswith("default-2@")
    assert compared["flipped"] >= len(compared["flips"]) > 0
    assert client.get("/v1/compare", params={"old": "default-2", "new": "default"}).json()["old"] == compared["new"]
    assert client.post("/v1/models/promote", json={}).json()["current"] == "default-2"
    assert client.get("/v1/model").json()["model"] == compared["new"]
    back = client.post("/v1/models/rollback", json={}).json()
    assert (back["current"], back["previous"]) == ("default", None)
    assert client.get("/v1/model").json()["model"] == compared["old"]


def test_rolling_back_and_promoting_need_no_body(client: TestClient) -> None:
    assert client.post("/v1/models/promote").json()["current"] == "default-2"
    assert client.post("/v1/models/rollback").json()["current"] == "default"
    assert client.post("/v1/models/rollback").status_code == 409
    assert client.post("/v1/model/rollback").json()["model"].startswith("default-2@")
    assert client.post("/v1/model/rollback").json()["model"].startswith("default@")
    assert client.post("/v1/models/discard", json={"name": "default-2"}).status_code == 200


def test_a_model_that_was_set_beside_the_folder_serves_until_the_next_promotion(
    client: TestClient, tmp_path: Path
) -> None:
    candidate(tmp_path / "elsewhere", "mine")
    mine = client.post("/v1/model", json={"model": str(tmp_path / "elsewhere" / "mine")}).json()["model"]
    Registry(tmp_path / "models").discard()
    Registry(tmp_path / "models").propose("default-2")  # as retraining does
    time.sleep(1.5)  # longer than it takes to look
    listed = client.get("/v1/models").json()
    assert (listed["current"], listed["serving"]) == (None, mine)
    assert {row["state"] for row in listed["models"]} == {"old", "candidate"}
    promoted = client.post("/v1/models/promote").json()
    assert (promoted["current"], promoted["serving"].partition("@")[0]) == ("default-2", "default-2")


def test_promoting_and_rolling_back_in_a_breath_leaves_the_first_model(client: TestClient, tmp_path: Path) -> None:
    before = client.get("/v1/model").json()["model"]
    assert client.post("/v1/models/promote").json()["current"] == "default-2"
    Registry(tmp_path / "models").rollback()  # from the command line, before the service has looked
    for _ in range(40):
        if client.get("/v1/model").json()["model"] == before:
            break
        time.sleep(0.05)
    assert client.get("/v1/models").json()["serving"] == before


def test_a_discarded_candidate_is_no_candidate(client: TestClient) -> None:
    assert client.post("/v1/models/discard", json={}).json()["candidate"] is None
    assert client.get("/v1/compare").status_code == 409
    assert client.post("/v1/models/promote", json={}).status_code == 409


def test_a_model_below_its_floors_needs_force(client: TestClient, tmp_path: Path) -> None:
    candidate(tmp_path / "models", "default-3", ("keep_f1 0.7000, floor 0.8705",))
    refused = client.post("/v1/models/promote", json={"name": "default-3"})
    assert refused.status_code == 409
    assert "keep_f1 0.7000, floor 0.8705" in refused.json()["detail"]
    assert client.get("/v1/model").json()["model"].startswith("default@")
    assert client.post("/v1/models/promote", json={"name": "default-3", "force": True}).json()["current"] == "default-3"


def test_the_service_follows_the_command_line(client: TestClient, tmp_path: Path) -> None:
    Registry(tmp_path / "models").promote()
    for _ in range(100):
        if client.get("/v1/model").json()["model"].startswith("default-2@"):
            break
        time.sleep(0.1)
    assert client.get("/v1/model").json()["model"].startswith("default-2@")


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("DELETE", "/v1/feedback/nobody", 404, "not-found"),
        ("GET", "/v1/compare?new=nobody", 404, "not-found"),
        ("GET", "/v1/queue?limit=0", 422, "invalid"),
        ("GET", "/v1/stats?days=x", 422, "invalid"),
        ("GET", "/v1/feedback?limit=501", 422, "invalid"),
    ],
)
def test_what_can_not_be_answered_is_a_problem(
    client: TestClient, method: str, path: str, status: int, kind: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (status, kind)
    if "?" in path and status == 422:
        name = path.partition("?")[2].partition("=")[0]
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"#/query/{name}"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/feedback", "no-store"),
        ("/v1/queue", "no-store"),
        ("/v1/stats", "no-store"),
        ("/v1/models", "no-candidates"),
    ],
)
def test_a_service_without_a_store_says_how_to_get_one(path: str, kind: str) -> None:
    with TestClient(create_app(Settings()), raise_server_exceptions=False) as client:
        answer = client.get(path)
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (503, kind)


def test_a_service_begins_with_the_current_model_of_its_folder(tmp_path: Path) -> None:
    candidate(tmp_path, "default-2")
    Registry(tmp_path).promote("default-2")
    with TestClient(create_app(Settings(candidates=str(tmp_path)))) as client:
        assert client.get("/v1/model").json()["model"].startswith("default-2@")


def test_a_broken_current_model_does_not_keep_the_service_from_starting(tmp_path: Path) -> None:
    candidate(tmp_path, "default-2")
    Registry(tmp_path).promote("default-2")
    (tmp_path / "default-2" / "weights.safetensors").write_bytes(b"cut off")
    with TestClient(create_app(Settings(candidates=str(tmp_path)))) as client:
        assert client.get("/v1/model").json()["model"].startswith("default@")
        assert [row["name"] for row in client.get("/v1/models").json()["models"]] == ["default", "default-2"]


def test_with_keys_a_correction_is_of_its_key_and_promoting_is_for_admins(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    secret = add_key(keys, "小林", ["feedback"])
    candidate(tmp_path / "models", "default-2")
    settings = Settings(keys=str(keys), store=str(tmp_path / "store.db"), candidates=str(tmp_path / "models"))
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {secret}"}) as client:
        body = {"text": PAGE, "line": LINE, "label": "promo", "who": "somebody else"}
        assert client.post("/v1/feedback", json=body).json()["who"] == "小林"
        assert client.get("/v1/models").status_code == 200
        assert client.post("/v1/models/promote", json={"name": "default-2"}).status_code == 403
        assert client.post("/v1/feedback", json=body, headers={"Authorization": ""}).status_code == 401
