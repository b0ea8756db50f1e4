"""Problem details (RFC 9457): what every answer that is no success looks like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

MEDIA: Final = "application/problem+json"
FOREIGN: Final = "/v1/moderations"
"""Clients of this route look for the reason in `error`."""
URN: Final = "urn:moderation:problem:"


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table of problems: the status, what happened, and what to do."""

    status: int
    title: str
    advice: str


KINDS: Final[dict[str, Kind]] = {
    "bad-json": Kind(400, "The body is not JSON", "Send one JSON object in UTF-8."),
    "no-key": Kind(401, "An API key is needed", "Send the header `Authorization: Bearer KEY`."),
    "wrong-scope": Kind(403, "The key does not allow this", "Use a key with the scope that `detail` names."),
    "foreign": Kind(403, "The request comes from another site", "Use keys, or the address where it listens."),
    "not-found": Kind(404, "There is nothing here", "GET /openapi.json lists every path."),
    "wrong-method": Kind(405, "The path has no such method", "Use a method of the header `Allow`."),
    "slow-body": Kind(408, "The body did not arrive in time", "Send it again, faster or in smaller parts."),
    "conflict": Kind(409, "The present state does not allow this", "Do what `detail` says."),
    "too-large": Kind(413, "The request is too large", "Split it; `detail` names the limit."),
    "wrong-media": Kind(415, "The body is of another type", "Send the header `Content-Type` that `detail` names."),
    "invalid": Kind(422, "A field is wrong", "Correct the fields that `errors` names."),
    "too-many": Kind(429, "Too many requests for this key", "Wait for the seconds of the header `Retry-After`."),
    "fault": Kind(500, "The service failed", "Report the request id; the log has the cause."),
    "busy": Kind(503, "The service is full", "Try again after the seconds of the header `Retry-After`."),
    "too-slow": Kind(503, "The request took too long", "Try again after `Retry-After`, with a shorter text."),
    "not-ready": Kind(503, "The service is not ready", "Try again after the seconds of the header `Retry-After`."),
    "no-store": Kind(503, "The service keeps nothing", "Start it with the setting `store`."),
    "store-failed": Kind(503, "The store can't be used", "Try again after the seconds of the header `Retry-After`."),
    "no-candidates": Kind(503, "The service has no folder of models", "Start it with the setting `candidates`."),
}
"""By the last part of the problem's `type`."""


def problem_table() -> str:
    """The table of docs/service.md."""
    rows = ["| type | status | what happened | what to do |", "|---|---|---|---|"]
    rows += [f"| `{name}` | {kind.status} | {kind.title} | {kind.advice} |" for name, kind in KINDS.items()]
    return "\n".join(rows) + "\n"


@dataclass(frozen=True, slots=True)
class FieldError:
    """`pointer` is a JSON pointer to the bad field, as `#/policy/rules/meta`."""

    pointer: str
    detail: str


class Problem(HTTPException):
    """Raise it anywhere in a request; it becomes the answer."""

    def __init__(
        self,
        kind: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(KINDS[kind].status, detail, headers)
        self.kind = kind
        self.errors = errors

    def body(self) -> dict[str, Any]:
        """As JSON values."""
        kind = KINDS[self.kind]
        found: dict[str, Any] = {
            "type": URN + self.kind,
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
            "advice": kind.advice,
        }
        if self.errors:
            found["errors"] = [{"pointer": e.pointer, "detail": e.detail} for e in self.errors]
        return found


def answer(problem: Problem, scope: Scope) -> Response:
    """The response to a request."""
    body = problem.body()
    body["request_id"] = scope["state"]["request_id"]
    if scope["path"] == FOREIGN:
        body["error"] = {"message": problem.detail, "type": problem.kind, "code": problem.kind}
    return Response(orjson.dumps(body), problem.status_code, problem.headers, MEDIA)


def pointer(*parts: object) -> str:
    """A JSON pointer as a URI fragment (RFC 6901).

    >>> pointer("policy", "rules", 0)
    '#/policy/rules/0'
    """
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
