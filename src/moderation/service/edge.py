"""What every request passes: an id, a limit on its body, a log line, a measurement; and faults become problems."""

import asyncio
import re
import time
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moderation.service.core import RETRY, Service
from moderation.service.errors import Problem, answer
from moderation.service.ids import new_id
from moderation.service.logs import LOG, log_request

GIVEN_ID: Final = re.compile(rb"[\w.:@-]{1,128}")
"""Request ids that are taken over from the header; others are replaced."""
UNLIMITED: Final = "unlimited body"
"""A route sets this in the scope's state when it limits its body itself, line by line."""
PATIENT: Final = "patient body"
"""A route sets this where each part of its body may take `seconds`, and not all of them together."""


class Edge:
    """Wraps the whole application, or one of its doors."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        passage = Passage(self.service, scope, receive, send)
        try:
            await self.app(scope, passage.receive, passage.send)
        except Problem as problem:
            await passage.refuse(problem)
        except Exception:
            LOG.exception("request failed", extra={"fields": {"request_id": passage.id}})
            await passage.refuse(Problem("fault", "an unexpected error; the log has it under the request id"))
        finally:
            passage.finish()


class Passage:
    """One request on its way through."""

    def __init__(self, service: Service, scope: Scope, receive: Receive, send: Send) -> None:
        self.service = service
        self.scope = scope
        self._receive = receive
        self._send = send
        self.id = request_id(scope)
        self.state: dict[str, Any] = scope.setdefault("state", {})
        self.state["request_id"] = self.id
        self.begin = time.perf_counter()
        self.status = 0
        self.bytes_in = 0
        self.bytes_out = 0

    async def receive(self) -> Message:
        """A part of the body. Raises Problem 408, 413 or 503."""
        settings = self.service.settings
        if not self.bytes_in and declared(self.scope) > settings.body_bytes and UNLIMITED not in self.state:
            raise Problem("too-large", f"the body has more than {settings.body_bytes} bytes")
        left = settings.seconds
        if PATIENT not in self.state:
            left += self.begin - time.perf_counter()
        unlimited = UNLIMITED in self.state
        if self.status or unlimited:
            message = await self._receive()
        else:
            try:
                async with asyncio.timeout(max(left, 0.001)):
                    message = await self._receive()
            except TimeoutError:
                what = "no part of the body came" if PATIENT in self.state else "the body was not there"
                raise Problem("slow-body", f"{what} within {settings.seconds:g} seconds") from None
        size = len(message.get("body", b""))
        self.bytes_in += size
        if not unlimited:
            self.hold(size)
        return message

    def hold(self, size: int) -> None:
        """Count bytes that stay in memory until the answer is sent. Raises Problem 413 or 503."""
        settings = self.service.settings
        self.service.held_bytes += size
        self.state["held"] = self.state.get("held", 0) + size
        if self.bytes_in > settings.body_bytes:
            raise Problem("too-large", f"the body has more than {settings.body_bytes} bytes")
        if self.service.held_bytes > settings.memory_bytes:
            raise Problem("busy", "too many bytes are being worked on already", headers=RETRY)

    async def send(self, message: Message) -> None:
        """Add the id to the head of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message.setdefault("headers", [])
            MutableHeaders(raw=message["headers"]).setdefault("x-request-id", self.id)
        else:
            self.bytes_out += len(message.get("body", b""))
        await self._send(message)

    async def refuse(self, problem: Problem) -> None:
        """Answer with a problem, unless an answer has begun already."""
        if self.status:
            return
        await answer(problem, self.scope)(self.scope, self.receive, self.send)

    def finish(self) -> None:
        """Measure and log."""
        self.service.held_bytes -= self.state.get("held", 0)
        seconds = time.perf_counter() - self.begin
        route = str(self.state.get("route") or getattr(self.scope.get("route"), "path", "other"))
        self.service.metrics.request(route, self.scope["method"], self.status, seconds)
        log_request(self.scope, self.state, self.status, seconds, self.bytes_in, self.bytes_out)


def declared(scope: Scope) -> int:
    """How long the body is by its head; 0 where it does not say."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def request_id(scope: Scope) -> str:
    """The id that the caller gave, or a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and GIVEN_ID.fullmatch(value):
            return str(value, "ascii")
    return new_id()
