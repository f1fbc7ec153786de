"""A running forge with people, a repository and a receiver for its webhooks."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.localforge import ForgeSettings, start
from tests.unit.localforge.forge_world import FILES, GIT_ENVIRONMENT, SECRET, Client, Clock, Inbox, World


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "tree"


@pytest.fixture
async def inbox() -> AsyncIterator[tuple[Inbox, str]]:
    found = Inbox()
    app = web.Application()
    app.router.add_post("/hook", found.receive)
    async with TestServer(app) as server:
        yield found, str(server.make_url("/hook"))


@pytest.fixture
async def world(tmp_path: Path, tree: Path, clock: Clock, inbox: tuple[Inbox, str]) -> AsyncIterator[World]:
    settings = ForgeSettings(state=tmp_path / "state", clock=clock, webhook_secret=SECRET)
    async with await start(settings) as forge, aiohttp.ClientSession() as session:
        forge.add_user("dana", "Dana Developer", "dana@example.org")
        forge.add_user("olga", "Olga Operator")
        forge.add_user("stranger")
        forge.add_team("acme", "sre", ["olga"])
        await forge.add_repository("acme/shop", tree)
        forge.permit("acme/shop", "dana", "write")
        forge.permit("acme/shop", "olga", "write")

        def client(login: str) -> Client:
            return Client(session, forge.api_url, f"token {forge.token(login)}")

        found = World(
            forge, clock, inbox[0], session, client("dana"), client("olga"), client("stranger"), Client(session, "")
        )
        id = await found.installation()
        token = await found.client(f"Bearer {found.jwt()}").ok("POST", f"/app/installations/{id}/access_tokens")
        found.app = found.client(f"Bearer {token['token']}")
        yield found


@pytest.fixture
async def hooked(world: World, inbox: tuple[Inbox, str]) -> World:
    """The same, its webhooks going to the inbox; the ping has come."""
    world.forge.set_webhook(inbox[1])
    await world.forge.idle()
    return world


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., Any]:
    """The git program as a user of the forge runs it; (exit status, output)."""

    async def call(*arguments: str, cwd: Path = tmp_path) -> tuple[int, str]:
        identity = ("-c", "user.name=Dana", "-c", "user.email=dana@example.org")
        environment = GIT_ENVIRONMENT | {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        process = await asyncio.create_subprocess_exec(
            "git", *identity, *arguments, cwd=cwd, env=environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        out, _ = await process.communicate()
        return process.returncode or 0, out.decode()

    return call
