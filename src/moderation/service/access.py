"""Who may ask for what: API keys with scopes, and the rate for each of them."""

import math
from dataclasses import dataclass
from ipaddress import ip_address

from fastapi.openapi.models import HTTPBearer as BearerScheme
from fastapi.security.base import SecurityBase
from starlette.requests import Request

from moderation.service.core import Service, service_of
from moderation.service.errors import Problem

CHALLENGE = {"WWW-Authenticate": "Bearer"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the key's name, or "" where no keys are asked for."""

    key: str
    scopes: tuple[str, ...]


class Needs(SecurityBase):
    """A dependency: the caller, who must have the scope. Raises Problem 401, 403 or 429."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.scheme_name = "key"
        self.model = BearerScheme(description="A key made by `moderation keys add`")

    async def __call__(self, request: Request) -> Caller:
        return admit(request, self.scope)


def admit(request: Request, scope: str) -> Caller:
    """The caller of a request. Raises Problem 401, 403 or 429."""
    service = service_of(request)
    caller = found_caller(service, request, scope)
    address = request.client.host if request.client else ""
    wait = service.rate.wait(caller.key or address)
    if wait:
        detail = f"more than {service.settings.rate:g} requests a second"
        raise Problem("too-many", detail, headers={"Retry-After": str(math.ceil(wait))})
    return caller


def cause_of(request: Request, caller: Caller) -> dict[str, str]:
    """Who asked for a swap, for the log."""
    named = {"key": caller.key} if caller.key else {}
    return {"cause": request.url.path, "request_id": request.scope["state"]["request_id"], **named}


def found_caller(service: Service, request: Request, scope: str) -> Caller:
    """Who asks, whatever the rate."""
    if not service.keys.required:
        if not service.settings.insecure_no_auth:
            check_site(request, service.settings.host)
        return Caller("", ("clean", "feedback", "admin"))
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    key = service.keys.find(secret.strip()) if kind.lower() == "bearer" else None
    if key is None:
        raise Problem("no-key", "the header Authorization is missing or names no known key", headers=CHALLENGE)
    request.scope.setdefault("state", {})["key"] = key.name
    if not key.allows(scope):
        raise Problem("wrong-scope", f"the key {key.name!r} has the scopes {', '.join(key.scopes)}, not {scope}")
    return Caller(key.name, key.scopes)


def check_site(request: Request, own: str) -> None:
    """Without keys, whoever can send from this machine is let in: not so a page of some site in a browser on it.

    Such a page can send without being asked only what needs no leave (`Origin` tells), or under a name of its own that
    suddenly means this machine (`Host` tells: public names have a dot). Raises Problem 403.
    """
    host = hostname(request.headers.get("host", ""))
    if "." in host and host != own and not is_address(host):
        raise Problem("foreign", f"no keys are asked for, and the header Host names {host}")
    origin = request.headers.get("origin")
    if origin is not None and hostname(origin.rpartition("//")[2]) != host:
        raise Problem("foreign", f"no keys are asked for, and the header Origin names {origin}")


def hostname(text: str) -> str:
    """A host without its port.

    >>> hostname("[::1]:8000"), hostname("localhost:8000"), hostname("127.0.0.1")
    ('::1', 'localhost', '127.0.0.1')
    """
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0].lower()


def is_address(host: str) -> bool:
    """Whether a host is an IP address and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
