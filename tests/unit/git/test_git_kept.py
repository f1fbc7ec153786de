"""What mirrors keep in memory: a server with many repositories keeps no more than one with few."""

from pathlib import Path

import pytest

from bot.git import Mirrors, mirror
from bot.model.forge import Remote
from bot.model.identity import RepositoryId
from tests.support.git_server import git_server


async def test_many_repositories_share_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "CACHED_ENTRIES", 10)
    monkeypatch.setattr(mirror, "CACHED_BLOB_BYTES", 1000)
    async with git_server(tmp_path / "server") as server:
        mirrors = Mirrors(tmp_path / "git")
        for number in range(5):
            files = {f"{name}.yaml": f"{number}{name}" * 50 for name in "abcd"}
            commit = server.commit(f"shop-{number}", files)
            one = mirrors.of(RepositoryId(forge="hub", number=number, path="acme/shop"))
            await one.fetch(Remote(url=f"{server.url}/shop-{number}", token="t"), "main")
            tree = await one.load(await one.tree(commit), frozenset(files))
            assert {path: tree.read(path).decode() for path in files} == files
    kept = mirrors.kept
    assert sum(map(len, kept.listings.values())) <= 10
    assert sum(map(len, kept.blobs.values())) <= 1000
    assert len({place for place, _ in kept.blobs}) > 1
