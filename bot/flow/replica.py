"""One of several servers that share a store: it says that it is there, and renders where its toolchain is the one."""

import asyncio
from functools import partial

import structlog
from sqlalchemy import Connection

from bot.errors import TemporaryError
from bot.flow.toolchain import difference
from bot.flow.world import World
from bot.store import queue, servers

__all__ = ["allowed_kinds", "keep", "leave", "look", "other"]

log = structlog.get_logger(__name__)


def other(conn: Connection, mine: tuple[str, ...]) -> str:
    """How the toolchain that renders here differs from this one; "": this one renders."""
    active = servers.rendering(conn)
    return "" if active is None or active == mine else difference(mine, active)


def allowed_kinds(conn: Connection, mine: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds of work that a server with this toolchain takes: all, or what renders nothing."""
    return ("repository",) if other(conn, mine) else queue.KINDS


async def look(world: World, owner: str) -> str:
    """Say that this server is there; what `other` answers then."""
    mine = await asyncio.to_thread(world.toolchain.look)

    def say(conn: Connection) -> str:
        servers.present(conn, owner, mine, world.clock(), world.intervals.lease)
        return other(conn, mine)

    return await world.store.write(say)


async def keep(world: World, owner: str) -> None:
    """Say so again and again; what changes is logged, and work that may be taken by now is looked for."""
    before: str | None = None
    while True:
        try:
            found = await look(world, owner)
            if found != before:
                if found:
                    log.warning("stands by: servers with another toolchain render here", difference=found)
                else:
                    log.info("renders here")
                    world.signal.set()
            before = found
        except TemporaryError as error:
            log.warning("store unavailable", error=str(error))
        await asyncio.sleep(world.intervals.lease / 3)


async def leave(world: World, owner: str) -> None:
    """Say that this server ends. What cannot be said now the others find out."""
    try:
        await world.store.write(partial(servers.leave, owner=owner))
    except TemporaryError as error:
        log.warning("store unavailable", error=str(error))
