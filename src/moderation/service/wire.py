"""Head and body of an answer in one packet: the server writes them one after the other, each with a system call.

Each of those calls also hands the interpreter's lock to the judging thread, and waits to get it back.
"""

import asyncio
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol as ServerProtocol
else:
    ServerProtocol = AutoHTTPProtocol


class Corked:
    """A transport that holds a first write until the second, or until the loop's next turn."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Hold what comes first; send what comes second with it."""
        if not data:
            return
        if self._held:
            self._held += data
            self.flush()
        else:
            self._held = data
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Send what is held."""
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def close(self) -> None:
        """Close behind what is held."""
        self.flush()
        self._transport.close()


class Protocol(ServerProtocol):
    """The server's HTTP protocol over a corked transport."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(Corked(transport, asyncio.get_running_loop()))  # type: ignore[arg-type]
