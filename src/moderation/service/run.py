"""Running the service: what is refused at the start, one process or several, signals."""

import json
import os
import signal
import socket
import sys
import threading
from dataclasses import asdict, replace
from functools import partial
from ipaddress import ip_address
from typing import Final

import uvicorn
from fastapi import FastAPI

from moderation.errors import ModerationError, UsageError
from moderation.model.store import model_folder
from moderation.policy import load_policy
from moderation.service.app import create_app
from moderation.service.keys import Keys
from moderation.service.logs import LOG, configure
from moderation.service.metrics import SHARED
from moderation.service.models import prepare
from moderation.service.scratch import Scratch, sweep
from moderation.service.servers import Alone, Supervisor
from moderation.service.settings import Settings
from moderation.service.wire import Protocol

HANDED: Final = "MODERATION_SERVE_SETTINGS"
"""The environment variable by which the parent hands its settings to its workers."""
SWITCH: Final = 0.0001
"""Seconds after which a thread that holds the interpreter's lock gives it up to one that waits: with the usual 0.005 a
small request waits that long, several times over, beside a text that is being judged."""
LEVELS: Final = ("debug", "info", "warning", "error")


def serve(settings: Settings) -> None:
    """Run until a signal. Raises ModerationError where it can't start."""
    check(settings)
    configure(settings.log_level)
    sys.setswitchinterval(SWITCH)
    if settings.workers == 1:
        serve_alone(settings)
    else:
        serve_many(settings)


def check(settings: Settings) -> None:
    """Whatever can be refused before anything is loaded. Raises ModerationError."""
    if settings.log_level not in LEVELS:
        raise UsageError(f"--log-level must be one of {', '.join(LEVELS)}, found {settings.log_level!r}")
    Keys.load(settings.keys)
    if not settings.keys and not settings.insecure_no_auth and not is_loopback(settings.host):
        raise UsageError(
            f"{settings.host} can be reached from elsewhere, and no keys are asked for; make keys with `moderation "
            "keys add NAME --keys FILE` and give --keys FILE, or --insecure-no-auth where others are kept out otherwise"
        )
    model_folder(settings.model)
    load_policy(settings.policy)
    load_policy(settings.moderations_policy)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def server_config(settings: Settings, app: FastAPI | str) -> uvicorn.Config:
    """The server's own settings."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        http=Protocol,
        ws="none",
        lifespan="on",
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=max(1, round(settings.stop_seconds)),
    )


def bound(settings: Settings) -> socket.socket:
    """The listening socket. Raises UsageError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((settings.host, settings.port))
    except OSError as error:
        raise UsageError(f"can't listen on {settings.host} port {settings.port}: {error.strerror}") from None
    found.set_inheritable(True)
    return found


def announce(settings: Settings, listening: socket.socket) -> None:
    """Say where it listens."""
    host, port = listening.getsockname()[:2]
    url = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
    LOG.info("listening", extra={"fields": {"url": url, "workers": settings.workers, "keys": bool(settings.keys)}})


def serve_alone(settings: Settings) -> None:
    """One process. Raises ModerationError where it can't start."""
    app = create_app(settings)
    server = Alone(server_config(settings, app), partial(announce, settings))
    server.run(sockets=[bound(settings)])
    failure: ModerationError | None = app.state.service.failure
    if failure:
        raise failure


def serve_many(settings: Settings) -> None:
    """Several processes, which share the listening socket, the model's pages and the state folder."""
    sweep()
    scratch = Scratch()
    try:
        settings = settings if settings.state else replace(settings, state=str(scratch.folder / "state"))
        metrics = scratch.folder / "metrics"
        metrics.mkdir()
        os.environ[SHARED] = str(metrics)
        os.environ[HANDED] = json.dumps(asdict(settings))
        prepare(str(model_folder(settings.model)), settings.policy, settings.moderations_policy, 0)
        config = server_config(settings, "moderation.service.run:worker_app")
        listening = bound(settings)
        announce(settings, listening)
        Supervisor(config, sockets=[listening]).run()
        LOG.info("stopped", extra={"fields": {"pid": os.getpid(), "workers": settings.workers}})
    finally:
        scratch.close()


def worker_app() -> FastAPI:
    """The application of a worker."""
    settings = Settings(**json.loads(os.environ[HANDED]))
    configure(settings.log_level)
    sys.setswitchinterval(SWITCH)
    end_with_parent(os.getppid())
    return create_app(settings)


def end_with_parent(parent: int) -> None:
    """Stop, gracefully, when the parent is gone: without it nobody would."""

    def watch() -> None:
        while os.getppid() == parent:
            threading.Event().wait(1.0)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="parent").start()
