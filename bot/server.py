"""The composition root of the server, which names forges, targets and the store; it runs until it is told to stop."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
import structlog
from aiohttp import web

from bot import logs
from bot.app import fetchers, limits_of, make_kubernetes, pooled, renderers
from bot.errors import PermanentError, SettingsError, TemporaryError
from bot.flow import environment, pull_request, replica, repository
from bot.flow.assess import Tools
from bot.flow.pool import Pool
from bot.flow.toolchain import Installed
from bot.flow.worker import Handlers, Worker
from bot.flow.world import World
from bot.forge import Forge
from bot.forge.github import GitHub, GitHubOptions
from bot.git import Mirrors
from bot.git.process import require_version
from bot.jail import Jail
from bot.model.identity import RepositoryId
from bot.settings import GitHubSettings, Intervals, Settings, load
from bot.store import Store, meta
from bot.target import Target
from bot.target.directory import Directory
from bot.target.sops import Sops
from bot.web import make_site

__all__ = ["serve"]

HANDLERS = Handlers(repository=repository.work, pull_request=pull_request.work, environment=environment.work)
DISCOVER_EVERY = 10
KEPT = timedelta(days=30)
"""How long a plan is remembered that its thread has shown another one in the place of: much longer than a command waits
to be judged.
"""
LAST_ANSWERS = 5.0
"""Seconds that requests have to end in once nothing else is in hand; who sends no more is not waited for."""

log = structlog.get_logger(__name__)


def make_forge(name: str, settings: GitHubSettings, session: aiohttp.ClientSession) -> Forge:
    """The adapter of one configured forge."""
    secret = settings.webhook_secret.get_secret_value().encode()
    options = GitHubOptions(
        name=name, web_url=settings.web_url, api_url=settings.api_url, app_id=settings.app_id,
        private_key=settings.private_key.get_secret_value() if settings.private_key else "",
        token=settings.token.get_secret_value() if settings.token else "", webhook_secret=secret,
    )  # fmt: skip
    return GitHub(options, session)


def make_targets(settings: Settings, key: bytes, jail: Jail) -> dict[str, Target]:
    """The adapters of all configured targets."""
    render = settings.render
    sops = Sops(jail, render.programs.sops, render.sops_age_key_file, limits_of(render))
    return {name: Directory(name, each.path, key, sops=sops) for name, each in settings.targets.items()}


def allowed_by(settings: Settings) -> Callable[[RepositoryId], frozenset[str] | None]:
    """Which targets a repository may deploy to; None: it is not ours."""

    def allowed(id: RepositoryId) -> frozenset[str] | None:
        rule = settings.rule(id.forge, id.path)
        return frozenset(rule.targets) if rule else None

    return allowed


@asynccontextmanager
async def make_world(settings: Settings) -> AsyncIterator[World]:
    """Open everything; close it in the other order."""
    await require_version()
    # mirrors and layouts hold what git holds, which may be more than other accounts here are to read
    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = await Store.open(settings.store, settings.state_dir)
    jail = Jail(settings.render.jail)
    # a render may use its whole time twice over: the program, and reading what it printed
    scratch = settings.state_dir / "render"
    make, seconds = partial(pooled, settings.render, scratch, settings.log), settings.render.seconds * 2
    pool = Pool(make, settings.render.processes, seconds, warm="bot.warm")
    kubernetes, programs = make_kubernetes(settings), settings.render.programs
    try:
        await store.tidy(datetime.now(UTC) - KEPT)
        key = await store.write(meta.sealing_key)
        async with aiohttp.ClientSession() as session:
            yield World(
                store=store,
                forges={name: make_forge(name, each, session) for name, each in settings.forges.items()},
                mirrors=Mirrors(settings.state_dir / "git"),
                tools=Tools(
                    renderers=renderers(settings.render, jail, scratch),
                    evaluator=pool,
                    targets=make_targets(settings, key, jail),
                    key=key,
                    fetch=fetchers(settings.render, settings.state_dir),
                    kubernetes=kubernetes,
                ),
                jail=jail,
                allowed=allowed_by(settings),
                intervals=settings.intervals,
                public_url=settings.public_url,
                clock=lambda: datetime.now(UTC),
                signal=asyncio.Event(),
                toolchain=Installed(((programs.kustomize, programs.kubectl), (programs.helm,)), kubernetes),
                folders={"state_dir": settings.state_dir} | ({"store": store.folder} if store.folder else {}),
            )
    finally:
        await pool.close()
        jail.close()
        await store.close()


def serve(file: Path) -> int:
    """Run the server until SIGTERM or Ctrl-C; the exit status."""
    settings = load(file)
    logs.configure(settings.log)
    # The server holds many long-lived small objects: frequent collections of all of them cost more than they free.
    gc.set_threshold(50_000, 20, 50)
    return asyncio.run(run(settings))


async def run(settings: Settings) -> int:
    """Serve and work until told to stop; what is in hand is finished or given back."""
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with make_world(settings) as world:
        gc.freeze()  # what is loaded by now stays: no collection needs to look at it again
        worker = Worker(world, HANDLERS, settings.workers)
        runner = web.AppRunner(make_site(world), access_log=None, shutdown_timeout=LAST_ANSWERS)
        await runner.setup()
        host, _, port = settings.listen.rpartition(":")
        await listen(web.TCPSite(runner, host.strip("[]"), int(port)), settings.listen)
        log.info("serving", listen=settings.listen, public_url=settings.public_url, pid=os.getpid())
        beside = [asyncio.create_task(each) for each in (keep_discovering(world), replica.keep(world, worker.owner))]
        tasks = [asyncio.create_task(worker.run()), *beside]
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping")
        await worker.stop()
        for task in beside:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        await replica.leave(world, worker.owner)
        await runner.cleanup()
    broken = [each for each in results if isinstance(each, Exception)]
    for error in broken:
        log.error("the server broke", error=repr(error))
    return 1 if broken else 0


async def listen(site: web.TCPSite, place: str) -> None:
    """Begin to serve. SettingsError: the address is taken, or none of this machine."""
    try:
        await site.start()
    except OSError as error:
        # a name that means nothing has a number of its own kind, and for some addresses there is none
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
        raise SettingsError([f"listen: {place} cannot be used ({why}); free it, or name another"]) from None


async def keep_discovering(world: World) -> None:
    """Find new repositories now and then, and soon after a forge says so; one that does not answer is asked again."""
    while True:
        wait = look_again(world.intervals)
        try:
            count = await repository.discover(world)
            log.info("discovered", repositories=count)
        except (TemporaryError, PermanentError) as error:
            log.warning("repositories not listed", error=str(error))
            wait = look_again(world.intervals, error)
        await asyncio.sleep(world.intervals.retry)  # one change seldom comes alone
        with suppress(TimeoutError):
            async with asyncio.timeout(wait - world.intervals.retry):
                await world.reach.wait()
        world.reach.clear()


def look_again(intervals: Intervals, error: TemporaryError | PermanentError | None = None) -> float:
    """After how many seconds to look for repositories again: a forge that asked to wait keeps no other waiting."""
    usual = intervals.repository * DISCOVER_EVERY
    if error is None:
        return usual
    return min(max(intervals.retry, error.delay if isinstance(error, TemporaryError) else 0), usual)
