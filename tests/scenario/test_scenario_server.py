"""The server as a process: ready when everything answers, orderly at SIGTERM, one per database."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from bot.cli.demo.stage import put_up
from bot.cli.demo.walk.browser import eventually
from tests.support.operator import configure
from tests.support.people import People, holding

pytestmark = pytest.mark.timeout(180)


async def test_sigterm_ends_with_0_and_readyz_tells_what_is_wrong(tmp_path: Path) -> None:
    said: list[str] = []
    async with put_up(tmp_path, None, 0, said.append) as stage:
        await stage.install()
        config = tmp_path / "server.yaml"
        second = subprocess.run(
            [sys.executable, "-m", "bot.cli", "serve", "--config", str(config)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert "another server works on" in second.stderr

        _, half = await asyncio.open_connection("127.0.0.1", int(stage.place.tidegate.rpartition(":")[2]))
        half.write(b"POST /webhook/local HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nand no more")
        await half.drain()
        os.kill(int(stage.place.pid_file.read_text()), signal.SIGTERM)

        async def ended() -> bool:
            return any("ended with status 0" in line for line in said)

        await eventually(ended, f"the server did not end in order: {said}")
        half.close()

        async def ready() -> dict[str, Any] | None:
            async with stage.session.get(f"{stage.place.tidegate}/readyz") as answer:
                return await answer.json() if answer.status == 200 else None

        found = await eventually(ready, "the server did not come back")
        assert found["ready"] is True
        assert {"store", "jail", "target prod"} <= {each["subject"] for each in found["checks"]}

        stage.place.folders["prod"].rename(tmp_path / "gone")
        stage.place.folders["prod"].symlink_to(tmp_path / "gone")
        async with stage.session.get(f"{stage.place.tidegate}/readyz") as answer:
            assert answer.status == 503
            checks = {each["subject"]: each for each in (await answer.json())["checks"]}
        assert checks["target prod"]["ok"] is False
        assert checks["target prod"]["detail"]
        page = f"{stage.place.tidegate}/environments/local/{stage.place.repository}/prod"
        async with stage.session.get(page) as answer:
            assert (answer.status, "It cannot be looked at: " in await answer.text()) == (200, True)
        pulls = f"{stage.place.tidegate}/pulls/local"
        for path in (f"{stage.place.repository}/%C2%B2", f"{stage.place.repository}/{'9' * 5000}", "acme/a%00b/1"):
            async with stage.session.get(URL(f"{pulls}/{path}", encoded=True)) as answer:
                assert (answer.status, answer.headers["X-Content-Type-Options"]) == (404, "nosniff")
                assert "no such page" in await answer.text() or "is not a pull request's number" in await answer.text()
        async with stage.session.get(f"{stage.place.tidegate}/metrics") as answer:
            assert "tidegate_webhooks_total" in await answer.text()


async def test_what_was_open_before_the_repository_was_looked_after_is_told_too(tmp_path: Path) -> None:
    async with put_up(tmp_path, None, 0, print) as stage:
        await stage.install()
        number = await People(stage).change(("envs/dev/web.yaml", "web:1.4.2", "web:1.5.0"))
        await People(stage).comment_says(number, "web:1.5.0")
        core = stage.forge.core
        pull = next(each for each in core.state.pulls if each.number == number)
        long_ago = f"{core.clock() - timedelta(days=3):%Y-%m-%dT%H:%M:%SZ}"
        core.state.pulls.put(replace(pull, updated_at=long_ago))
    for each in tmp_path.glob("tidegate.db*"):
        each.unlink()
    async with put_up(tmp_path, None, 0, print) as stage:

        async def looked() -> bool:
            return "web:1.5.0" in await People(stage).plan(number)

        await eventually(looked, "a server that is new here does not look at what is open already")


async def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    async with put_up(tmp_path, None, 0, print) as stage:
        await stage.install()
        silent = tmp_path / "silent.yaml"
        silent.write_text((tmp_path / "server.yaml").read_text())
        configure(stage, store="nonsense")  # so that the other one does not come back
        stage.place.kill()
        command = [sys.executable, "-m", "bot.cli", "serve", "--config", str(silent)]
        full = os.open("/dev/full", os.O_WRONLY)
        plain = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        server = await asyncio.create_subprocess_exec(*command, stderr=full, env=plain)
        try:
            people = People(stage)
            number = await people.change(("envs/dev/config.yaml", "CURRENCY: EUR", "CURRENCY: CHF"))
            await people.comment_says(number, "dev")
            await people.merge(number)
            await people.folder_shows("dev", holding("CHF"))
        finally:
            server.terminate()
            await server.wait()
            os.close(full)


async def test_nothing_is_lost_while_nothing_can_be_written(tmp_path: Path) -> None:
    async with put_up(tmp_path, None, 0, print) as stage:
        await stage.install()
        people, server = People(stage), int(stage.place.pid_file.read_text())
        old = resource.prlimit(server, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        number = await people.change(("envs/dev/config.yaml", "CURRENCY: EUR", "CURRENCY: CHF"))

        async def refused() -> bool:
            return any(each.status_code == 503 for each in stage.forge.core.state.deliveries)

        await eventually(refused, "no delivery was refused by a server that could not keep it")
        resource.prlimit(server, resource.RLIMIT_FSIZE, old)
        await people.comment_says(number, "dev")
        await people.merge(number)
        await people.folder_shows("dev", holding("CHF"))
        assert int(stage.place.pid_file.read_text()) == server, "the server ended"
