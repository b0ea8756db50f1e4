"""The review page at /, from the files in service/web."""

import mimetypes
from importlib import resources
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from moderation.service.core import Service

router = APIRouter()

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class Page(StaticFiles):
    """Files with the headers that let them load nothing from elsewhere."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response


def plug(app: FastAPI, service: Service) -> None:
    """Serve the files where no route has the path: a mount at / would hide that a method is wrong."""
    mimetypes.add_type("text/javascript", ".js")
    nothing = app.router.default
    page = Page(directory=Path(str(resources.files("moderation"))) / "service" / "web", html=True)

    async def files(scope: Scope, receive: Receive, send: Send) -> None:
        reading = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        await (page if reading else nothing)(scope, receive, send)

    app.router.default = files
