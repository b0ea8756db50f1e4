"""Structured logs: one JSON object a line on stderr, without the texts unless they are asked for."""

import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from starlette.types import Scope

LOG: Final = logging.getLogger("moderation.service")


class JsonFormatter(logging.Formatter):
    """A record as JSON; `extra={"fields": {…}}` adds to it."""

    def format(self, record: logging.LogRecord) -> str:
        row: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            **said(record),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            row["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(row, default=str).decode()


def said(record: logging.LogRecord) -> dict[str, str]:
    """What happened: our events are a few fixed phrases; the server's sentences stand beside one."""
    if record.name.startswith("uvicorn"):
        return {"event": "server", "message": record.getMessage()}
    return {"event": record.getMessage()}


def configure(level: str) -> None:
    """Send our log, and the server's warnings, to stderr as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    for name in ("moderation", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(level.upper())
    if level != "debug":  # what it tells otherwise is told by events of our own
        server = logging.getLogger("uvicorn")
        server.setLevel(max(logging.WARNING, server.level))
    logging.getLogger("uvicorn.access").handlers = []


def log_request(
    scope: Scope, state: Mapping[str, Any], status: int, seconds: float, bytes_in: int, bytes_out: int
) -> None:
    """One line for a request that was answered."""
    if not LOG.isEnabledFor(logging.INFO):
        return
    fields: dict[str, Any] = {
        "request_id": state["request_id"],
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "ms": round(seconds * 1000, 2),
        "bytes_in": bytes_in,
        "bytes_out": bytes_out,
        "client": scope["client"][0] if scope.get("client") else None,
    }
    for name in ("key", "texts", "text"):
        if name in state:
            fields[name] = state[name]
    LOG.info("request", extra={"fields": fields})
