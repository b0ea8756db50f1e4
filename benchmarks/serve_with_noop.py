"""The service as `moderation serve` runs it, with one route more that does nothing but take the body."""

import sys
from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from moderation.service.app import create_app
from moderation.service.logs import configure
from moderation.service.run import SWITCH, announce, bound, server_config
from moderation.service.servers import Alone
from moderation.service.settings import Settings


def main(port: int) -> None:
    settings = replace(Settings(), port=port)
    configure(settings.log_level)
    sys.setswitchinterval(SWITCH)
    app = create_app(settings)

    @app.post("/noop")
    async def noop(request: Request) -> Response:
        await request.body()
        return Response(b"{}", media_type="application/json")

    Alone(server_config(settings, app), partial(announce, settings)).run(sockets=[bound(settings)])


if __name__ == "__main__":
    main(int(sys.argv[1]))
