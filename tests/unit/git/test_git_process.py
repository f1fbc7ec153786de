"""The program `git`, run: one that gets no answer ends in its time, with all that it started."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.errors import TemporaryError
from bot.git import process
from bot.git.mirror import Mirror
from bot.model.forge import Remote


@asynccontextmanager
async def silent_server() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """The URL of a server that takes connections and never answers, and whether the first of them was left."""
    left = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1024):
            pass
        left.set()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", left
    server.close()


@pytest.mark.timeout(60)
async def test_a_fetch_that_stands_still_ends_before_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = Mirror(tmp_path / "mirror.git")
    await mirror.open()
    patient = [each.replace("lowSpeedTime=120", "lowSpeedTime=1") for each in process.PROTECTION]
    monkeypatch.setattr(process, "PROTECTION", tuple(patient))
    async with silent_server() as (url, _):
        with pytest.raises(TemporaryError, match=r"too slow|timed out"):
            await mirror.fetch(Remote(url=f"{url}/a.git", token="t"), "main")


@pytest.mark.timeout(60)
async def test_a_server_that_never_answers_keeps_git_no_longer_than_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = Mirror(tmp_path / "mirror.git")
    await mirror.open()
    monkeypatch.setattr(process, "FETCH_TIMEOUT", 0.5)
    async with silent_server() as (url, left):
        with pytest.raises(TemporaryError, match="did not finish within"):
            async with asyncio.timeout(30):
                await mirror.fetch(Remote(url=f"{url}/a.git", token="t"), "main")
        async with asyncio.timeout(30):
            await left.wait()  # the program that git started for the talking has ended too


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        (
            b"fatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack output\n",
            "No space left",
        ),
        (b"remote: Not here.\nfatal: repository 'x' not found\n", "'x' not found"),
        (b"error: object 1: hasDotdot\nfatal: fsck error in packed object\nfatal: index-pack failed\n", "hasDotdot"),
        (b"something else\nand its end\n\n", "and its end"),
        (b"", "no message"),
    ],
)
def test_what_went_wrong_first_is_told(printed: bytes, told: str) -> None:
    assert told in process.summary(printed)


def test_what_git_prints_is_told_on_one_line_and_cut() -> None:
    assert process.summary(b"fatal: \x1b[31m" + b"x" * 1000) == "fatal: ?[31m" + "x" * 288
