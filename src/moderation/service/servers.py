"""The server's processes: one alone or a parent with workers, none of which takes a connection after a stop signal."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Final

import uvicorn
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from moderation.service.logs import LOG

STARTUP_FAILURE: Final = 3
"""Exit status of a worker that could not start."""
STOPPING: Final = (signal.SIGTERM, signal.SIGINT)


class Prompt(uvicorn.Server):
    """A server that stops listening at the signal and not at its next look around: a connection that is taken after it,
    or kept waiting, would get no answer."""

    _loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.refuse)

    def refuse(self) -> None:
        """Listen no more; connections that are there go on."""
        for server in getattr(self, "servers", ()):
            server.close()


class Alone(Prompt):
    """The one process of a service. announce: called with the listening socket once it takes work."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[socket.socket], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            self._announce(sockets[0])


class Worker(Process):
    """One of several."""

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = Prompt(config=self.config)
        return self._server


class Supervisor(Multiprocess):
    """Keeps the workers alive. SIGHUP goes to one of them, which swaps; the others follow it."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self._stopping = False
        for sig in STOPPING:
            signal.signal(sig, self.stop)

    def stop(self, sig: int, frame: FrameType | None) -> None:
        """At the signal, not at the next look around: the socket is refused only when nobody has it open any more."""
        self._stopping = True
        self.signal_queue.append(sig)
        for found in self.sockets:
            found.close()
        for process in self.processes:
            if process.pid and process.process.is_alive():
                os.kill(process.pid, signal.SIGTERM)

    def init_processes(self) -> None:
        for _ in range(self.processes_num):
            if not self._stopping:
                self.processes.append(self.started())

    def started(self) -> Worker:
        """A new worker."""
        process = Worker(self.config, self.sockets)
        process.start()
        return process

    def keep_subprocess_alive(self) -> None:
        """Replace workers that died, or answer no more; end where one can't start: the next could not either."""
        for place, process in enumerate(self.processes):
            if self._stopping or process.is_alive():
                continue
            process.kill()
            process.join()
            fields = {"pid": process.pid, "exit": process.exitcode}
            if process.exitcode == STARTUP_FAILURE:
                LOG.error("worker failed to start", extra={"fields": fields})
                self.should_exit.set()
                return
            if not self._stopping:
                self.processes[place] = self.started()
                LOG.warning("worker died", extra={"fields": {**fields, "replaced_by": self.processes[place].pid}})

    def handle_hup(self) -> None:
        for process in self.processes:
            if process.pid and process.process.is_alive():
                os.kill(process.pid, signal.SIGHUP)
                return
