"""Pages for people: every environment, one environment, and the full plan of a pull request."""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp_jinja2
from aiohttp import web
from sqlalchemy import Connection

from bot.diff import masked
from bot.document import dump
from bot.errors import PermanentError, TemporaryError
from bot.flow.evaluate import Changes
from bot.flow.world import World
from bot.model.gate import Approval
from bot.model.identity import EnvironmentId, PullRequestId, RepositoryId
from bot.model.noun import Digest
from bot.model.plan import Action, Change
from bot.report.changes import short_digest
from bot.report.page import plan_page
from bot.store import approvals, environments, holds, journal, plans, repositories
from bot.web.keys import WORLD

__all__ = ["dashboard", "environment", "pull_request"]

HISTORY = 20
DESCRIBED = {"previewed": "only a pull request describes it so far", "detached": "no longer in tidegate.yaml"}
"""What is said of environments that the branch that deploys does not describe."""
GONE = "no open pull request shows a plan of it"
"""What is said of an environment that was previewed, and is so no more."""
LONGEST_NUMBER = 18  # digits, which is more than any forge counts to, and what a database can hold


def wants_json(request: web.Request) -> bool:
    """Whether a program asks: `?format=json`, or an Accept header that prefers JSON."""
    return request.query.get("format") == "json" or "application/json" in request.headers.get("Accept", "")


async def answer(request: web.Request, template: str, make: Callable[[], dict[str, Any]]) -> web.Response:
    """The page of what `make` yields, or the same facts as JSON.

    Thousands of objects take seconds, in which the server is to answer others.
    """

    def write() -> web.Response:
        if wants_json(request):
            return web.json_response(make(), dumps=lambda value: json.dumps(value, default=str))
        return aiohttp_jinja2.render_template(template, request, make())

    return await asyncio.to_thread(write)


async def find_repository(world: World, request: web.Request) -> RepositoryId:
    """The repository that the URL names. 404: it is not ours."""
    info = request.match_info
    path = f"{info['owner']}/{info['repository']}"
    found = await world.store.read(lambda conn: repositories.by_path(conn, info["forge"], path))
    if found is None or world.allowed(found.id) is None:
        raise web.HTTPNotFound(text=f"{info['forge']}:{path} is not a repository of this server\n")
    return found.id


async def dashboard(request: web.Request) -> web.Response:
    """Every environment of the repositories that are looked after, with where it stands."""
    world = request.app[WORLD]

    def look(conn: Connection) -> list[dict[str, Any]]:
        ours = (each for each in environments.every(conn) if world.allowed(each.id.repository) is not None)
        gone = gone_in(conn)
        return [summary(row, holds.current(conn, row.uid) is not None) for row in ours if not gone(row)]

    rows = await world.store.read(look)
    return await answer(request, "dashboard.html", lambda: {"environments": rows})


def gone_in(conn: Connection) -> Callable[[environments.EnvironmentRow], bool]:
    """Tells whether an environment was only ever previewed, and is so no more."""
    shown = plans.previewed(conn)
    return lambda row: row.state == "previewed" and row.uid not in shown


def summary(row: environments.EnvironmentRow, held: bool) -> dict[str, Any]:
    """An environment's row for people."""
    place = f"{row.id.repository.forge}/{row.id.repository.path}"
    return {
        "name": row.id.name,
        "repository": row.id.repository.path,
        "url": f"/environments/{place}/{row.id.name}",
        "state": row.state,
        "described": DESCRIBED.get(row.state, ""),
        "revision": row.applied.revision if row.applied else "",
        "digest": row.applied.digest if row.applied else "",
        "applied_at": f"{row.applied.at:%Y-%m-%d %H:%M:%S} UTC" if row.applied else "",
        "health": "" if row.state == "detached" else row.health,  # nobody looks at it any more
        "verdict": row.looked.state if row.looked else "",
        "reason": row.looked.reason if row.looked else "",
        "now": now_of(row),
        "drifted": list(row.looked.drifted) if row.looked else [],
        "looked_at": f"{row.looked.at:%Y-%m-%d %H:%M:%S} UTC" if row.looked else "",
        "held": held,
    }


