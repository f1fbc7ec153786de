"""The API as an App sees it: itself, its installations and tokens, its hook and what that delivered."""

import re
from typing import Any

from aiohttp import web

from bot.localforge.api.exchange import actor, body, core, number, page, window
from bot.localforge.apps import installation_token
from bot.localforge.core import Core
from bot.localforge.errors import ApiError, missing
from bot.localforge.rows import Delivery, Repository
from bot.localforge.shapes.forge import APP_PERMISSIONS, app_json, delivery_json, installation_json, repository_json

__all__ = ["routes"]

routes = web.RouteTableDef()


@routes.get("/app")
async def get_app(request: web.Request) -> web.Response:
    """The App that signed the JWT."""
    actor(request, "app")
    return web.json_response(app_json(core(request), core(request).app))


@routes.get("/app/installations")
async def get_installations(request: web.Request) -> web.Response:
    """Where the App is installed."""
    actor(request, "app")
    forge = core(request)
    return page(request, [each.id for each in forge.state.installations], lambda id: installation_json(forge, id))


@routes.get(r"/app/installations/{number:\d+}")
async def get_installation(request: web.Request) -> web.Response:
    """One installation."""
    actor(request, "app")
    if core(request).state.installations.get(number(request)) is None:
        raise missing()
    return web.json_response(installation_json(core(request), number(request)))


@routes.get("/repos/{owner}/{name}/installation")
async def get_repository_installation(request: web.Request) -> web.Response:
    """The installation that covers a repository."""
    actor(request, "app")
    forge = core(request)
    found = forge.find(request.match_info["owner"], request.match_info["name"])
    for each in forge.state.installations:
        if found is not None and each.account == found.owner:
            return web.json_response(installation_json(forge, each.id))
    raise missing()


def _installed(forge: Core, installation: int) -> list[Repository]:
    account = forge.state.installations[installation].account
    return [each for each in forge.state.repositories if each.owner == account]


@routes.post(r"/app/installations/{number:\d+}/access_tokens")
async def create_token(request: web.Request) -> web.Response:
    """A token for an installation, for some of its repositories where the body names them."""
    actor(request, "app")
    forge = core(request)
    if forge.state.installations.get(number(request)) is None:
        raise missing()
    covered = _installed(forge, number(request))
    sent = await body(request)
    ids, names = sent.get("repository_ids", []), sent.get("repositories", [])
    if not isinstance(ids, list) or not isinstance(names, list):
        raise ApiError(422, "Invalid request.\n\nrepositories and repository_ids are lists.")
    wanted = [each for each in covered if each.id in ids or each.name in names]
    asked = len(ids) + len(names)
    if len(wanted) < asked:
        raise ApiError(
            422, "There is at least one repository that does not exist or is not accessible to the parent installation."
        )
    token = installation_token(forge, number(request), [each.id for each in wanted] if asked else None)
    answer: dict[str, Any] = {
        "token": token.secret,
        "expires_at": token.expires_at,
        "permissions": APP_PERMISSIONS,
        "repository_selection": "selected" if asked else "all",
    }
    if asked:
        answer["repositories"] = [repository_json(forge, each) for each in wanted]
    return web.json_response(answer, status=201)


@routes.get("/installation/repositories")
async def installation_repositories(request: web.Request) -> web.Response:
    """What the installation token reaches."""
    caller, forge = actor(request, "installation"), core(request)
    token = caller.token
    assert token is not None and token.installation is not None
    found = [
        each
        for each in _installed(forge, token.installation)
        if token.repositories is None or each.id in token.repositories
    ]
    return page(request, found, lambda each: repository_json(forge, each, caller.account), "repositories")


@routes.get("/app/hook/config")
async def hook_config(request: web.Request) -> web.Response:
    """How the App's webhook is set up; the secret is never shown."""
    actor(request, "app")
    url = core(request).app.webhook_url
    return web.json_response({"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": url})


@routes.get("/app/hook/deliveries")
async def deliveries(request: web.Request) -> web.Response:
    """What was delivered, newest first, by cursor."""
    actor(request, "app")
    forge, (_, size) = core(request), window(request)
    cursor = re.fullmatch(r"v1_(\d{1,15})", request.query.get("cursor", ""))
    found = [each for each in reversed(list(forge.state.deliveries)) if not cursor or each.id < int(cursor[1])]
    if wanted := request.query.get("status"):
        failed = wanted == "failure"
        found = [each for each in found if (not 200 <= each.status_code < 300) == failed]
    shown, headers = found[:size], {}
    if len(found) > size:
        url = request.url.with_query({**request.query, "cursor": f"v1_{shown[-1].id}"})
        headers["Link"] = f'<{url}>; rel="next"'
    return web.json_response([delivery_json(forge, each) for each in shown], headers=headers)


@routes.get(r"/app/hook/deliveries/{number:\d+}")
async def delivery(request: web.Request) -> web.Response:
    """One delivery with what was sent and answered."""
    return web.json_response(delivery_json(core(request), wanted_delivery(request), full=True))


@routes.post(r"/app/hook/deliveries/{number:\d+}/attempts")
async def redeliver(request: web.Request) -> web.Response:
    """Deliver once more under the same GUID."""
    core(request).webhooks.redeliver(wanted_delivery(request))
    return web.json_response({}, status=202)


def wanted_delivery(request: web.Request) -> Delivery:
    """The delivery that an App's address names. ApiError: there is none."""
    actor(request, "app")
    found = core(request).state.deliveries.get(number(request))
    if found is None:
        raise missing()
    return found
