"""A repository on this machine, read without writing to it: its revisions, and its working tree as a tree of files."""

import asyncio
import os
import posixpath
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bot.errors import InputError, TemporaryError, TreeError
from bot.git.mirror import Mirror
from bot.git.process import ISOLATION, run
from bot.model.noun import Sha
from bot.model.tree import UNCOMMITTED, Entry, Tree

__all__ = ["LocalRepository", "contents", "on_disk"]

PIECE = 64 * 1024  # bytes read at once of a file of which it is not known how many it has


class LocalRepository:
    """A local repository: `top` is its working folder."""

    def __init__(self, top: Path, git_folder: Path) -> None:
        self.top, self._root = top, os.fsencode(top)
        self._mirror = Mirror(git_folder)

    @classmethod
    async def find(cls, folder: Path) -> "LocalRepository":
        """The repository that `folder` is in. InputError: none."""
        return cls(*await asyncio.to_thread(locate, folder))

    async def resolve(self, revision: str) -> Sha:
        """The commit that a name, a branch or an id means. InputError: none."""
        try:
            return await self._mirror.resolve(revision)
        except TemporaryError as error:
            raise InputError(f"{self.top}: {error}") from None
        except TreeError:
            raise  # there is one, which is not read
        except InputError as error:
            _, shallow = await run(["rev-parse", "--is-shallow-repository"], folder=self._mirror.folder)
            hint = "; this clone is shallow: fetch more of it, such as by `git fetch --unshallow`"
            raise InputError(f"{error}{hint if shallow.strip() == b'true' else ''}") from None

    async def is_empty(self) -> bool:
        """Whether there is no commit yet where this is."""
        arguments = ["rev-parse", "--verify", "--quiet", "HEAD"]
        status, _ = await run(arguments, folder=self._mirror.folder, accept=(0, 1))
        return status == 1

    async def tree(self, revision: str) -> Tree:
        """The tree of a revision, without contents."""
        return await self._mirror.tree(await self.resolve(revision))

    async def working_tree(self) -> Tree:
        """What is in the working folder now: tracked files and new ones that are not ignored.

        What a sparse checkout leaves out is there too, as the index has it.
        """
        # the index is only listed: `ls-files` with these options writes nothing
        # from the top, since it lists what is below the folder that it runs in
        arguments = [
            "-C",
            str(self.top),
            f"--work-tree={self.top}",
            "ls-files",
            "-z",
            "-t",
            "--stage",
            "--cached",
            "--others",
            "--exclude-standard",
        ]
        _, output = await run(arguments, folder=self._mirror.folder, extra={**ISOLATION})
        folder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            listed = (listed_entry(folder, record) for record in output.split(b"\0") if record)
            entries = {each.path: each for each in listed if each}
        finally:
            os.close(folder)
        links = {path for path, each in entries.items() if each.mode == "120000"}
        # git still lists the files of a folder that a link has taken the place of; they are no part of the next commit
        for path in [each for each in entries if not links.isdisjoint(folders(each))] if links else ():
            del entries[path]
        return Tree(revision=UNCOMMITTED, entries=entries)

    async def compared(self, tree: Tree, base: Tree) -> Tree:
        """The working tree with the ids of `base` where a file is the same, so that the two can be compared."""
        return await asyncio.to_thread(self._compared, tree, base)

    def _compared(self, tree: Tree, base: Tree) -> Tree:
        entries = {
            path: replace(entry, mode=other.mode, blob=other.blob)
            if (other := base.entries.get(path)) and unchanged(self._root, entry, other)
            else entry
            for path, entry in tree.entries.items()
        }
        return replace(tree, entries=entries)

    async def load(self, tree: Tree, paths: frozenset[str]) -> Tree:
        """The same tree with contents; the working tree's are read from the files."""
        if tree.revision == UNCOMMITTED:
            tree = self._load_files(tree, paths)
        # of a working tree, what a sparse checkout leaves out is left
        return await self._mirror.load(tree, paths) if tree.missing(paths) else tree

    def _load_files(self, tree: Tree, paths: frozenset[str]) -> Tree:
        found = {}
        for path in tree.missing(paths):
            blob = tree.entries[path].blob
            try:
                found[blob] = contents(on_disk(self._root, path), tree.entries[path].size)
            except OSError as error:
                if isinstance(error, FileNotFoundError) and blob != file_id(path):
                    continue
                raise TreeError(f"{path}: {error.strerror}") from None
        return replace(tree, blobs={**tree.blobs, **found})


