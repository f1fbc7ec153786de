"""Health: is the process alive, and can it do its work."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from bot.errors import TidegateError
from bot.flow import replica
from bot.flow.world import World
from bot.model.forge import Diagnosis
from bot.store import meta
from bot.web.keys import WORLD

__all__ = ["healthz", "readyz"]

PATIENCE = 10.0
MEBIBYTE = 1024 * 1024
ENOUGH, LEAST = 256 * MEBIBYTE, 16 * MEBIBYTE
"""Bytes left on a disk below which that is told, and below which a server cannot be relied on."""


async def healthz(request: web.Request) -> web.Response:
    """The process answers."""
    del request
    return web.Response(text="ok\n")


async def readyz(request: web.Request) -> web.Response:
    """200 when store, jail, credentials and targets are well; else 503 with what is not, and the fix."""
    found = await diagnose(request.app[WORLD])
    ready = all(each.ok or not each.needed for each in found)
    checks = [{"subject": d.subject, "ok": d.ok, "detail": d.detail, "fix": d.fix} for d in found]
    return web.json_response({"ready": ready, "checks": checks}, status=200 if ready else 503)


async def diagnose(world: World) -> tuple[Diagnosis, ...]:
    """Look at everything at once; what does not answer in time is not well."""
    subjects = {
        "store": store_answers(world),
        "disk": disks_have_room(world),
        "jail": jail_holds(world),
        "toolchain": toolchain_renders(world),
        **{f"forge {name}": each.diagnose() for name, each in world.forges.items()},
        **{f"target {name}": each.diagnose() for name, each in world.tools.targets.items()},
    }
    results = await asyncio.gather(
        *(asyncio.wait_for(each, PATIENCE) for each in subjects.values()), return_exceptions=True
    )
    found: list[Diagnosis] = []
    for subject, result in zip(subjects, results, strict=True):
        if isinstance(result, BaseException):
            detail = str(result) if isinstance(result, TidegateError) else type(result).__name__
            found.append(Diagnosis(subject=subject, ok=False, detail=detail, fix="look at the server's log"))
        else:
            found += result
    return tuple(found)


async def store_answers(world: World) -> Sequence[Diagnosis]:
    """Whether the database answers."""
    await world.store.read(meta.sealing_key_exists)
    return (Diagnosis(subject="store", ok=True, detail="answers"),)


async def disks_have_room(world: World) -> Sequence[Diagnosis]:
    """Whether there is room where this server writes: a database on a full disk answers, and takes nothing."""
    return await asyncio.to_thread(lambda: [room(*each) for each in world.folders.items()])


def room(name: str, folder: Path) -> Diagnosis:
    """How much is left on the disk of a folder."""
    free = shutil.disk_usage(folder).free
    return Diagnosis(
        subject=f"disk of {name}", ok=free >= ENOUGH, needed=free < LEAST, detail=f"{free // MEBIBYTE:,} MiB left",
        fix="" if free >= ENOUGH else "make room there: events, mirrors and plans need it",
    )  # fmt: skip


async def toolchain_renders(world: World) -> Sequence[Diagnosis]:
    """Whether this server renders, or others do with another toolchain."""
    found = await world.store.read(lambda conn: replica.other(conn, world.toolchain.known))
    if not found:
        return (Diagnosis(subject="toolchain", ok=True, detail="renders here"),)
    detail = f"stands by: servers with another toolchain render here ({found})"
    fix = "give all servers the same programs and settings, or stop those with the others"
    return (Diagnosis(subject="toolchain", ok=False, detail=detail, fix=fix, needed=False),)


async def jail_holds(world: World) -> Sequence[Diagnosis]:
    """Whether foreign programs can be jailed on this machine."""
    return (world.jail.diagnose(),)
