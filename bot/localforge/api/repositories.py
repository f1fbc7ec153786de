"""The API on repositories and who may use them: listing, forks, people, teams, permissions."""

from dataclasses import replace

from aiohttp import web

from bot.localforge.api.exchange import actor, body, core, number, page, reach, repository, text
from bot.localforge.apps import Actor
from bot.localforge.core import ROLES, Core
from bot.localforge.errors import ApiError, missing
from bot.localforge.events import tell_repository
from bot.localforge.git.write import copy
from bot.localforge.rows import Account, Repository
from bot.localforge.shapes.forge import repository_json, user_json

__all__ = ["fork", "routes"]

routes = web.RouteTableDef()


@routes.get("/user")
async def get_user(request: web.Request) -> web.Response:
    """Whose token it is."""
    caller = actor(request)
    if caller.kind != "user":
        raise ApiError(403, "Resource not accessible by integration")
    return web.json_response(user_json(core(request), caller.account))


@routes.get("/users/{login}")
async def get_someone(request: web.Request) -> web.Response:
    """An account by login."""
    actor(request, "app", "installation", "user")
    found = core(request).login(request.match_info["login"])
    if found is None:
        raise missing()
    return web.json_response(user_json(core(request), found))


@routes.get(r"/user/{number:\d+}")
async def get_someone_by_id(request: web.Request) -> web.Response:
    """An account by id."""
    actor(request, "app", "installation", "user")
    found = core(request).account(number(request))
    if found is None:
        raise missing()
    return web.json_response(user_json(core(request), found))


@routes.get("/user/repos")
async def user_repositories(request: web.Request) -> web.Response:
    """What the token's account owns or works on."""
    caller, forge = actor(request), core(request)
    if caller.kind != "user":
        raise ApiError(403, "Resource not accessible by integration")
    id = caller.account.id
    found = [each for each in forge.state.repositories if each.owner == id or str(id) in each.roles]
    return page(request, found, lambda each: repository_json(forge, each, caller.account))


@routes.get("/repos/{owner}/{name}")
async def get_repository(request: web.Request) -> web.Response:
    """One repository."""
    return _shown(request, repository(request), actor(request))


@routes.patch("/repos/{owner}/{name}")
async def rename(request: web.Request) -> web.Response:
    """Give it another name; the old one leads to it."""
    found, forge, who = repository(request, "admin"), core(request), actor(request)
    name = text(await body(request), "Repository", "name", found.name)
    if name != found.name:
        forge.check_name(forge.known(found.owner), name)
        former = [*(each for each in found.former if each != name), found.name]
        changes = {"repository": {"name": {"from": found.name}}}
        found = forge.state.repositories.put(replace(found, name=name, former=former))
        tell_repository(forge, found, who.account, "renamed", changes=changes)
    return _shown(request, found, who)


@routes.get(r"/repositories/{number:\d+}")
async def get_repository_by_id(request: web.Request) -> web.Response:
    """One repository by its immutable id."""
    found = core(request).state.repositories.get(number(request))
    if found is None:
        raise missing()
    return _shown(request, reach(request, found), actor(request))


def _shown(request: web.Request, found: Repository, caller: Actor) -> web.Response:
    return web.json_response(repository_json(core(request), found, caller.account))


@routes.post("/repos/{owner}/{name}/forks")
async def create_fork(request: web.Request) -> web.Response:
    """A fork of the repository under the caller's own account."""
    caller, forge = actor(request), core(request)
    return web.json_response(repository_json(forge, await fork(forge, repository(request), caller.account)), status=202)


async def fork(core: Core, source: Repository, owner: Account) -> Repository:
    """Somebody's copy of a repository, to propose changes from; the one they have already, where they have one."""
    for each in core.state.repositories:
        if each.fork_of == source.id and each.owner == owner.id:
            return each
    made = await core.add_repository(
        owner, source.name, source.default_branch, private=source.private, fork_of=source.id
    )
    await copy(await core.git(made), core.git_path(source), ["+refs/heads/*:refs/heads/*"])
    return made


@routes.get("/repos/{owner}/{name}/collaborators/{login}/permission")
async def permission(request: web.Request) -> web.Response:
    """What somebody may do here: `permission` in the four old words, `role_name` in all six."""
    found, forge = repository(request), core(request)
    actor(request)
    account = forge.login(request.match_info["login"])
    if account is None:
        raise missing()
    role = forge.role(found, account)
    old = {"maintain": "write", "triage": "read"}.get(role, role)
    return web.json_response({"permission": old, "role_name": role, "user": user_json(forge, account)})


@routes.get("/repos/{owner}/{name}/collaborators/{login}")
async def is_collaborator(request: web.Request) -> web.Response:
    """204 when somebody was given a role here."""
    found = repository(request)
    account = core(request).login(request.match_info["login"])
    if account is None or (str(account.id) not in found.roles and account.id != found.owner):
        raise missing()
    return web.Response(status=204)


@routes.put("/repos/{owner}/{name}/collaborators/{login}")
async def permit(request: web.Request) -> web.Response:
    """Give somebody a role: pull, triage, push, maintain or admin."""
    found, forge = repository(request, "admin"), core(request)
    account = forge.login(request.match_info["login"])
    if account is None:
        raise missing()
    wanted = text(await body(request), "Repository", "permission", "push")
    role = {"pull": "read", "push": "write"}.get(wanted, wanted)
    if role not in ROLES[1:]:
        raise ApiError(422, f"permission: {wanted!r} is none of pull, triage, push, maintain, admin")
    forge.state.repositories.put(replace(found, roles={**found.roles, str(account.id): role}))
    return web.Response(status=204)


@routes.delete("/repos/{owner}/{name}/collaborators/{login}")
async def revoke(request: web.Request) -> web.Response:
    """Take somebody's role away."""
    found, forge = repository(request, "admin"), core(request)
    account = forge.login(request.match_info["login"])
    roles = {id: role for id, role in found.roles.items() if account is None or id != str(account.id)}
    forge.state.repositories.put(replace(found, roles=roles))
    return web.Response(status=204)


@routes.get("/orgs/{org}/teams/{slug}/members")
async def team_members(request: web.Request) -> web.Response:
    """The members of a team; only the organization's own members and Apps installed on it may look."""
    caller, forge = actor(request), core(request)
    org = forge.login(request.match_info["org"])
    for team in forge.state.teams:
        if org is None or (team.org.lower(), team.slug) != (org.login.lower(), request.match_info["slug"].lower()):
            continue
        installation = forge.state.installations.get(caller.token.installation) if caller.token else None
        belongs = any(each.org == team.org and caller.account.id in each.members for each in forge.state.teams)
        if belongs or (installation is not None and installation.account == org.id):
            members = [forge.known(id) for id in team.members]
            return page(request, members, lambda each: user_json(forge, each))
    raise missing()
