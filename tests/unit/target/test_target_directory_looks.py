"""Looking at a folder: what is said of one that cannot be used, and that looking leaves no trace."""

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.errors import PermanentError, TemporaryError
from bot.model.environment import Environment, Source
from bot.model.identity import EnvironmentId, RepositoryId
from bot.target.directory import Directory

KEY = b"k" * 32
ENVIRONMENT = Environment(
    id=EnvironmentId(repository=RepositoryId(forge="github", number=1, path="acme/shop"), name="prod"),
    source=Source(path="prod"), target="t", apply="on-merge",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder; it is not there yet."""
    return tmp_path / "prod"


@pytest.fixture
def target(folder: Path) -> Directory:
    """The target."""
    return Directory("t", folder, KEY)


def names(folder: Path) -> set[str]:
    """All that is in a folder."""
    return {path.name for path in folder.iterdir()}


def link(path: Path, to: Path) -> None:
    """Make a symbolic link."""
    path.symlink_to(to)


async def test_a_missing_parent_says_what_to_do(tmp_path: Path) -> None:
    target = Directory("t", tmp_path / "no" / "prod", KEY)
    with pytest.raises(TemporaryError, match="make it"):
        await target.identity(ENVIRONMENT)
    (diagnosis,) = await target.diagnose()
    assert (diagnosis.ok, diagnosis.fix) == (False, f"mkdir -p {tmp_path / 'no'}")


async def test_diagnosis(target: Directory, folder: Path) -> None:
    assert (await target.diagnose())[0].ok
    assert "prod" not in names(folder.parent)
    await target.identity(ENVIRONMENT)
    assert (await target.diagnose())[0].ok


async def test_a_disk_that_hangs_holds_up_nothing_else(
    target: Directory, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, released = os.open, threading.Event()

    def hangs(path: str | Path, *arguments: Any, **named: Any) -> int:
        assert path != folder.parent or released.wait(60)
        return opening(path, *arguments, **named)

    monkeypatch.setattr(os, "open", hangs)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    looks = [asyncio.create_task(target.diagnose()) for _ in range(2)]
    await asyncio.sleep(0)
    try:
        assert await asyncio.wait_for(asyncio.to_thread(str), 5) == ""
        monkeypatch.setattr("bot.target.directory.apart.PATIENCE", 0.01)
        with pytest.raises(TemporaryError, match="does not answer"):
            await target.live(ENVIRONMENT)
    finally:
        released.set()
    assert all(each.ok for look in await asyncio.gather(*looks) for each in look)


async def test_looking_claims_nothing(target: Directory, folder: Path) -> None:
    assert await target.live(ENVIRONMENT) == []
    assert (await target.health(ENVIRONMENT)).state == "unknown"
    assert "prod" not in names(folder.parent)


async def test_watch(folder: Path) -> None:
    looks = Directory("t", folder, KEY, interval=0.001).watch(ENVIRONMENT)
    for _ in range(2):
        await asyncio.wait_for(anext(looks), 20)


async def test_a_link_as_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link(folder, tmp_path / "real")
    target = Directory("t", folder, KEY)
    with pytest.raises(PermanentError, match="symbolic link"):
        await target.identity(ENVIRONMENT)
    assert list((tmp_path / "real").iterdir()) == []
    (diagnosis,) = await target.diagnose()
    assert "symbolic link" in diagnosis.fix
