"""What a mirror does over a long time: files stay few, and one that was left half-written is made anew."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import TemporaryError
from bot.git import mirror as module
from bot.git.mirror import Mirror
from bot.git.process import GitFailed, run
from bot.model.forge import Remote
from bot.model.noun import Sha
from tests.support.git_server import GitServer, git, git_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[GitServer]:
    async with git_server(tmp_path / "server") as served:
        served.commit("shop", {"a.yaml": "a: 1\n"})
        git("config", "uploadpack.allowAnySHA1InWant", "true", folder=served.root / "shop")
        yield served


def remote(server: GitServer) -> Remote:
    return Remote(url=f"{server.url}/shop", token="t")


def locked(folder: Path) -> None:
    (folder / "refs" / "heads" / "main.lock").touch()


def cut_off(folder: Path) -> None:
    (folder / "refs" / "heads" / "main").write_bytes(b"")


def just_begun(folder: Path) -> None:
    for name in ("objects", "refs"):
        shutil.rmtree(folder / name)


@pytest.mark.parametrize("damage", [locked, cut_off, just_begun])
async def test_a_mirror_that_was_left_half_written_is_made_anew(
    server: GitServer, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    mirror = Mirror(tmp_path / "7.git")
    await mirror.fetch(remote(server), "main")
    damage(mirror.folder)
    (tmp_path / "7.new").mkdir()  # so far came whoever tried before
    (tmp_path / "7.new" / "HEAD").touch()
    new = server.commit("shop", {"a.yaml": "a: 2\n"})
    assert await mirror.fetch(remote(server), "main") == new
    tree = await mirror.load(await mirror.tree(new), frozenset({"a.yaml"}))
    assert tree.read("a.yaml") == b"a: 2\n"
    assert [each.name for each in tmp_path.glob("7*")] == ["7.git"]


async def test_a_mirror_is_kept_where_the_server_is_what_refuses(server: GitServer, tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "7.git")
    first = await mirror.fetch(remote(server), "main")
    mark = mirror.folder / "mark"
    mark.touch()
    with pytest.raises(TemporaryError):
        await mirror.fetch(remote(server), "main", ["a" * 40])
    shutil.move(server.root / "shop", server.root / "away")
    with pytest.raises(TemporaryError):
        await mirror.fetch(remote(server), "main")
    assert mark.exists()
    assert await mirror.head("main") == first


async def test_the_head_is_that_of_the_last_fetch(server: GitServer, tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "7.git")
    assert await mirror.head("main") is None
    first = await mirror.fetch(remote(server), "main")
    assert await mirror.head("main") == await Mirror(mirror.folder).head("main") == first
    new = server.commit("shop", {"a.yaml": "a: 2\n"})
    assert await mirror.head("main") == first
    assert await mirror.fetch(remote(server), "main") == await mirror.head("main") == new
    shutil.rmtree(mirror.folder)
    assert await mirror.head("main") is None


async def test_a_redirect_is_not_followed(server: GitServer, tmp_path: Path) -> None:
    async def moved(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": server.url + request.path_qs})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", moved)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    elsewhere = Remote(url=f"http://127.0.0.1:{runner.addresses[0][1]}/shop", token="t")
    with pytest.raises(TemporaryError):
        await Mirror(tmp_path / "7.git").fetch(elsewhere, "main")
    await runner.cleanup()
    assert server.asked == []


async def test_objects_that_git_would_not_make_are_not_taken(server: GitServer, tmp_path: Path) -> None:
    folder = server.root / "shop"
    entry = b"100644 .git\0" + bytes.fromhex(git("rev-parse", "main:a.yaml", folder=folder))
    (tmp_path / "tree").write_bytes(entry)
    tree = git("hash-object", "-t", "tree", "-w", "--literally", str(tmp_path / "tree"), folder=folder)
    git("update-ref", "refs/heads/main", git("commit-tree", tree, "-m", "x", folder=folder), folder=folder)
    with pytest.raises(TemporaryError):
        await Mirror(tmp_path / "7.git").fetch(remote(server), "main")


async def test_no_hook_is_run(server: GitServer, tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "7.git")
    await mirror.open()
    hook = mirror.folder / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o700)
    await mirror.fetch(remote(server), "main")
    assert not (tmp_path / "ran").exists()


async def test_many_small_files_are_put_together_and_none_of_their_objects_goes(
    server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PACKS", -1)
    mirror = Mirror(tmp_path / "7.git")
    commits: list[Sha] = []
    for number in range(12):  # none leads to another: of all but the last there is no way from a branch
        git("checkout", "--quiet", "--orphan", f"topic-{number}", folder=server.root / "shop.work")
        git("reset", "--quiet", folder=server.root / "shop.work")
        commits.append(Sha(server.commit("shop", {"a.yaml": f"a: {number}\n"})))
        await mirror.fetch(remote(server), "main")
    assert len([each for each in (mirror.folder / "objects").rglob("*") if each.is_file()]) < len(commits)
    fresh = Mirror(mirror.folder)
    for number, commit in enumerate(commits):
        tree = await fresh.load(await fresh.tree(commit), frozenset({"a.yaml"}))
        assert tree.read("a.yaml") == f"a: {number}\n".encode()


ODDITIES = {
    "a zone of days": ("d <d@example.org> 1700000000 +051800", b"40000"),
    "no date": ("d <d@example.org>", b"40000"),
    "a mode as old programs wrote it": ("d <d@example.org> 1700000000 +0000", b"040000"),
}
"""What forges took once, and what is in histories for ever."""


def made(bare: Path, kind: str, content: bytes) -> str:
    """An object just as it is given; its id."""
    command = ["git", "hash-object", "-t", kind, "-w", "--stdin", "--literally"]
    return subprocess.run(command, cwd=bare, check=True, capture_output=True, input=content).stdout.decode().strip()


def tip(bare: Path, who: str, mode: bytes, name: bytes) -> str:
    """A commit by `who` on main whose tree holds the earlier one under a name and mode."""
    tree = made(bare, "tree", mode + b" " + name + b"\0" + bytes.fromhex(git("rev-parse", "main^{tree}", folder=bare)))
    parent = git("rev-parse", "main", folder=bare)
    text = f"tree {tree}\nparent {parent}\nauthor {who}\ncommitter {who}\n\nodd\n"
    commit = made(bare, "commit", text.encode())
    git("update-ref", "refs/heads/main", commit, folder=bare)
    return commit


async def test_what_is_wrong_with_an_object_is_said(server: GitServer, tmp_path: Path) -> None:
    tip(server.root / "shop", "d <d@example.org> 1700000000 +0000", b"40000", b"..")
    with pytest.raises(TemporaryError, match="hasDotdot"):
        await Mirror(tmp_path / "7.git").fetch(remote(server), "main")


@pytest.mark.parametrize("odd", ODDITIES)
async def test_a_history_with_harmless_oddities_is_taken(server: GitServer, tmp_path: Path, odd: str) -> None:
    who, mode = ODDITIES[odd]
    commit = tip(server.root / "shop", who, mode, b"envs")
    mirror = Mirror(tmp_path / "7.git")
    assert await mirror.fetch(remote(server), "main") == commit
    assert [each.message for each in await mirror.commits(None, Sha(commit))] == ["odd", "files"]
    loaded = await mirror.load(await mirror.tree(commit), frozenset({"envs/a.yaml"}))
    assert loaded.read("envs/a.yaml") == b"a: 1\n"


async def test_a_mirror_is_fetched_once_at_a_time(server: GitServer, tmp_path: Path) -> None:
    commit, mirror = git("rev-parse", "main", folder=server.root / "shop"), Mirror(tmp_path / "7.git")
    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(mirror.fetch(remote(server), "main"))
    assert await mirror.head("main") == commit
    assert server.most == 1


async def test_a_mirror_that_cannot_be_tidied_is_fetched_all_the_same(
    server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PACKS", -1)
    mirror = Mirror(tmp_path / "7.git")
    await mirror.fetch(remote(server), "main")
    for ending in ("pack", "idx"):
        (mirror.folder / "objects" / "pack" / f"pack-{'a' * 40}.{ending}").write_text("half of it")
    new = server.commit("shop", {"a.yaml": "a: 2\n"})
    assert await mirror.fetch(remote(server), "main") == new
    with pytest.raises(GitFailed):
        await run(["repack", "--quiet", "--geometric=2", "-d"], folder=mirror.folder)
