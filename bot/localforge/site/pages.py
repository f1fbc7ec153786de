"""The pages that people see: lists, files, a pull request with its thread. Rendered here, no script needed.

Signing in is one click and a cookie; what a page may do is what the account may.
"""

import secrets
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web

from bot.localforge.api.exchange import number
from bot.localforge.door import CORE, NONCE, Handler, door_of
from bot.localforge.errors import ApiError, missing
from bot.localforge.site import forms
from bot.localforge.site.session import found_pull, found_repository, viewer
from bot.localforge.site.view import hue, initials, pull_view, split_ref

__all__ = ["attach", "refusals"]

HERE = Path(__file__).parent
NO_PAGE = "There is no such page, or none that you may see."
routes = web.RouteTableDef()


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refusals as a page, and headers that keep a page from loading or running anything but its own."""
    if door_of(request.path) != "page":
        return await handler(request)
    request[NONCE] = secrets.token_urlsafe(12)
    try:
        response = await handler(request)
    except ApiError as error:
        words = NO_PAGE if error.status == 404 else error.words
        response = shown(request, "refused.html", status=error.status, message=words)
    except web.HTTPNotFound:
        response = shown(request, "refused.html", status=404, message=NO_PAGE)
    policy = f"default-src 'none'; style-src 'self'; script-src 'nonce-{request[NONCE]}'; connect-src 'self'"
    response.headers["Content-Security-Policy"] = (
        f"{policy}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def shown(request: web.Request, template: str, status: int = 200, **facts: Any) -> web.Response:
    """A page."""
    common = {"viewer": viewer(request), "core": request.app[CORE], "nonce": request[NONCE], "here": request.path}
    response = aiohttp_jinja2.render_template(template, request, {**common, "status": status, **facts})
    response.set_status(status)
    return response


@routes.get("/")
async def home(request: web.Request) -> web.Response:
    """All repositories that the viewer may read, with their open pull requests."""
    core = request.app[CORE]
    found = [each for each in core.state.repositories if core.may(each, viewer(request), "read")]
    listed = [(core.full_name(each), core.pulls(each, "open")[::-1], len(core.pulls(each, "closed"))) for each in found]
    return shown(request, "home.html", repositories=listed)


@routes.get("/login")
async def login(request: web.Request) -> web.Response:
    """Who to be."""
    core = request.app[CORE]
    people = [each for each in core.state.accounts if each.type == "User"]
    return shown(request, "login.html", people=people, back=request.query.get("back", "/"))


@routes.get("/{owner}/{name}")
async def repository(request: web.Request) -> web.Response:
    """Files of a branch, all branches, all pull requests."""
    found, core = found_repository(request), request.app[CORE]
    git = await core.git(found)
    ref = request.query.get("ref", found.default_branch)
    sha = await git.resolve(ref)
    return shown(
        request,
        "repository.html",
        full_name=core.full_name(found),
        ref=ref,
        commit=await git.commit(sha) if sha else None,
        files=await git.tree(sha) if sha else (),
        branches=git.branches,
        open=core.pulls(found, "open")[::-1],
        closed=core.pulls(found, "closed")[::-1],
        clone=f"{core.url}/{core.full_name(found)}.git",
    )


@routes.get("/{owner}/{name}/blob/{rest:(?s:.+)}")
async def blob(request: web.Request) -> web.Response:
    """One file."""
    found, core = found_repository(request), request.app[CORE]
    ref, path = await split_ref(core, found, request.match_info["rest"])
    git = await core.git(found)
    sha = await git.resolve(ref)
    entry = next((each for each in (await git.tree(sha) if sha else ()) if each.path == path), None)
    if entry is None or entry.kind != "blob":
        raise missing()
    data = await git.blob(entry.sha)
    text = None if b"\0" in data else data.decode(errors="replace")
    return shown(
        request, "blob.html", full_name=core.full_name(found), ref=ref, path=path, text=text, branches=git.branches
    )


async def _thread(request: web.Request, template: str) -> web.Response:
    found, core = found_repository(request), request.app[CORE]
    pull = found_pull(request)
    source = core.state.repositories.get(pull.head_repository)
    return shown(
        request,
        template,
        full_name=core.full_name(found),
        source=core.full_name(source) if source else None,
        view=await pull_view(core, pull),
        base_path=f"/{core.full_name(found)}/pull/{pull.number}",
        can_write=core.may(found, viewer(request), "write"),
        links=core.app.links,
    )


@routes.get(r"/{owner}/{name}/pull/{number:\d+}")
async def pull(request: web.Request) -> web.Response:
    """A pull request."""
    return await _thread(request, "pull.html")


@routes.get(r"/{owner}/{name}/pull/{number:\d+}/fragment")
async def fragment(request: web.Request) -> web.Response:
    """The part of a pull request's page that changes by itself."""
    return await _thread(request, "live.html")


@routes.get(r"/{owner}/{name}/runs/{number:\d+}")
async def check_run(request: web.Request) -> web.Response:
    """A check run's page is its pull request's."""
    found, core = found_repository(request), request.app[CORE]
    run = core.state.check_runs.get(number(request))
    for each in core.pulls(found):
        if run is not None and each.head_sha == run.head_sha:
            raise web.HTTPSeeOther(f"/{core.full_name(found)}/pull/{each.number}#checks")
    raise missing()


def when(text: str) -> str:
    """A time as people read it."""
    return f"{text[:10]} {text[11:16]} UTC"


def attach(app: web.Application) -> None:
    """Add the pages to the server."""
    environment = aiohttp_jinja2.setup(
        app, loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(initials=initials, hue=hue)
    environment.filters["when"] = when
    app.router.add_static("/_static", HERE / "static")
    app.add_routes(forms.routes)
    app.add_routes(routes)
