"""NDJSON in, NDJSON out: lines of a body as it arrives, answers in their order, a bounded number in between."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

MEDIA: Final = "application/x-ndjson"
PART: Final = 64 << 10
"""Bytes of answers that are sent together, where more are done."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a body, from 1 on, without its break. `body` is None where it was longer than allowed."""

    number: int
    body: bytes | None


async def lines_of(request: Request, longest: int) -> AsyncIterator[Line]:
    """The lines of a body that are not blank. A line longer than `longest` bytes is passed over, not held."""
    number = 0
    held = bytearray()
    too_long = False
    async for chunk in request.stream():
        *whole, rest = chunk.split(b"\n")
        for piece in whole:
            number += 1
            held += piece
            line = Line(number, None if too_long or len(held) > longest else bytes(held))
            held.clear()
            too_long = False
            if line.body is None or line.body.strip():
                yield line
        held += rest
        if len(held) > longest:
            too_long = True
            held.clear()
    if too_long or held.strip():
        yield Line(number + 1, None if too_long or len(held) > longest else bytes(held))


Answers = deque["asyncio.Task[bytes] | asyncio.Future[bytes]"]


class InOrder(Response):
    """Answers lines while they arrive. At most `window` lines, or `most_bytes`, are between the two streams.

    begin: starts the work on a line, and may wait before it does. Once the window is full nothing more is read until
    the client has taken an answer.
    """

    media_type = MEDIA

    def __init__(
        self,
        lines: AsyncIterator[Line],
        begin: Callable[[Line], Awaitable["asyncio.Future[bytes]"]],
        window: int,
        most_bytes: int,
    ) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers()
        self._lines = lines
        self._begin = begin
        self._window = window
        self._most_bytes = most_bytes
        self._under_way: deque[tuple[int, asyncio.Future[bytes]]] = deque()
        self._bytes = 0
        self._room = asyncio.Event()
        self._news = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        reader = asyncio.create_task(self._read())
        try:
            while (part := await self._next_part(reader)) is not None:
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except ClientDisconnect:
            pass
        finally:
            reader.cancel()
            for _, future in self._under_way:
                future.cancel()

    async def _read(self) -> None:
        """Start work on lines as they come, as far as there is room."""
        async for line in self._lines:
            while self._under_way and (len(self._under_way) >= self._window or self._bytes >= self._most_bytes):
                self._room.clear()
                await self._room.wait()
            size = len(line.body or b"")
            self._bytes += size
            self._under_way.append((size, await self._begin(line)))
            self._news.set()

    async def _next_part(self, reader: "asyncio.Task[None]") -> bytes | None:
        """Answers that are done, in order; None when there will be no more."""
        while not self._under_way:
            if reader.done():
                await reader  # raises what ended it
                return None
            self._news.clear()
            news = asyncio.create_task(self._news.wait())
            await asyncio.wait((news, reader), return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
        part = bytearray()
        while self._under_way and (not part or (self._under_way[0][1].done() and len(part) < PART)):
            size, future = self._under_way[0]
            part += await future + b"\n"
            self._under_way.popleft()
            self._bytes -= size
            self._room.set()
        return bytes(part)
