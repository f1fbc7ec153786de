"""Reading one bare repository. Answers about commits are kept by id: objects never change, so they never go stale."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

from cachetools import LRUCache

from bot.localforge.git.process import GitError, run
from bot.localforge.git.values import LOG_FORMAT, Change, Commit, Entry, parse_changes, parse_log, parse_tree

__all__ = ["GitDir"]

T = TypeVar("T")
KEPT = 2000
HEADS = "refs/heads/"
CONFIGURATION = """
[http]
	receivepack = true
	uploadpack = true
[uploadpack]
	allowAnySHA1InWant = true
	allowFilter = true
[receive]
	hideRefs = refs/pull
	denyDeleteCurrent = ignore
[core]
	logAllRefUpdates = false
"""


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


class GitDir:
    """A bare repository on disk, with its refs in memory. Every write goes through this process: see `refresh`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.refs: dict[str, str] = {}
        self.lock = asyncio.Lock()
        self._kept: LRUCache[Hashable, Any] = LRUCache(KEPT)

    @classmethod
    async def create(cls, path: Path, default_branch: str) -> "GitDir":
        """Make an empty repository."""
        await asyncio.to_thread(path.mkdir, parents=True)
        await run(path, "init", "--quiet", "--bare", "--template=", f"--initial-branch={default_branch}", ".")
        await asyncio.to_thread(cls._configure, path / "config")
        return cls(path)

    @staticmethod
    def _configure(file: Path) -> None:
        file.write_text(file.read_text() + CONFIGURATION)

    async def refresh(self) -> dict[str, str]:
        """Read all refs again; to be called whenever something may have moved one. Returns them as they were."""
        out = await run(self.path, "for-each-ref", "--format=%(refname)%00%(objectname)")
        before = self.refs
        # A name that is not UTF-8 could be shown nowhere: it stays in git, and the forge does not know it.
        lines = (line.partition(b"\0") for line in out.split(b"\n") if _is_utf8(line) and line)
        self.refs = {name.decode(): sha.decode() for name, _, sha in lines}
        return before

    @property
    def branches(self) -> dict[str, str]:
        """Branch names with their commits."""
        return {name[len(HEADS) :]: sha for name, sha in self.refs.items() if name.startswith(HEADS)}

    async def _keep(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        if key not in self._kept:
            self._kept[key] = await read()
        found: T = self._kept[key]
        return found

    async def resolve(self, name: str) -> str | None:
        """The commit that a branch, tag, full ref name or (abbreviated) commit id stands for."""
        for ref in (f"{HEADS}{name}", f"refs/tags/{name}", name):
            if ref in self.refs:
                return await self._peel(self.refs[ref])
        return await self._peel(name) if re.fullmatch(r"[0-9a-f]{7,40}", name) else None

    async def _peel(self, sha: str) -> str | None:
        if (f"peel{sha}") in self._kept:
            return str(self._kept[f"peel{sha}"])
        # The name goes in by stdin: it can never be taken for an option.
        asked = f"{sha}^{{commit}}\n".encode()
        out = await run(self.path, "cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked)
        found, kind, *_ = out.decode().split()
        if kind != "commit":
            return None
        self._kept[f"peel{sha}"] = found
        return found

    async def log(self, include: str, exclude: str | None = None, limit: int = 250) -> tuple[Commit, ...]:
        """Commits reachable from `include` and not from `exclude`, newest first, at most `limit`."""

        async def read() -> tuple[Commit, ...]:
            span = [include] if exclude is None else [include, f"^{exclude}"]
            options = ("-z", "--topo-order", f"--max-count={limit}", "--date=format-local:%Y-%m-%dT%H:%M:%SZ")
            return parse_log(await run(self.path, "log", *options, f"--format={LOG_FORMAT}", *span, "--"))

        return await self._keep(("log", include, exclude, limit), read)

    async def commit(self, sha: str) -> Commit:
        """One commit."""
        return (await self.log(sha, limit=1))[0]

    async def count(self, include: str, exclude: str) -> int:
        """How many commits are reachable from `include` and not from `exclude`."""

        async def read() -> int:
            return int(await run(self.path, "rev-list", "--count", include, f"^{exclude}", "--"))

        return await self._keep(("count", include, exclude), read)

    async def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor."""

        async def read() -> str | None:
            out = await run(self.path, "merge-base", one, other, expected=(0, 1))
            return out.decode().strip() or None

        return await self._keep(("base", one, other), read)

    async def tree(self, sha: str) -> tuple[Entry, ...]:
        """All files of a commit or tree, sorted by path."""

        async def read() -> tuple[Entry, ...]:
            return parse_tree(await run(self.path, "ls-tree", "-r", "-z", "-l", "--full-tree", sha))

        return await self._keep(("tree", sha), read)

    async def blob(self, sha: str) -> bytes:
        """A file's bytes."""
        return await self._keep(("blob", sha), lambda: run(self.path, "cat-file", "blob", sha))

    async def changes(self, base: str, head: str) -> tuple[Change, ...]:
        """The files that differ between two commits, renames found."""

        async def read() -> tuple[Change, ...]:
            options = ("--no-color", "--no-ext-diff", "--no-textconv", "-M", "--abbrev=40")
            facts, patches = await asyncio.gather(
                run(self.path, "diff", *options, "--raw", "--numstat", "-z", base, head, "--"),
                run(self.path, "diff", *options, "--patch", base, head, "--"),
            )
            return parse_changes(facts, patches)

        return await self._keep(("changes", base, head), read)

    async def merged_tree(self, base: str, head: str) -> str | None:
        """The tree that merging `head` into `base` gives, or None where they conflict or share nothing."""

        async def read() -> str | None:
            if await self.merge_base(base, head) is None:
                return None
            try:
                out = await run(self.path, "merge-tree", "--write-tree", "--no-messages", base, head)
            except GitError as error:
                if error.status == 1:  # git-merge-tree(1): 1 is a conflict, anything above is a failure
                    return None
                raise
            return out.decode().strip()

        return await self._keep(("merged", base, head), read)
