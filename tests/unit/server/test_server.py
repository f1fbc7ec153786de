"""What the server is made of is what its settings say, and an address that is no use is told in words."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from bot.cli.demo.walk.browser import eventually
from bot.errors import SettingsError
from bot.localforge.apps import new_private_key
from bot.model.identity import RepositoryId
from bot.server import listen, make_world, run
from bot.settings import Settings, load

SETTINGS = """
public_url: https://tidegate.example/
state_dir: state
listen: 127.0.0.1:0
forges:
  github: {{kind: github, api_url: "http://127.0.0.1:9", {credential}, webhook_secret_file: secret}}
targets:
  prod: {{kind: directory, path: envs/prod}}
repositories:
  - {{match: "github:acme/*", targets: [prod]}}
render: {{jail: best-effort}}
"""
ACME = RepositoryId(forge="github", number=1, path="acme/shop")


def written(folder: Path, credential: str) -> Settings:
    """The settings, with their files."""
    for name, text in (("token", "t0ken"), ("key.pem", new_private_key()), ("secret", "s" * 32)):
        (folder / name).write_text(text)
    (folder / "server.yaml").write_text(SETTINGS.format(credential=credential))
    return load(folder / "server.yaml", {})


@pytest.mark.parametrize("credential", ["token_file: token", "app_id: 1, private_key_file: key.pem"])
async def test_the_server_is_what_its_settings_say(tmp_path: Path, credential: str) -> None:
    settings = written(tmp_path, credential)
    async with make_world(settings) as world:
        assert {name: forge.name for name, forge in world.forges.items()} == {"github": "github"}
        assert set(world.tools.targets) == {"prod"}
        assert world.allowed(ACME) == frozenset({"prod"})
        assert world.allowed(replace(ACME, path="other/shop")) is None, "it is looked after though no rule names it"
        assert world.public_url == "https://tidegate.example"
        assert world.folders == {"state_dir": tmp_path / "state", "store": tmp_path}
        assert (tmp_path / "state").stat().st_mode & 0o077 == 0
    nobodys = tmp_path / "state" / "blobs" / "ab" / "cd"
    nobodys.parent.mkdir()
    nobodys.write_text("of a plan that is shown no more")
    os.utime(nobodys, (1_000, 1_000))
    async with make_world(settings):
        assert not nobodys.exists()


@contextmanager
def opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """The server's database, beside the server."""
    with closing(sqlite3.connect(folder / "tidegate.db", timeout=20)) as database, database:
        yield database


@pytest.mark.parametrize("broken", [False, True])
async def test_a_server_that_ends_leaves_and_one_that_broke_says_so(tmp_path: Path, broken: bool) -> None:
    running = asyncio.create_task(run(written(tmp_path, "token_file: token")))

    async def there() -> bool:
        if running.done():
            await running
        with suppress(sqlite3.OperationalError), opened(tmp_path) as database:  # there are no tables yet
            return bool(database.execute("select * from servers").fetchall())
        return False

    await eventually(there, "the server does not say that it is there")
    if broken:
        row = ("repository:github:no-number", "repository", 1, 0, 0, 0, "", None, None, "", "", "")
        with opened(tmp_path) as database:
            database.execute("insert into queue values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    else:
        os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(60):
        assert await running == (1 if broken else 0)
    with opened(tmp_path) as database:
        assert database.execute("select * from servers").fetchall() == []


@pytest.mark.parametrize("host", ["::no", "192.0.2.1"])
async def test_an_address_that_is_no_use_is_told_in_words(host: str) -> None:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    with pytest.raises(SettingsError, match=rf"^listen: {host}:0 cannot be used \(.*\); free it") as caught:
        await listen(web.TCPSite(runner, host, 0), f"{host}:0")
    assert not any(each in str(caught.value) for each in ("Unknown error", "Success", "None"))
    await runner.cleanup()
