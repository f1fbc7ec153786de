"""What the server is made of is what its settings say, and an address that is no use is told in words."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import SettingsError
from bot.localforge.apps import new_private_key
from bot.model.identity import RepositoryId
from bot.server import listen, make_world
from bot.settings import load

SETTINGS = """
public_url: https://tidegate.example/
state_dir: state
forges:
  github: {{kind: github, {credential}, webhook_secret_file: secret}}
targets:
  prod: {{kind: directory, path: envs/prod}}
repositories:
  - {{match: "github:acme/*", targets: [prod]}}
render: {{jail: best-effort}}
"""
ACME = RepositoryId(forge="github", number=1, path="acme/shop")


@pytest.mark.parametrize("credential", ["token_file: token", "app_id: 1, private_key_file: key.pem"])
async def test_the_server_is_what_its_settings_say(tmp_path: Path, credential: str) -> None:
    for name, text in (("token", "t0ken"), ("key.pem", new_private_key()), ("secret", "s" * 32)):
        (tmp_path / name).write_text(text)
    (tmp_path / "server.yaml").write_text(SETTINGS.format(credential=credential))
    settings = load(tmp_path / "server.yaml", {})
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


@pytest.mark.parametrize("host", ["::no", "192.0.2.1"])
async def test_an_address_that_is_no_use_is_told_in_words(host: str) -> None:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    with pytest.raises(SettingsError, match=rf"^listen: {host}:0 cannot be used \(.*\); free it") as caught:
        await listen(web.TCPSite(runner, host, 0), f"{host}:0")
    assert not any(each in str(caught.value) for each in ("Unknown error", "Success", "None"))
    await runner.cleanup()
