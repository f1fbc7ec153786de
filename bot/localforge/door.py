"""What every request passes before its handler: loopback names only, no foreign pages, faults, errors, the call log."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from bot.localforge.core import Core
from bot.localforge.errors import ApiError
from bot.localforge.faults import Fault

__all__ = ["API", "CORE", "LOGIN", "NONCE", "Handler", "door_of", "guard", "lead_on", "log_calls", "refusal", "strike"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
CORE = web.AppKey("core", Core)
LOGIN = web.RequestKey("login", str)
NONCE = web.RequestKey("nonce", str)
API = "/api/v3"
LOOPBACK = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?")
SAFE = ("GET", "HEAD", "OPTIONS")
NAMED = re.compile(rf"(?P<root>{API}/repos)?/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?P<git>\.git)?(?P<rest>/.*)?")


def door_of(path: str) -> str:
    """Which part of the forge a path belongs to: api, git, test (the forge's own record and seeding) or page."""
    if path == API or path.startswith(f"{API}/"):
        return "api"
    if path.startswith("/_"):
        return "test"
    return "git" if re.match(r"/[^/]+/[^/]+\.git(/|$)", path) else "page"


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what another site's page could make a browser send: nothing here asks for a password."""
    # A foreign name that resolves to 127.0.0.1 would make its page same-origin with this one.
    if not LOOPBACK.fullmatch(request.host):
        return web.Response(status=421, text="This forge answers only to localhost and 127.0.0.1.\n")
    if request.method not in SAFE and door_of(request.path) != "api" and _from_elsewhere(request):
        return web.Response(status=403, text="Refused: this was sent by a page of another site.\n")
    return await handler(request)


def _from_elsewhere(request: web.Request) -> bool:
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host


@web.middleware
async def log_calls(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Write API and git requests down, with the forge's own time."""
    door = door_of(request.path)
    if door not in ("api", "git"):
        return await handler(request)
    started = time.perf_counter()
    status = 500
    try:
        response = await handler(request)
        status = response.status
        return response
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        path = request.path.removeprefix(API)
        account = request.get(LOGIN)
        request.app[CORE].calls.add(door, request.method, path, status, time.perf_counter() - started, account)


@web.middleware
async def lead_on(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lead from a repository's former name to its present one, as GitHub does for its API and for git.

    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
    """
    match = NAMED.fullmatch(request.path)
    core = request.app[CORE]
    moved = core.renamed(match["owner"], match["name"]) if match else None
    if match is None or moved is None:
        return await handler(request)
    path = f"{match['root'] or ''}/{core.full_name(moved)}{match['git'] or ''}{match['rest'] or ''}"
    place = request.url.with_path(path).with_query(request.query)
    status = 301 if request.method in SAFE else 307
    message = {301: "Moved Permanently", 307: "Temporary Redirect"}[status]
    return web.json_response({"message": message, "url": str(place)}, status=status, headers={"Location": str(place)})


@web.middleware
async def strike(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a fault that waits for this request happen."""
    door = door_of(request.path)
    fault = request.app[CORE].faults.request(door, request.method, request.path.removeprefix(API))
    if fault is None:
        return await handler(request)
    if fault.kind == "status":
        return _failure(fault)
    if fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
        return await handler(request)
    response = await handler(request)
    if request.transport is not None:
        request.transport.abort()
    return response


def _failure(fault: Fault) -> web.Response:
    texts = {
        401: "Bad credentials",
        403: "You have exceeded a secondary rate limit.",
        422: "No commit found for SHA",
        429: "API rate limit exceeded.",
    }
    headers = dict(fault.headers)
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    body = {"message": texts.get(fault.status, "Server Error"), "documentation_url": "https://docs.github.com/rest"}
    return web.json_response(body, status=fault.status, headers=headers)


def refusal(error: ApiError) -> web.Response:
    """A refusal as GitHub writes it."""
    body = {
        "message": error.message,
        **({"errors": list(error.errors)} if error.errors else {}),
        "documentation_url": "https://docs.github.com/rest",
        "status": str(error.status),
    }
    return web.json_response(body, status=error.status)
