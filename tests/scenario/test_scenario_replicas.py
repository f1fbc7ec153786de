"""Two servers with one PostgreSQL and nothing else in common: what one was told, the other one knows and ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from bot.cli.demo.server import Server
from bot.cli.demo.stage import INTERVALS, Stage, put_up, unused
from bot.cli.demo.walk.browser import eventually
from tests.support.operator import configure
from tests.support.people import People, holding

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("servers")]

LONG = "CURRENCY: " + "x" * 100_000
"""So long that SQLite would keep the plan in a file."""


@asynccontextmanager
async def another(stage: Stage) -> AsyncIterator[str]:
    """A second server with the same settings, but for its address and its folder; its address."""
    folder = stage.place.pid_file.parent
    address = f"127.0.0.1:{unused()}"
    settings = yaml.safe_load((folder / "server.yaml").read_text())
    own = {"listen": address, "public_url": f"http://{address}", "state_dir": "state-of-another"}
    (folder / "another.yaml").write_text(yaml.safe_dump(settings | own))
    server = Server(folder / "another.yaml", folder / "another.pid", lambda text: print("another:", text))
    await server.start()
    try:
        await eventually(lambda: page(stage, f"http://{address}/readyz"), "the other server is not ready")
        yield f"http://{address}"
    finally:
        await server.stop()


async def page(stage: Stage, url: str) -> str | None:
    """What is there, once there is something."""
    async with stage.session.get(url) as answer:
        return await answer.text() if answer.status == 200 else None


async def test_servers_that_share_a_store_take_over_from_each_other(tmp_path: Path, new_postgresql: str) -> None:
    async with put_up(tmp_path, None, 0, print) as stage:
        configure(stage, store=new_postgresql, intervals=INTERVALS | {"lease": 4})
        stage.place.kill()
        await stage.install()
        people = People(stage)
        async with another(stage) as address:
            number = await people.change(("envs/dev/config.yaml", "CURRENCY: EUR", LONG))
            await people.comment_says(number, "dev")
            path = f"pulls/local/{stage.place.repository}/{number}"
            for each in (stage.place.tidegate, address):
                assert "settings" in (await page(stage, f"{each}/{path}") or ""), each

            configure(stage, store="nonsense")  # so that it does not come back
            stage.place.kill()
            stage.forge.set_webhook(f"{address}/webhook/local")
            await people.merge(number)
            await people.folder_shows("dev", holding(LONG))
            assert any("dev" in each for each in await people.outcomes(number))
