"""The application: routes, templates, and headers that keep a browser from doing more than it must."""

from collections.abc import Awaitable, Callable

import aiohttp_jinja2
import jinja2
from aiohttp import web

from bot.flow.world import World
from bot.web import health, metrics, pages, webhook
from bot.web.keys import WORLD

__all__ = ["make_site"]

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Add the headers above to every answer, those that say that there is no such page among them."""
    try:
        if "\0" in request.path:  # which no database can be asked for
            raise web.HTTPNotFound(text="there is no such page\n")
        response = await handler(request)
    except web.HTTPException as error:
        error.headers.update(HEADERS)
        raise
    response.headers.update(HEADERS)
    return response


def make_site(world: World) -> web.Application:
    """The server's HTTP side over a world."""
    app = web.Application(middlewares=[metrics.measured, guarded], client_max_size=webhook.MAX_BODY)
    app[WORLD] = world
    aiohttp_jinja2.setup(app, loader=jinja2.PackageLoader("bot.web"), autoescape=True)
    app.add_routes(
        [
            web.post("/webhook/{forge}", webhook.receive),
            web.get("/healthz", health.healthz),
            web.get("/readyz", health.readyz),
            web.get("/metrics", metrics.metrics),
            web.get("/", pages.dashboard),
            web.get("/environments/{forge}/{owner}/{repository}/{name}", pages.environment),
            web.get("/pulls/{forge}/{owner}/{repository}/{number}", pages.pull_request),
        ]
    )
    return app