def now_of(row: environments.EnvironmentRow) -> str:
    """What goes on in an environment: what the last look said, unless nothing of it is to come any more."""
    if row.state == "detached":
        return "nothing is applied here any more"
    if row.settled:
        return "up to date"
    return (row.looked.reason or row.looked.state) if row.looked else "–"


async def environment(request: web.Request) -> web.Response:
    """One environment: where it stands, what it holds now, and what was done to it."""
    world = request.app[WORLD]
    id = EnvironmentId(repository=await find_repository(world, request), name=request.match_info["name"])
    row = await world.store.read(lambda conn: environments.find(conn, id))
    if row is None:
        raise web.HTTPNotFound(text=f"there is no environment {id.name!r}\n")

    def look(conn: Connection) -> dict[str, Any]:
        history = [
            {"at": f"{e.at:%Y-%m-%d %H:%M:%S} UTC", "state": e.state, "revision": e.revision[:7], "error": e.error,
             "changes": len(e.plan.effective) if e.plan else 0, "repair": e.repair}
            for e in journal.history(conn, row.uid, HISTORY)
        ]  # fmt: skip
        granted = [granted_by(each) for each in approvals.of(conn, row.uid)]
        wanted = wanted_of(row)
        shown_in = plans.showing(conn, row.uid, wanted) if wanted else ()
        found = summary(row, holds.current(conn, row.uid) is not None)
        found |= {"described": GONE} if gone_in(conn)(row) else {}
        unshown = bool(wanted and not shown_in and found["verdict"] == "wait")
        return {**found, "history": history, "approvals": granted, "shown_in": shown_in, "unshown": unshown}

    found = await world.store.read(look)
    objects, obstacle = await live_objects(world, row)

    def context() -> dict[str, Any]:
        shown = [{"name": str(each.id), "text": dump(each.before)} for each in objects]
        place = f"/pulls/{id.repository.forge}/{id.repository.path}"
        return {**found, "pulls": place, "objects": shown, "obstacle": obstacle}

    return await answer(request, "environment.html", context)


def wanted_of(row: environments.EnvironmentRow) -> Digest | None:
    """The state that is to be applied next; None where that is the applied one, or none."""
    wanted = row.looked.digest if row.looked and row.state == "active" else None
    return None if row.applied and row.applied.digest == wanted else wanted


def granted_by(approval: Approval) -> str:
    """Who approved which state where, how, and when."""
    state, where = short_digest(approval.desired), f"#{approval.pull_request.number}"
    return f"{approval.by.login} in {where} for {state} ({approval.how}, {approval.at:%Y-%m-%d %H:%M} UTC)"


async def live_objects(world: World, row: environments.EnvironmentRow) -> tuple[Sequence[Change], str]:
    """What the target holds now, masked; and why it cannot be looked at, or ""."""
    target = world.tools.targets.get(row.target)
    if target is None or row.description is None:
        return [], ""
    try:
        found = await target.live(row.description)
        objects = tuple(Change(id=each.id, action=Action.UNCHANGED, before=masked(each.body)) for each in found)
        return await world.tools.evaluator.conceal(row.id.repository, Changes(changes=objects)), ""
    except (TemporaryError, PermanentError) as error:
        return [], str(error)


async def pull_request(request: web.Request) -> web.Response:
    """The full plan of a pull request: nothing is cut."""
    world = request.app[WORLD]
    number = request.match_info["number"]
    if not number.isdecimal() or len(number) > LONGEST_NUMBER:
        raise web.HTTPNotFound(text=f"{number[:20]!r} is not a pull request's number\n")
    id = PullRequestId(repository=await find_repository(world, request), number=int(number))
    found = await world.store.read(lambda conn: plans.latest(conn, id))
    if not found:
        raise web.HTTPNotFound(text=f"no plan: pull request {number} changes no environment, or is new\n")
    return await answer(request, "plan.html", lambda: plan_page(id, found))
