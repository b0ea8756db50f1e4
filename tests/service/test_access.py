"""Keys, scopes, rates, and what is refused at the start."""

import json
import stat
import time
from contextlib import closing
from pathlib import Path

import pytest

from moderation.cli.main import main
from moderation.errors import UsageError
from moderation.service.keys import add_key
from moderation.service.rate import OwnBuckets, RateLimiter
from moderation.service.run import check
from moderation.service.settings import Settings
from service.conftest import PAGE, opened

ROUTES = [("POST", "/v1/clean"), ("POST", "/v1/clean/batch"), ("POST", "/v1/moderations"), ("GET", "/v1/labels")]
ROUTES += [("GET", "/v1/policies"), ("GET", "/v1/model"), ("POST", "/v1/model"), ("POST", "/v1/model/rollback")]


def bearer(secret: str) -> dict[str, str]:
    """The header of a key."""
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_without_a_key_nothing_is_answered(tmp_path: Path, method: str, path: str) -> None:
    add_key(tmp_path / "keys.json", "app", ["clean"])
    with opened(keys=str(tmp_path / "keys.json")) as client:
        for headers in ({}, bearer("mod_wrong"), {"Authorization": "Basic eDp5"}):
            answer = client.request(method, path, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200


def test_a_key_does_what_its_scopes_say(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    clean, admin = add_key(keys, "app", ["clean"]), add_key(keys, "boss", ["admin"])
    with opened(keys=str(keys)) as client:
        assert client.post("/v1/clean", json={"text": PAGE}, headers=bearer(clean)).status_code == 200
        refused = client.post("/v1/model", json={"policy": "keep-meta"}, headers=bearer(clean))
        assert refused.status_code == 403
        assert "not admin" in refused.json()["detail"]
        assert client.post("/v1/clean", json={"text": PAGE}, headers=bearer(admin)).status_code == 200
        assert client.post("/v1/model", json={"policy": "keep-meta"}, headers=bearer(admin)).status_code == 200


def test_a_wrong_key_is_refused_before_the_body_is_looked_at(tmp_path: Path) -> None:
    add_key(tmp_path / "keys.json", "app", ["clean"])
    with opened(keys=str(tmp_path / "keys.json")) as client:
        assert client.post("/v1/clean", content=b"{").status_code == 401


def test_keys_are_kept_as_hashes_and_for_their_owner_alone(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    secret = add_key(keys, "app", ["clean"])
    assert secret not in keys.read_text()
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert set(json.loads(keys.read_text())["keys"][0]) == {"name", "scopes", "hash", "created"}


def test_keys_are_added_listed_and_revoked_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODERATION_KEYS", str(tmp_path / "keys.json"))
    assert main(["keys", "add", "crawler", "--scope", "clean", "--scope", "feedback"]) == 0
    assert capsys.readouterr().out.startswith("mod_")
    assert main(["keys", "add", "crawler"]) == 2
    assert "there is a key named 'crawler'" in capsys.readouterr().err
    assert main(["keys", "list"]) == 0
    assert capsys.readouterr().out.split("\t")[:2] == ["crawler", "clean,feedback"]
    assert main(["keys", "revoke", "crawler"]) == 0
    assert main(["keys", "revoke", "crawler"]) == 2
    assert main(["keys", "add", "x", "--scope", "root"]) == 2
    assert "known scopes: clean, feedback, admin" in capsys.readouterr().err


def test_a_revoked_key_stops_working_without_a_restart(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    secret = add_key(keys, "app", ["clean"])
    with opened(keys=str(keys)) as client:
        assert client.get("/v1/labels", headers=bearer(secret)).status_code == 200
        main(["keys", "revoke", "app", "--keys", str(keys)])
        end = time.monotonic() + 10
        while client.get("/v1/labels", headers=bearer(secret)).status_code != 401:
            assert time.monotonic() < end
            time.sleep(0.1)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "moderation.example"])
def test_a_public_address_without_keys_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match="make keys with `moderation keys add"):
        check(Settings(host=host))
    check(Settings(host=host, insecure_no_auth=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_loopback_needs_no_keys(host: str) -> None:
    check(Settings(host=host))


@pytest.mark.parametrize(("keys", "sentence"), [("none.json", "no such file"), ("bad.json", "is no file of keys")])
def test_a_file_of_keys_that_can_not_be_read_is_refused_at_the_start(tmp_path: Path, keys: str, sentence: str) -> None:
    (tmp_path / "bad.json").write_text("[]")
    with pytest.raises(UsageError, match=sentence):
        check(Settings(keys=str(tmp_path / keys)))


def test_each_key_has_a_rate_of_its_own(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    one, two = add_key(keys, "one", ["clean"]), add_key(keys, "two", ["clean"])
    with opened(keys=str(keys), rate=0.5, burst=3) as client:
        statuses = [client.get("/v1/labels", headers=bearer(one)).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        refused = client.get("/v1/labels", headers=bearer(one))
        assert 1 <= int(refused.headers["retry-after"]) <= 2
        assert client.get("/v1/labels", headers=bearer(two)).status_code == 200
        assert client.post("/v1/clean", json={"text": PAGE}, headers=bearer(one)).status_code == 429


@pytest.mark.parametrize("shared", [False, True], ids=["one process", "several"])
def test_tokens_come_back_with_time_and_never_beyond_the_burst(tmp_path: Path, shared: bool) -> None:
    with closing(RateLimiter(2.0, 3, tmp_path / "rate" if shared else None)) as rate:
        assert [rate.wait("a", 0.0) for _ in range(3)] == [0, 0, 0]
        assert rate.wait("a", 0.0) == 0.5
        assert rate.wait("a", 0.5) == 0
        assert [rate.wait("a", 1000.0) == 0 for _ in range(4)] == [True, True, True, False]


def test_callers_that_went_away_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderation.service.rate.MOST", 10)
    buckets = OwnBuckets()
    for n in range(100):
        buckets.put(str(n), (0.0, 0.0))
    assert [n for n in range(100) if buckets.take(str(n))] == list(range(90, 100))


def test_processes_count_a_caller_together(tmp_path: Path) -> None:
    limiters = [RateLimiter(1.0, 3, tmp_path / "rate") for _ in range(2)]
    with closing(limiters[0]) as one, closing(limiters[1]) as two:
        assert [one.wait("a", 5.0), two.wait("a", 5.0), one.wait("a", 5.0)] == [0, 0, 0]
        assert two.wait("a", 5.0) == one.wait("a", 5.0) == 1.0
        assert two.wait("b", 5.0) == 0


def test_of_many_callers_the_silent_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moderation.service.rate.ROWS", 32)
    with closing(RateLimiter(0.001, 1, tmp_path / "rate")) as rate:
        assert all(rate.wait(str(n), float(n)) == 0 for n in range(500))
        assert rate.wait("499", 500.0) > 0


def test_a_file_from_before_the_machine_was_started_holds_nobody_up(tmp_path: Path) -> None:
    for now in (9e6, 10.0):
        with closing(RateLimiter(0.001, 1, tmp_path / "rate")) as rate:
            assert rate.wait("a", now) == 0


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:8000", None, 200),
        ("localhost:8000", "http://localhost:8000", 200),
        ("[::1]:8000", "http://[::1]:8000", 200),
        ("192.0.2.7", None, 200),
        ("evil.example", None, 403),
        ("evil.example:8000", "http://evil.example:8000", 403),
        ("127.0.0.1:8000", "https://evil.example", 403),
        ("127.0.0.1:8000", "null", 403),
    ],
)
def test_without_keys_other_sites_in_a_browser_on_the_machine_are_kept_out(
    host: str, origin: str | None, status: int
) -> None:
    headers = {"Host": host} | ({"Origin": origin} if origin else {})
    with opened() as client:
        assert client.post("/v1/model", json={"model": "default"}, headers=headers).status_code == status
        assert client.post("/v1/clean", json={"text": PAGE}, headers=headers).status_code == status
    with opened(insecure_no_auth=True) as client:
        assert client.post("/v1/clean", json={"text": PAGE}, headers=headers).status_code == 200
