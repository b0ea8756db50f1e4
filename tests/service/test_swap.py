"""Another model or policy: loaded beside, checked, swapped, rolled back; a broken one leaves the old one serving."""

import asyncio
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save
from starlette.testclient import TestClient

from moderation.model.store import MANIFEST, WEIGHTS, load_model, manifest_digest, model_folder
from moderation.service.fleet import LOOK, Fleet
from moderation.service.selfcheck import check, pages
from moderation.service.settings import Settings
from moderation.service.state import CHOICE, State
from service.conftest import PAGE, opened


def copied(folder: Path, name: str) -> Path:
    """The shipped model under another name, hence with another digest."""
    shutil.copytree(model_folder("default"), folder / name)
    resealed(folder / name, name)
    return folder / name


def resealed(folder: Path, name: str) -> None:
    """Name a model and make its digests right again."""
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    manifest |= {"name": name, "weights_sha256": hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()}
    manifest["digest"] = manifest_digest(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")


def useless(folder: Path) -> Path:
    """A model with the right arrays and nothing in them."""
    path = copied(folder, "useless")
    arrays = load((path / WEIGHTS).read_bytes())
    arrays = {k: a if k.startswith("tables.") or a.dtype.kind != "f" else np.zeros_like(a) for k, a in arrays.items()}
    (path / WEIGHTS).write_bytes(save(arrays))
    resealed(path, "useless")
    return path


def model_of(client: TestClient) -> str:
    """Which model judges."""
    found: str = client.post("/v1/clean", json={"text": PAGE}).json()["model"]
    return found


def swap(client: TestClient, **body: Any) -> dict[str, Any]:
    """The answer to a swap that succeeds."""
    answer = client.post("/v1/model", json={key: str(value) for key, value in body.items()})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_model_is_swapped_and_rolled_back(tmp_path: Path) -> None:
    new = copied(tmp_path, "new")
    with opened() as client:
        old_id = model_of(client)
        answer = swap(client, model=new)
        assert (answer["generation"], answer["workers"], answer["swapped"]) == (2, 1, 1)
        assert model_of(client) == answer["model"] == load_model(new).id
        assert client.get("/v1/model").json()["previous"] == "default"
        back = client.post("/v1/model/rollback").json()
        assert model_of(client) == back["model"] == old_id
        assert client.post("/v1/model/rollback").json()["model"] == answer["model"]


def test_a_policy_is_swapped_alone(tmp_path: Path) -> None:
    (tmp_path / "mild.toml").write_text('[labels]\nnav = "keep"\nfooter = "flag"\n', "utf-8")
    with opened() as client:
        assert swap(client, policy=tmp_path / "mild.toml")["policy"] == "mild"
        answer = client.post("/v1/clean", json={"text": PAGE}).json()
        assert (answer["policy"], list(answer["flags"])) == ("mild", ["footer"])
        named = client.post("/v1/clean", json={"text": PAGE, "policy": "mild"}).json()
        assert named["flags"] == answer["flags"]


def test_the_first_model_can_not_be_rolled_back() -> None:
    with opened() as client:
        answer = client.post("/v1/model/rollback")
        assert answer.status_code == 409
        assert "nothing served before" in answer.json()["detail"]


def test_a_swap_to_what_serves_already_changes_nothing() -> None:
    with opened() as client:
        assert swap(client, model="default")["generation"] == 1


def broken(folder: Path, how: str) -> Path:
    """A model that can't be used."""
    path = copied(folder, "broken")
    if how == "cut off":
        (path / WEIGHTS).write_bytes((path / WEIGHTS).read_bytes()[:-1000])
    elif how == "tampered with":
        (path / MANIFEST).write_text((path / MANIFEST).read_text("utf-8").replace("broken", "brokem"), "utf-8")
    elif how == "no weights":
        (path / WEIGHTS).unlink()
    elif how == "no manifest":
        (path / MANIFEST).unlink()
    return path


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("cut off", "is not the file its manifest names"),
        ("tampered with", "was changed after export"),
        ("no weights", "can't be read"),
        ("no manifest", "can't be read"),
    ],
)
def test_a_broken_model_leaves_the_old_one_serving_and_says_why(tmp_path: Path, how: str, sentence: str) -> None:
    with opened() as client:
        before = model_of(client)
        answer = client.post("/v1/model", json={"model": str(broken(tmp_path, how))})
        assert answer.status_code == 409
        assert sentence in answer.json()["detail"]
        assert model_of(client) == before
        assert client.get("/v1/model").json()["generation"] == 1


