"""The application: routes, templates, and headers that keep a browser from doing more than it must."""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import aiohttp_jinja2
import jinja2
from aiohttp import web
from markupsafe import Markup

from bot.errors import TemporaryError
from bot.flow.world import World
from bot.report.escape import visible
from bot.web import health, metrics, pages, webhook
from bot.web.keys import WORLD

__all__ = ["make_site"]

TEMPLATES = Path(__file__).parent / "templates"
SCRIPT = (TEMPLATES / "live.js").read_text(encoding="utf-8")
SCRIPT_DIGEST = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "style-src 'unsafe-inline'",
            f"script-src 'sha256-{SCRIPT_DIGEST}'",  # the pages' own, and no other
            "connect-src 'self'",
            "form-action 'none'",  # the default does not cover it
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Server": "tidegate",  # and not which version of what
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


NO_PAGE = "there is no such page\n"
STORE_DOWN = "the store does not answer now: try again in a while; /readyz says what is wrong\n"


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Add the headers above to every answer, those that say that there is no such page among them."""
    try:
        if "\0" in request.path:  # which no database can be asked for
            raise web.HTTPNotFound(text=NO_PAGE)
        response = await handler(request)
    except web.HTTPException as error:
        unrouted = NO_PAGE if error.status == 404 else f"{error.reason.lower()}\n"
        text = error.text if request.match_info.http_exception is None else unrouted
        response = refused(request, error.status, text or unrouted, error.headers)
    except TemporaryError:
        response = refused(request, 503, STORE_DOWN, {})
    response.headers.update(HEADERS)
    return response


def refused(request: web.Request, status: int, message: str, headers: Mapping[str, str]) -> web.Response:
    """A refusal: a page for a browser, else its one line."""
    kept = {name: value for name, value in headers.items() if name.lower() in ("allow", "location")}
    if "text/html" not in request.headers.get("Accept", ""):
        return web.Response(status=status, text=message, headers=kept)
    words = message[:1].upper() + message[1:].rstrip("\n") + "."
    response = aiohttp_jinja2.render_template("refused.html", request, {"status": status, "message": words})
    response.set_status(status)
    response.headers.update(kept)
    return response


def seen(value: object) -> object:
    """What a page writes: text with everything that cannot be seen, or turns other text around, written out."""
    return visible(value) if type(value) is str else value


def make_site(world: World) -> web.Application:
    """The server's HTTP side over a world."""
    app = web.Application(middlewares=[metrics.measured, guarded], client_max_size=webhook.MAX_BODY)
    app[WORLD] = world
    environment = aiohttp_jinja2.setup(app, loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, finalize=seen)
    environment.globals["live"] = Markup(SCRIPT)
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
