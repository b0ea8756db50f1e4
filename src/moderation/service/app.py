"""The application: routes, what they work with, and what becomes of errors."""

import importlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from moderation.errors import InputError, ModerationError, UsageError
from moderation.service.core import Service
from moderation.service.edge import Edge
from moderation.service.errors import Problem, answer, pointer
from moderation.service.logs import LOG
from moderation.service.metrics import METHODS
from moderation.service.openapi import describe
from moderation.service.requests import invalid, walked
from moderation.service.routes import clean
from moderation.service.settings import Settings

ROUTES: Final = ("clean", "batch", "moderations", "about", "admin", "health", "loop", "models", "page")
"""Modules of moderation.service.routes; each has a `router`. Where one has `plug(app, service)`, that is called too:
the place to add to
`service.keepers`, `service.on_start` or `service.on_stop`."""


class Application(FastAPI):
    """FastAPI with doors: requests for them, by method and path, skip the framework's layers, routing and dependencies,
    which cost as much as judging a small page. Each door does just what its route does.
    """

    doors: Mapping[tuple[str, str], ASGIApp] = MappingProxyType({})

    def build_middleware_stack(self) -> ASGIApp:
        """The layers around the routes, beside the doors."""
        layers = super().build_middleware_stack()

        async def entrance(scope: Scope, receive: Receive, send: Send) -> None:
            door = self.doors.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
            await (door or layers)(scope, receive, send)

        return entrance


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application. The model is loaded when it starts, not here."""
    service = Service(settings or Settings())

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        try:
            await service.start()
        except ModerationError as error:
            service.failure = error
            LOG.error("can't start", extra={"fields": {"reason": str(error)}})
            service.release()
            raise
        yield
        await service.stop()

    app = Application(title="moderation", docs_url=None, redoc_url=None, openapi_url=None, lifespan=life)
    app.state.service = service
    app.add_middleware(Edge, service=service)
    app.doors = {("POST", clean.PATH): Edge(clean.door(app), service)}
    add_handlers(app)
    add_openapi(app, keys=service.keys.required)
    for name in ROUTES:
        module = importlib.import_module(f"moderation.service.routes.{name}")
        app.include_router(module.router)
        if hasattr(module, "plug"):
            module.plug(app, service)
    return app


def add_openapi(app: FastAPI, *, keys: bool) -> None:
    """GET /openapi.json."""

    def page() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = describe(app, keys=keys)
        return app.openapi_schema

    app.openapi = page  # type: ignore[method-assign]

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> dict[str, Any]:
        return page()


def add_handlers(app: FastAPI) -> None:
    """Errors become problem details; what nobody expected is the Edge's."""

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: HTTPException) -> Response:
        problem = as_problem(error)
        if problem.status_code == 405:
            problem.headers = {"Allow": ", ".join(methods_of(app, request.scope))}
        return answer(problem, request.scope)

    @app.exception_handler(RequestValidationError)
    async def of_fields(request: Request, error: RequestValidationError) -> Response:
        return answer(field_problem(error), request.scope)

    @app.exception_handler(ModerationError)
    async def of_ours(request: Request, error: ModerationError) -> Response:
        kind = "invalid" if isinstance(error, InputError | UsageError) else "conflict"
        return answer(Problem(kind, str(error)), request.scope)


def methods_of(app: FastAPI, scope: Scope) -> list[str]:
    """The methods of all routes with the request's path; each route by itself knows only its own."""
    return [
        method
        for method in METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in app.routes)
    ]


def as_problem(error: HTTPException) -> Problem:
    """Starlette's own refusals."""
    if isinstance(error, Problem):
        return error
    kinds = {401: "no-key", 403: "wrong-scope", 404: "not-found", 405: "wrong-method", 413: "too-large"}
    kind = kinds.get(error.status_code, "bad-json" if error.status_code < 500 else "fault")
    return Problem(kind, str(error.detail), headers=error.headers)


def field_problem(error: RequestValidationError) -> Problem:
    """FastAPI's view of wrong fields, with the same pointers as ours."""
    rows = error.errors()
    if rows and rows[0]["type"] == "json_invalid":
        return Problem("bad-json", str(rows[0].get("ctx", {}).get("error", rows[0]["msg"])))
    return invalid([(place_of(row["loc"], error.body), row["msg"]) for row in rows])


def place_of(loc: Sequence[int | str], body: Any) -> str:
    """The pointer to a field of the body; for a parameter of the query or the path, one that names it.

    >>> place_of(("query", "limit"), None), place_of(("body", "text"), {"text": 1})
    ('#/query/limit', '#/text')
    """
    return walked(loc[1:], body) if loc[0] == "body" else pointer(*loc)