def test_a_model_that_fails_the_built_in_check_is_refused(tmp_path: Path) -> None:
    with opened() as client:
        answer = client.post("/v1/model", json={"model": str(useless(tmp_path))})
        assert answer.status_code == 409
        assert "fails the built-in check" in answer.json()["detail"]


def test_an_unknown_model_or_policy_is_refused() -> None:
    with opened() as client:
        assert client.post("/v1/model", json={"model": "/nowhere"}).status_code == 409
        for name in ("/nowhere.toml", "nope"):
            answer = client.post("/v1/model", json={"policy": name})
            assert answer.status_code == 422
            assert [error["pointer"] for error in answer.json()["errors"]] == ["#/policy"]


def test_a_follower_sees_two_swaps_that_left_the_same_time_on_the_file(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    first, second = (Fleet(Settings(workers=2), state, lambda _: None) for _ in range(2))
    new = str(copied(tmp_path, "new"))

    async def promoted_and_back() -> tuple[str, str]:
        first.start()
        second.start()
        same = (state.folder / CHOICE).stat()
        following = asyncio.create_task(second.follow())
        await first.swap(new, None, {})
        os.utime(state.folder / CHOICE, ns=(same.st_atime_ns, same.st_mtime_ns))
        await asyncio.sleep(2 * LOOK)
        between = second.current.moderator.model.id
        await first.rollback({})
        os.utime(state.folder / CHOICE, ns=(same.st_atime_ns, same.st_mtime_ns))
        await asyncio.sleep(2 * LOOK)
        following.cancel()
        return between, second.current.moderator.model.id

    between, after = asyncio.run(promoted_and_back())
    assert (between.partition("@")[0], after.partition("@")[0]) == ("new", "default")


def test_what_serves_does_not_care_what_becomes_of_its_folder(tmp_path: Path) -> None:
    new = copied(tmp_path, "new")
    with opened() as client:
        identity = swap(client, model=new)["model"]
        (new / WEIGHTS).write_bytes(b"")
        shutil.rmtree(new)
        assert model_of(client) == identity


def test_a_swap_survives_a_restart_where_a_state_folder_is_set(tmp_path: Path) -> None:
    new, state = copied(tmp_path, "new"), str(tmp_path / "state")
    with opened(state=state) as client:
        identity = swap(client, model=new)["model"]
    with opened(state=state) as client:
        assert model_of(client) == identity
        assert client.post("/v1/model/rollback").status_code == 200
    with opened(state=state, policy="keep-meta") as client:  # other settings count more than what was chosen before
        assert client.get("/v1/model").json()["policy"] == "keep-meta"
        assert model_of(client).startswith("default@")


def test_the_shipped_model_passes_the_built_in_check() -> None:
    assert check(load_model()) > 0.9
    assert {family for page in pages() for family in page.families} == {"keep", "chrome", "spam"}


def test_copies_that_nothing_names_are_deleted(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with opened(state=str(state)) as client:
        for name in ("a", "b", "c"):
            swap(client, model=copied(tmp_path, name))
    assert len(list((state / "models").iterdir())) == 2


def test_a_state_folder_that_was_cleared_away_is_made_again(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with opened(state=str(state)) as client:
        shutil.rmtree(state)
        assert model_of(client).startswith("default@")
        assert swap(client, model=copied(tmp_path, "new"))["model"] == model_of(client)
