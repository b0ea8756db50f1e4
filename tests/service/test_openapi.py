"""The OpenAPI page is true: its examples run, and whatever is sent, only what it names is answered."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case, CheckFunction
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from moderation.service.app import create_app
from moderation.service.keys import add_key
from moderation.service.settings import Settings
from service.conftest import Running, opened, running

EXAMPLES = int(os.environ.get("MODERATION_SCHEMA_EXAMPLES", "25"))
APP = create_app(Settings())
SCHEMA = schemathesis.openapi.from_dict(APP.openapi())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service with everything switched on, and narrow limits."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "candidates").mkdir()
    words = ("--store", folder / "store.sqlite", "--candidates", folder / "candidates", "--keep-verdicts")
    with running(folder, *words, "--body-bytes", 20_000, "--text-chars", 5_000) as found:
        yield found


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Path, method and description of everything on the page."""
    return [(path, name, row) for path, rows in APP.openapi()["paths"].items() for name, row in rows.items()]


def examples() -> list[tuple[str, str, str, Any]]:
    """Path, media type, name and value of every example."""
    return [
        (path, media, name, example["value"])
        for path, _, row in operations()
        for media, content in row.get("requestBody", {}).get("content", {}).items()
        for name, example in content.get("examples", {}).items()
    ]


@pytest.mark.parametrize(("path", "media", "name", "value"), examples(), ids=lambda part: str(part)[:24])
def test_every_example_runs(served: Running, path: str, media: str, name: str, value: Any) -> None:
    body = json.dumps(value, ensure_ascii=False).encode()
    answer = httpx.post(served.url + path, content=body, headers={"Content-Type": media}, trust_env=False)
    assert answer.status_code in (200, 201, 409 if path in NEEDS_CANDIDATE else 200), answer.text


NEEDS_CANDIDATE = ("/v1/models/promote", "/v1/models/rollback", "/v1/models/discard")
"""Routes that a service without a retrained model answers with a conflict."""


def test_every_request_body_has_an_example() -> None:
    with_body = {path for path, _, row in operations() if "requestBody" in row}
    assert with_body - {path for path, *_ in examples()} == set()


def test_every_operation_says_what_it_does() -> None:
    assert [path for path, _, row in operations() if not row.get("description")] == []


@SCHEMA.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_only_what_the_page_names_is_answered(case: Case[Any], served: Running) -> None:
    answer = case.call(base_url=served.url)
    # that a text is valid JSON of the right shape does not say that it is short enough, or that the policy is known
    unasked: list[CheckFunction] = [positive_data_acceptance]
    if case.path == "/v1/clean/batch":  # a wrong line is answered in its place, by a problem
        unasked.append(negative_data_rejection)
    case.validate_response(answer, excluded_checks=unasked)


@schemathesis.serializer("application/x-ndjson")
def as_line(context: Any, value: Any) -> bytes:
    """A batch of one."""
    return json.dumps(value).encode() + b"\n"


@schemathesis.deserializer("application/x-ndjson")
def of_line(context: Any, response: Any) -> Any:
    """Its answer."""
    (line,) = response.content.splitlines()
    return json.loads(line)


def test_the_page_asks_for_keys_exactly_where_keys_are_asked_for(tmp_path: Path) -> None:
    add_key(tmp_path / "keys.json", "app", ["clean"])
    with opened(keys=str(tmp_path / "keys.json")) as client:
        page = client.get("/openapi.json").json()
        for path, rows in page["paths"].items():
            for method, row in rows.items():
                status = client.request(method, path.replace("{", "").replace("}", "")).status_code
                assert (status == 401) is ("security" in row), path
    assert all("security" not in row for _, _, row in operations())
