"""The life of a worker process. Imports nothing heavy itself: a new process has to say first that it is ours."""

import os
import signal
import threading
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING, Any, Final

from moderation.process import ours

if TYPE_CHECKING:
    from moderation.crawl.engine import Job
    from moderation.crawl.plan import Shard

READY: Final = "ready"


def work(pipe: "Connection[Any, Any]") -> None:
    """Hears its job, then one shard after the other. Ctrl-C goes to the process that made it, which ends it."""
    ours()
    told = pipe.recv_bytes()  # at once: the other end waits until it is read
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
    from moderation.crawl.engine import Advanced, Noted, attempt, room_of  # noqa: PLC0415
    from moderation.errors import ModerationError  # noqa: PLC0415
    from moderation.kernel.jit import compile_notice  # noqa: PLC0415

    job: Job = ForkingPickler.loads(told)
    try:
        room = room_of(job)
    except ModerationError as error:
        pipe.send(error)
        return
    pipe.send(READY)
    with compile_notice(lambda line: pipe.send(Noted(f"moderation: {line}"))):
        while True:
            shard: Shard = pipe.recv()
            pipe.send(attempt(shard, room, lambda stored, rejected: pipe.send(Advanced(stored, rejected))))


def end_with_parent() -> None:
    """A worker whose run was killed must not go on writing."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