def listed_entry(folder: int, record: bytes) -> Entry | None:
    """What `git ls-files -t --stage` says of one file, as a tree's entry; None where it was deleted.

    `folder` is the open working folder. A record is `H <mode> <id> <stage>\\t<path>`, S in the place of H where a
    sparse checkout leaves it out, or `? <path>` of a new file.
    """
    tag, _, rest = record.partition(b" ")
    indexed, _, name = rest.partition(b"\t") if tag != b"?" else (b"", b"", rest)
    name = name.rstrip(b"/")  # a slash ends what is a repository of its own
    entry = file_entry(folder, name)
    if entry and entry.mode == "160000" and indexed and not indexed.startswith(b"160000 "):
        return None  # a folder has taken the file's place
    if entry is None and tag == b"S":
        mode, blob, _ = indexed.decode().split(" ")
        return Entry(path=text(name), mode=mode, blob=Sha(blob), size=0)
    return entry


def folders(path: str) -> Iterator[str]:
    """The folders that a path lies in, the innermost first."""
    while path := posixpath.dirname(path):
        yield path


def text(name: bytes) -> str:
    """The text of a path: git's names are UTF-8, whatever the locale makes of names."""
    return name.decode("utf-8", "surrogateescape")


def raw(path: str) -> bytes:
    """The bytes of a path, as git and the system know it."""
    return path.encode("utf-8", "surrogateescape")


def on_disk(root: bytes, path: str) -> bytes:
    """Where a file of the repository lies."""
    return root + b"/" + raw(path)


def contents(file: bytes, size: int = PIECE) -> bytes:
    """What is in a file; `size` is what it had when it was listed, where that is known. OSError: it cannot be read.

    Three calls of the system for a file that still has its size; `open` makes seven.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.read(descriptor, size + 1)
        if len(data) == size:  # and nothing behind it
            return data
        pieces = [data]
        while piece := os.read(descriptor, PIECE):
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def file_entry(folder: int, name: bytes) -> Entry | None:
    """A working file as a tree's entry; None where it was deleted. The id is the path's: contents are read later."""
    try:
        found = os.lstat(name, dir_fd=folder)
    except OSError:
        return None
    if stat.S_ISREG(found.st_mode):
        mode, size = "100644", found.st_size
    elif stat.S_ISLNK(found.st_mode):
        mode, size = "120000", 0
    elif stat.S_ISDIR(found.st_mode):
        mode, size = "160000", 0
    else:
        return None
    path = text(name)
    return Entry(path=path, mode=mode, blob=file_id(path), size=size)


def file_id(path: str) -> Sha:
    """What stands for the contents of a working file before they are read: nothing that git could call an object."""
    return Sha(f":{path}")


def unchanged(root: bytes, entry: Entry, other: Entry) -> bool:
    """Whether a working file is what `other` was committed as. The executable bit does not count."""
    if entry.mode[:3] != other.mode[:3]:
        return False
    if entry.mode == "160000":
        return True  # a submodule is never read
    place = on_disk(root, entry.path)
    try:
        if entry.mode == "120000":
            data = os.readlink(place)
        elif entry.size == other.size:
            data = contents(place, entry.size)
        else:
            return False
    except OSError:
        return False
    return other.holds(data)


def locate(folder: Path) -> tuple[Path, Path]:
    """The working folder and the git folder of the repository that `folder` is in. InputError: none."""
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder")
    for candidate in (folder.resolve(), *folder.resolve().parents):
        if (candidate / ".git").is_dir():
            return candidate, candidate / ".git"
        if (candidate / ".git").is_file():
            return candidate, linked(candidate)
        if all((candidate / each).exists() for each in ("HEAD", "objects", "refs")):
            raise InputError(f"{folder}: is in a bare repository, which has no files to look at; name a clone of it")
    raise InputError(f"{folder}: is not in a git repository; name one with --repo DIR")


def linked(folder: Path) -> Path:
    """The git folder of a linked worktree or a submodule's checkout."""
    text = os.fsdecode((folder / ".git").read_bytes()).strip()  # a folder's name may be any bytes
    if not text.startswith("gitdir: "):
        raise InputError(f"{folder / '.git'}: does not name a git folder")
    return (folder / text.removeprefix("gitdir: ")).resolve()
