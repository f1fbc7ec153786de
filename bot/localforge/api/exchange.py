"""What all API handlers share: who calls, which repository, JSON in, pages of JSON out, ETags and rate limits.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from bot.localforge.apps import Actor, app_of_jwt, by_token
from bot.localforge.core import Core
from bot.localforge.door import CORE, LOGIN, door_of, refusal
from bot.localforge.errors import ApiError, invalid, missing
from bot.localforge.rows import Pull, Repository

__all__ = [
    "ALLOWANCE",
    "Allowance",
    "actor",
    "api_rules",
    "body",
    "core",
    "number",
    "page",
    "pull",
    "reach",
    "repository",
    "text",
    "window",
]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MAX_PAGE, DEFAULT_PAGE = 100, 30
LIMIT = 100_000
ACTOR = web.RequestKey("actor", Actor)


class Allowance:
    """Requests per credential within the running hour."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self._used: dict[tuple[str, int], int] = {}

    def headers(self, who: str, now: datetime, cost: int) -> dict[str, str]:
        """Count `cost` requests, and say how many are left."""
        hour = int(now.astimezone(UTC).timestamp()) // 3600
        self._used = {key: count for key, count in self._used.items() if key[1] == hour}
        used = self._used[who, hour] = self._used.get((who, hour), 0) + cost
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - used)),
            "X-RateLimit-Used": str(used),
            "X-RateLimit-Reset": str((hour + 1) * 3600),
            "X-RateLimit-Resource": "core",
        }


ALLOWANCE = web.AppKey("allowance", Allowance)


def _authenticate(request: web.Request) -> Actor:
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        raise ApiError(401, "Requires authentication")
    if scheme.lower() not in ("bearer", "token"):
        raise ApiError(401, "Bad credentials")
    if credential.count(".") == 2 and not credential.startswith("ghs_"):
        return app_of_jwt(request.app[CORE], credential)
    found = by_token(request.app[CORE], credential)
    if found is None:
        raise ApiError(401, "Bad credentials")
    return found


@web.middleware
async def api_rules(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Authentication, refusals in GitHub's shape, ETags and rate limits for everything under the API's root."""
    if door_of(request.path) != "api":
        return await handler(request)
    who = "nobody"
    try:
        caller = request[ACTOR] = _authenticate(request)
        who = f"{caller.account.login}:{caller.kind}"
        request[LOGIN] = caller.account.login
        response = await handler(request)
    except ApiError as error:
        response = refusal(error)
    except web.HTTPException as error:
        response = refusal(ApiError(error.status, error.reason))
    cost = 1
    if request.method == "GET" and response.status == 200 and isinstance(response, web.Response):
        tag = f'W/"{hashlib.sha256(_bytes(response)).hexdigest()}"'
        if tag in [each.strip() for each in request.headers.get("If-None-Match", "").split(",")]:
            link = {"Link": response.headers["Link"]} if "Link" in response.headers else {}
            response, cost = web.Response(status=304, headers=link), 0
        response.headers["ETag"] = tag
    now = request.app[CORE].clock()
    response.headers.update(request.app[ALLOWANCE].headers(who, now, cost))
    response.headers["Date"] = format_datetime(now.astimezone(UTC), usegmt=True)
    response.headers["X-GitHub-Media-Type"] = "github.v3; format=json"
    return response


def _bytes(response: web.Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b""


def core(request: web.Request) -> Core:
    """The forge behind the request."""
    return request.app[CORE]


def actor(request: web.Request, *kinds: str) -> Actor:
    """Who calls. ApiError 401 or 403: not by one of these kinds of credential."""
    caller = request[ACTOR]
    if not kinds and caller.kind == "app":
        raise ApiError(401, "A JSON web token is not enough here; use an installation access token")
    if kinds and caller.kind not in kinds:
        if kinds == ("app",):
            raise ApiError(401, "A JSON web token could not be decoded")
        raise ApiError(403, "Resource not accessible by personal access token")
    return caller


def repository(request: web.Request, role: str = "read") -> Repository:
    """The repository that the path names. ApiError 404: none that the caller may see; 403: not in that role."""
    found = core(request).find(request.match_info["owner"], request.match_info["name"])
    if found is None:
        raise missing()
    return reach(request, found, role)


def reach(request: web.Request, found: Repository, role: str = "read") -> Repository:
    """That repository, if the caller's credential and account reach it."""
    caller, forge = actor(request), core(request)
    installation = forge.state.installations.get(caller.token.installation) if caller.token else None
    if not caller.reaches(found.id, found.owner, installation.account if installation else None):
        if found.private or role != "read":
            raise missing() if found.private else ApiError(403, "Resource not accessible by integration")
        return found
    forge.require(found, caller.account, role)
    return found


def number(request: web.Request, name: str = "number") -> int:
    """A number in the path."""
    return int(request.match_info[name])


def pull(request: web.Request) -> Pull:
    """The pull request that the path names."""
    return core(request).pull(repository(request), number(request))


async def body(request: web.Request) -> dict[str, Any]:
    """The JSON object that was sent. ApiError 400: it is none."""
    raw = await request.read()
    try:
        found = json.loads(raw) if raw else {}
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "Problems parsing JSON") from error
    if not isinstance(found, dict):
        raise ApiError(400, "Body should be a JSON object")
    return found


def text(sent: dict[str, Any], resource: str, field: str, default: str | None = None) -> str:
    """A text of what was sent. ApiError 422: it is missing without a default, or no text."""
    value = sent.get(field)
    if value is None:
        if default is None:
            raise invalid(resource, field, "missing_field")
        return default
    if not isinstance(value, str):
        raise ApiError(422, f"Invalid request.\n\nFor 'properties/{field}', {json.dumps(value)[:80]} is not a string.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise invalid(resource, field, message=f"{field} is not valid Unicode") from error
    return value


def window(request: web.Request) -> tuple[int, int]:
    """Which page is asked for, and how many items a page has."""

    def wanted(name: str, default: int) -> int:
        found = request.query.get(name, "")
        return int(found) if found.isascii() and found.isdigit() and int(found[:9]) > 0 else default

    return wanted("page", 1), min(MAX_PAGE, wanted("per_page", DEFAULT_PAGE))


def page(
    request: web.Request, items: Sequence[Any], show: Callable[[Any], Any], wrap: str | None = None
) -> web.Response:
    """One page of a list, with links to the others; under the key `wrap` with the total where GitHub has it so."""
    at, size = window(request)
    last = max(1, -(-len(items) // size))
    links = []
    if at > 1:
        links += [("first", 1), ("prev", min(at - 1, last))]
    if at < last:
        links += [("next", at + 1), ("last", last)]
    shown = [show(each) for each in items[(at - 1) * size : at * size]]
    answer: Any = {"total_count": len(items), wrap: shown} if wrap else shown
    return web.json_response(
        answer, headers={"Link": ", ".join(_link(request, *each) for each in links)} if links else {}
    )


def _link(request: web.Request, relation: str, at: int) -> str:
    # Host and scheme as the client wrote them, so that it may follow the link as it is.
    url = request.url.with_query({**request.query, "page": str(at)})
    return f'<{url}>; rel="{relation}"'
