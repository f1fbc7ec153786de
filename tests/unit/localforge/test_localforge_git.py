"""git over HTTP, with the git program itself."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.unit.localforge.forge_world import World


def remote(world: World, user: str = "dana@", name: str = "acme/shop") -> str:
    return f"{world.forge.url.replace('://', f'://{user}')}/{name}.git"


async def test_clone_push_and_what_follows(world: World, git: Callable[..., Any], tmp_path: Path) -> None:
    number = await world.open()
    assert (await git("clone", "-q", remote(world), "work"))[0] == 0
    work = tmp_path / "work"
    await git("checkout", "-q", "topic", cwd=work)
    (work / "big.bin").write_bytes(bytes(range(256)) * 20_000)
    await git("add", ".", cwd=work)
    await git("commit", "-q", "-m", "big", cwd=work)
    status, out = await git("push", "-q", "origin", "topic", cwd=work)
    assert status == 0, out
    head = (await git("rev-parse", "HEAD", cwd=work))[1].strip()
    pull = await world.dana.ok("GET", f"{world.repo}/pulls/{number}")
    assert (pull["head"]["sha"], pull["commits"]) == (head, 2)
    assert head in (await git("ls-remote", remote(world), f"refs/pull/{number}/head"))[1]


async def test_force_push(world: World, git: Callable[..., Any], tmp_path: Path) -> None:
    number = await world.open()
    await git("clone", "-q", remote(world), "work")
    work = tmp_path / "work"
    await git("checkout", "-q", "topic", cwd=work)
    await git("commit", "-q", "--amend", "-m", "again", cwd=work)
    assert (await git("push", "-q", "origin", "topic", cwd=work))[0] != 0
    assert (await git("push", "-q", "--force", "origin", "topic", cwd=work))[0] == 0
    head = (await git("rev-parse", "HEAD", cwd=work))[1].strip()
    commits = await world.dana.ok("GET", f"{world.repo}/pulls/{number}/commits")
    assert [each["sha"] for each in commits] == [head]
    assert head in (await git("ls-remote", remote(world), f"refs/pull/{number}/head"))[1]


async def test_commits_of_strangers_have_no_account(world: World, git: Callable[..., Any], tmp_path: Path) -> None:
    number = await world.open()
    await git("clone", "-q", "-b", "topic", remote(world), "work")
    message = "x\n\nCo-authored-by: Olga <olga@example.org>"
    identity = ("-c", "user.email=who@nowhere.example")
    await git(*identity, "commit", "-q", "--allow-empty", "-m", message, cwd=tmp_path / "work")
    await git("push", "-q", "origin", "topic", cwd=tmp_path / "work")
    commit = (await world.dana.ok("GET", f"{world.repo}/pulls/{number}/commits"))[-1]
    assert (commit["author"], commit["committer"]) == (None, None)
    assert (commit["commit"]["author"]["email"], commit["commit"]["message"]) == ("who@nowhere.example", message)


async def test_a_pushed_merge_merges_the_pull_request(world: World, git: Callable[..., Any], tmp_path: Path) -> None:
    number = await world.open()
    await git("clone", "-q", remote(world), "work")
    await git("merge", "-q", "--no-ff", "origin/topic", cwd=tmp_path / "work")
    assert (await git("push", "-q", "origin", "main", cwd=tmp_path / "work"))[0] == 0
    pull = await world.dana.ok("GET", f"{world.repo}/pulls/{number}")
    assert (pull["merged"], pull["state"]) == (True, "closed")


async def test_who_may_fetch_and_push(world: World, git: Callable[..., Any], tmp_path: Path) -> None:
    token = world.app.authorization.split()[1]
    assert (await git("clone", "-q", remote(world, f"x-access-token:{token}@"), "by-token"))[0] == 0
    assert (await git("ls-remote", remote(world, "")))[0] != 0
    assert (await git("ls-remote", remote(world, "x-access-token:ghs_wrong@")))[0] != 0
    assert (await git("ls-remote", remote(world, "nobody@")))[0] != 0
    assert (await git("ls-remote", remote(world, "stranger@")))[0] == 0
    status, out = await git("push", remote(world, "stranger@"), "HEAD:refs/heads/x", cwd=tmp_path / "by-token")
    assert (status != 0, "403" in out) == (True, True)
    await world.forge.add_repository("acme/hidden", private=True)
    assert "not found" in (await git("ls-remote", remote(world, "stranger@", "acme/hidden")))[1]
    world.clock.forward(hours=2)
    assert (await git("ls-remote", remote(world, f"x-access-token:{token}@")))[0] != 0
    async with world.session.get(f"{world.forge.url}/acme/shop.git/info/refs?service=git-upload-pack") as answer:
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="GitHub"')
    async with world.session.get(f"{world.forge.url}/acme/shop.git/info/refs") as answer:
        assert answer.status == 403


async def test_any_commit_can_be_fetched_by_id_and_refs_of_pulls_not_pushed(
    world: World, git: Callable[..., Any], tmp_path: Path
) -> None:
    number = await world.open()
    first = (await world.dana.ok("GET", f"{world.repo}/pulls/{number}"))["head"]["sha"]
    await git("init", "-q", "--bare", "mirror")
    mirror = tmp_path / "mirror"
    await world.write("envs/prod/web.yaml", "replicas: 6\n", "topic")
    for version in ("0", "2"):
        wanted = ("fetch", "--no-tags", "--filter=blob:none", remote(world), first)
        status, out = await git("-c", f"protocol.version={version}", *wanted, cwd=mirror)
        assert (status, "not recognized" in out) == (0, False), out
    status, _ = await git("push", "--force", remote(world), f"{first}:refs/pull/{number}/head", cwd=mirror)
    assert status != 0


async def test_compressed_requests(world: World) -> None:
    url = f"{world.forge.url}/acme/shop.git/git-upload-pack"
    headers = {
        "Authorization": "Basic ZGFuYTo=",
        "Content-Type": "application/x-git-upload-pack-request",
        "Content-Encoding": "gzip",
        "Git-Protocol": "version=2",
    }
    command = gzip.compress(b"0014command=ls-refs\n0000")
    async with world.session.post(url, data=command, headers=headers) as answer:
        assert (answer.status, b"refs/heads/main" in await answer.read()) == (200, True)


async def test_a_repository_from_refs_of_another(world: World, git: Callable[..., Any], tmp_path: Path) -> None:
    await git("clone", "-q", remote(world), "work")
    await world.forge.add_repository("acme/copy", tmp_path / "work", {"main": "refs/heads/main", "old": "HEAD"})
    found = await world.dana.ok("GET", "/repos/acme/copy/branches")
    assert [each["name"] for each in found] == ["main", "old"]
