"""What GitHub does not have: faults on demand, the forge's own record, and seeding a forge that is its own process."""

from pathlib import Path

from aiohttp import web

from bot.localforge import seeding
from bot.localforge.api.exchange import body, core
from bot.localforge.apps import personal_token
from bot.localforge.door import Handler, refusal
from bot.localforge.errors import ApiError, missing
from bot.localforge.faults import BadFault
from bot.localforge.merge_queue import enqueue
from bot.localforge.record import record
from bot.localforge.shapes.forge import repository_json, user_json

__all__ = ["refusals", "routes"]

routes = web.RouteTableDef()


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refusals of these addresses as JSON."""
    if not request.path.startswith("/_"):
        return await handler(request)
    try:
        return await handler(request)
    except ApiError as error:
        return refusal(error)
    except (KeyError, TypeError, ValueError) as error:
        return refusal(ApiError(422, f"{type(error).__name__}: {error}"))


@routes.get("/_faults")
async def list_faults(request: web.Request) -> web.Response:
    """The faults that wait."""
    return web.json_response(core(request).faults.listing())


@routes.post("/_faults")
async def add_faults(request: web.Request) -> web.Response:
    """Add a JSON list of faults (see `faults.Fault`)."""
    sent = await request.json()
    try:
        core(request).faults.add(sent if isinstance(sent, list) else [sent])
    except BadFault as error:
        raise ApiError(422, str(error)) from error
    return web.json_response(core(request).faults.listing(), status=201)


@routes.delete("/_faults")
async def clear_faults(request: web.Request) -> web.Response:
    """No more faults; what was held back goes out."""
    core(request).faults.clear()
    core(request).webhooks.release()
    return web.Response(status=204)


@routes.get("/_record")
async def get_record(request: web.Request) -> web.Response:
    """Everything that was said and done."""
    return web.json_response(record(core(request)))


@routes.delete("/_record/calls")
async def reset_calls(request: web.Request) -> web.Response:
    """Start the log of requests anew."""
    core(request).calls.reset()
    return web.Response(status=204)


@routes.get("/_admin/app")
async def get_app(request: web.Request) -> web.Response:
    """What a server needs to act as the App."""
    app = core(request).app
    keys = {"app_id": app.id, "private_key": app.private_key, "webhook_secret": app.secret}
    return web.json_response(keys | {"webhook_url": app.webhook_url, "slug": app.slug})


@routes.post("/_admin/users")
async def add_user(request: web.Request) -> web.Response:
    """{login, name?, email?} → the user and its personal token."""
    sent = await body(request)
    account = seeding.add_user(core(request), sent["login"], sent.get("name", ""), sent.get("email", ""))
    answer = user_json(core(request), account) or {}
    return web.json_response(answer | {"token": personal_token(core(request), account).secret}, status=201)


@routes.post("/_admin/teams")
async def add_team(request: web.Request) -> web.Response:
    """{org, slug, members: [login]}."""
    sent = await body(request)
    team = seeding.add_team(core(request), sent["org"], sent["slug"], sent["members"])
    return web.json_response({"id": team.id, "slug": team.slug}, status=201)


@routes.post("/_admin/repositories")
async def add_repository(request: web.Request) -> web.Response:
    """{full_name, path?, refs?: {branch: ref}, default_branch?, private?, roles?: {login: role}}."""
    sent, forge = await body(request), core(request)
    made = await seeding.add_repository(
        forge,
        sent["full_name"],
        Path(sent["path"]) if sent.get("path") else None,
        sent.get("refs"),
        default_branch=sent.get("default_branch", "main"),
        private=sent.get("private", False),
    )
    for login, role in sent.get("roles", {}).items():
        made = seeding.permit(forge, made, login, role)
    return web.json_response(repository_json(forge, made), status=201)


@routes.post("/_admin/roles")
async def permit(request: web.Request) -> web.Response:
    """{repository, login, role}."""
    sent = await body(request)
    found = core(request).find(*sent["repository"].split("/", 1))
    if found is None:
        raise missing()
    return web.json_response(
        repository_json(core(request), seeding.permit(core(request), found, sent["login"], sent["role"]))
    )


@routes.post("/_admin/queue")
async def queue(request: web.Request) -> web.Response:
    """{repository, number, login}: what GitHub does for "Merge when ready"; the commit that is to be checked."""
    sent, forge = await body(request), core(request)
    found, account = forge.find(*sent["repository"].split("/", 1)), forge.login(sent["login"])
    if found is None or account is None:
        raise missing()
    made = await enqueue(forge, forge.pull(found, sent["number"]), account)
    return web.json_response({"head_sha": made}, status=201)


@routes.post("/_admin/webhook")
async def set_webhook(request: web.Request) -> web.Response:
    """{url}; empty turns it off."""
    seeding.set_webhook(core(request), (await body(request))["url"])
    return web.Response(status=204)


@routes.post("/_admin/links")
async def set_links(request: web.Request) -> web.Response:
    """{text: url} to show beside every pull request."""
    seeding.set_links(core(request), await body(request))
    return web.Response(status=204)
