"""A bare mirror per repository: fetched by commit id, read as trees, merged without a checkout."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from cachetools import LRUCache

from bot.errors import InputError, TemporaryError
from bot.git.objects import (
    COMMIT_FORMAT,
    CommitInfo,
    MergeResult,
    parse_batch,
    parse_commits,
    parse_listing,
    parse_merge,
    valid_branch,
)
from bot.git.process import GitFailed, TooMuchOutput, commit_id, run, with_header
from bot.model.forge import Remote
from bot.model.identity import RepositoryId
from bot.model.login import basic
from bot.model.noun import Sha
from bot.model.tree import Entry, Tree

__all__ = ["Kept", "Mirror", "Mirrors"]

MAX_ENTRIES = 100_000
MAX_BLOB = 16 * 1024 * 1024
MAX_LOADED = 128 * 1024 * 1024
CACHED_ENTRIES = 5 * MAX_ENTRIES
CACHED_BLOB_BYTES = 64 * 1024 * 1024
CACHED_FACTS, FACT_BYTES = 256, 16 * 1024
LOOSE, PACKS = 27, 50
"""From how many on files are put together, as `git gc --auto` would; that also removes what no branch leads to."""

T = TypeVar("T")


class Kept:
    """Listings and blobs that mirrors keep in memory, those used last: together no more than one server can bear."""

    def __init__(self) -> None:
        self.listings: LRUCache[tuple[Path, Sha], dict[str, Entry]] = LRUCache(CACHED_ENTRIES, getsizeof=len)
        self.blobs: LRUCache[tuple[Path, Sha], bytes] = LRUCache(CACHED_BLOB_BYTES, getsizeof=len)


class Mirror:
    """One repository's objects. What is said of ids is remembered: they never change meaning.

    `kept` is where several mirrors keep what they have read; by default it is this one's own.
    """

    def __init__(self, folder: Path, kept: Kept | None = None) -> None:
        self.folder = folder
        self._fetching = asyncio.Lock()
        self._kept = kept or Kept()
        self._facts: LRUCache[tuple[str, ...], Any] = LRUCache(CACHED_FACTS)
        self._heads: dict[str, Sha] = {}  # by branch; nobody else writes here

    async def fetch(self, remote: Remote, branch: str, commits: Iterable[str] = ()) -> Sha:
        """Fetch the branch and `commits`; the branch's head. The token travels in the environment, never in argv."""
        if not valid_branch(branch):
            raise InputError(f"{branch[:60]!r} cannot be a branch")
        known = tuple(dict.fromkeys(map(commit_id, commits)))
        async with self._fetching:
            await self.open()
            wanted = [sha for sha in known if not await self.has(sha)]
            try:
                try:
                    await self._bring(remote, branch, *wanted)
                except GitFailed:
                    if not await self._renewed(remote, branch):
                        raise
                    await self._bring(remote, branch, *wanted)
            except TemporaryError as error:
                raise TemporaryError(f"{remote.url}: {error}") from None
            await self._tidy()
        head = self._heads[branch] = await self.resolve(f"refs/heads/{branch}")
        return head

    async def _bring(self, remote: Remote, branch: str, *commits: Sha) -> None:
        """Have git fetch. GitFailed: the remote or this mirror refuses."""
        secret = with_header(basic("x-access-token", remote.token))
        spec = f"+refs/heads/{branch}:refs/heads/{branch}"
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--end-of-options")
        await run(["fetch", *options, remote.url, spec, *commits], folder=self.folder, extra=secret)

    async def _renewed(self, remote: Remote, branch: str) -> bool:
        """Begin anew if this mirror is what is wrong: the branch comes into a new one, and not into this one.

        Whatever ended the machine in the middle of a write may leave a lock that nobody holds, or half a file.
        """
        fresh = Mirror(self.folder.with_suffix(".new"))
        try:
            await self._bring(remote, branch)
        except GitFailed:
            pass
        else:
            return False  # it was one of the other commits
        await asyncio.to_thread(shutil.rmtree, fresh.folder, ignore_errors=True)
        try:
            await fresh.open()
            await fresh._bring(remote, branch)
        except GitFailed:
            return False
        warn("mirror made anew", folder=str(self.folder))
        self._facts.clear()
        await asyncio.to_thread(shutil.rmtree, self.folder)
        await asyncio.to_thread(fresh.folder.rename, self.folder)
        return True

    async def _tidy(self) -> None:
        """Put many small files together, whoever needs their objects. Nothing that was fetched goes."""
        if not await asyncio.to_thread(self._scattered):
            return
        try:
            await run(["repack", "--quiet", "--geometric=2", "-d"], folder=self.folder)
        except TemporaryError as error:
            warn("mirror not tidied", folder=str(self.folder), error=str(error))

    def _scattered(self) -> bool:
        """Whether there are many objects in files of their own, by one of their 256 folders, or many packs."""
        loose = self.folder / "objects" / "17"
        packs = (self.folder / "objects" / "pack").glob("*.pack")
        return (loose.is_dir() and len(list(loose.iterdir())) > LOOSE) or len(list(packs)) > PACKS

    async def open(self) -> None:
        """Make the bare repository if it is not there yet."""
        if not (self.folder / "HEAD").exists():
            self._facts.clear()
            self.folder.mkdir(parents=True, exist_ok=True)
            await run(["init", "--quiet", "--bare", "--template=", str(self.folder)], folder=self.folder)

    async def resolve(self, reference: str) -> Sha:
        """The commit that a reference of the mirror names. InputError: there is none."""
        status, output = await run(
            ["rev-parse", "--quiet", "--verify", "--end-of-options", f"{reference}^{{commit}}"],
            folder=self.folder,
            accept=(0, 1, 128),
        )
        if status:
            raise InputError(f"there is no commit {reference!r}")
        return commit_id(output.decode().strip())

    async def head(self, branch: str) -> Sha | None:
        """The commit at which that branch was fetched last; None where it never was."""
        if not valid_branch(branch) or not await asyncio.to_thread((self.folder / "HEAD").exists):
            return None
        if branch not in self._heads:
            try:
                self._heads[branch] = await self.resolve(f"refs/heads/{branch}")
            except InputError:
                return None
        return self._heads[branch]

    async def has(self, sha: Sha) -> bool:
        """Whether the mirror holds that commit with everything it needs to be read."""

        async def ask() -> bool:
            status, _ = await run(["cat-file", "-e", f"{sha}^{{tree}}"], folder=self.folder, accept=(0, 1, 128))
            return status == 0

        # what is missing now may be fetched later
        return await self._fact(("has", sha), ask, lasting=bool)

    async def _fact(
        self, about: tuple[str, ...], ask: Callable[[], Awaitable[T]], lasting: Callable[[T], bool] = lambda _: True
    ) -> T:
        """What git says of some ids, asked once where the answer is `lasting`: true for ever, and small."""
        if about in self._facts:
            found: T = self._facts[about]
            return found
        answer = await ask()
        if lasting(answer):
            self._facts[about] = answer
        return answer

    async def tree(self, revision: str) -> Tree:
        """The tree of a commit (or a tree id from `merge`), without blobs. InputError: too many files."""
        sha = commit_id(revision)
        entries = self._kept.listings.get((self.folder, sha))
        if entries is None:
            try:
                _, output = await run(["ls-tree", "-r", "-z", "--long", sha], folder=self.folder, records=MAX_ENTRIES)
            except TooMuchOutput:  # a few small trees can name each other to millions of files
                raise InputError(f"{sha[:7]} holds more files than the {MAX_ENTRIES} that are read") from None
            entries = self._kept.listings[self.folder, sha] = parse_listing(output)
        return Tree(revision=sha, entries=entries)

    async def load(self, tree: Tree, paths: frozenset[str]) -> Tree:
        """The same tree with the contents of `paths` loaded (symlinks and submodules are left out)."""
        missing = [tree.entries[path] for path in sorted(tree.missing(paths))]
        for entry in missing:
            if entry.size > MAX_BLOB:
                raise InputError(f"{entry.path!r} has {entry.size} bytes; at most {MAX_BLOB} are read")
        wanted = list(dict.fromkeys(entry.blob for entry in missing))
        size = sum({entry.blob: entry.size for entry in missing}.values()) + sum(map(len, tree.blobs.values()))
        if size > MAX_LOADED:  # what takes no room in git may take all memory outside of it
            most = f"at most {MAX_LOADED // 2**20} MiB are read; keep what is no manifest apart from them"
            raise InputError(f"the files to read have {size // 2**20} MiB together; {most}")
        blobs, place = self._kept.blobs, self.folder
        found: dict[Sha, bytes] = {blob: blobs[place, blob] for blob in wanted if (place, blob) in blobs}
        absent = [blob for blob in wanted if blob not in found]
        if absent:
            request = "".join(f"{blob}\n" for blob in absent).encode()
            _, output = await run(["cat-file", "--batch"], folder=self.folder, input=request)
            for blob, data in parse_batch(output, absent):
                found[blob] = blobs[place, blob] = data
        return replace(tree, blobs={**tree.blobs, **found})

    async def merge(self, base: Sha, head: Sha) -> MergeResult:
        """Merge two commits in memory: the merged tree's id, or the paths that conflict.

        Neither: they have no commit in common, and git does not merge them.
        """
        pair = (commit_id(base), commit_id(head))

        async def ask() -> MergeResult:
            command = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", *pair]
            status, output = await run(command, folder=self.folder, accept=(0, 1, 128))
            if status == 128 and not await self._related(*pair):
                return MergeResult(tree=None)
            if status == 128:
                raise TemporaryError("git merge-tree ended with status 128")
            return parse_merge(status, output)

        return await self._fact(("merge", *pair), ask, lasting=lambda found: not found.conflicts)

    async def _related(self, *pair: Sha) -> bool:
        """Whether two commits have one in common."""
        status, _ = await run(["merge-base", *pair], folder=self.folder, accept=(0, 1))
        return status == 0

    async def descends(self, ancestor: Sha, commit: Sha) -> bool:
        """Whether `commit` has `ancestor` among its ancestors (or is it). False where the mirror lost `ancestor`."""
        pair = (commit_id(ancestor), commit_id(commit))

        async def ask() -> bool:
            command = ["merge-base", "--is-ancestor", *pair]
            status, _ = await run(command, folder=self.folder, accept=(0, 1, 128))
            return status == 0

        # what is lost may be fetched again
        return await self._fact(("descends", *pair), ask, lasting=bool)

    async def parents(self, commit: Sha) -> tuple[Sha, ...]:
        """The parents of a commit, first parent first."""

        async def ask() -> tuple[Sha, ...]:
            _, output = await run(["rev-parse", f"{commit_id(commit)}^@"], folder=self.folder)
            return tuple(commit_id(line) for line in output.decode().split())

        return await self._fact(("parents", commit), ask)

    async def commits(self, after: Sha | None, until: Sha) -> tuple[CommitInfo, ...]:
        """The commits that `until` has and `after` has not, newest first, at most 1,000."""
        span = [commit_id(until)] + ([f"^{commit_id(after)}"] if after else [])

        async def ask() -> tuple[CommitInfo, ...]:
            command = ["log", "--max-count=1000", f"--format={COMMIT_FORMAT}", "--no-show-signature", *span, "--"]
            return parse_commits((await run(command, folder=self.folder))[1])

        return await self._fact(("commits", *span), ask, lasting=is_short)


def warn(what: str, **fields: str) -> None:
    """Say it in the server's log."""
    import structlog  # imported when it is needed: commands start quickly

    structlog.get_logger(__name__).warning(what, **fields)


def is_short(commits: tuple[CommitInfo, ...]) -> bool:
    """Whether commits are few and say little: others are asked for again rather than kept."""
    return sum(len(each.message) + 512 for each in commits) <= FACT_BYTES


class Mirrors:
    """All mirrors, each in a folder of its own named by the forge and the repository's immutable number."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.kept = folder, Kept()
        self._open: dict[RepositoryId, Mirror] = {}

    def of(self, repository: RepositoryId) -> Mirror:
        """The mirror of a repository."""
        if repository not in self._open:
            self._open[repository] = Mirror(self._folder / repository.forge / f"{repository.number}.git", self.kept)
        return self._open[repository]
