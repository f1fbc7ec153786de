"""A git tree as a value: every entry's path and blob, and the contents that were loaded."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Literal

from bot.errors import TreeError
from bot.model.noun import Sha, noun

__all__ = ["CHART_URL", "SUBMODULE", "SYMLINK", "UNCOMMITTED", "Elsewhere", "Entry", "Tree"]

UNCOMMITTED = Sha("0" * 40)
"""The revision of a working tree."""

SYMLINK, SUBMODULE = "120000", "160000"

CHART_URL = re.compile(
    r"(?:oci|https)://[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?(?::[0-9]{1,5})?(?:/[A-Za-z0-9][-A-Za-z0-9._]*)+", re.ASCII
)
"""Where a chart may be, its name last. No user, no query, nothing escaped: an allow-list judges the whole text."""


@noun
class Entry:
    """One file of a tree. `mode` is git's (100644, 100755, 120000 symlink, 160000 submodule); `size` is in bytes."""

    path: str
    mode: str
    blob: Sha
    size: int

    def holds(self, data: bytes) -> bool:
        """Whether these are its contents, by the id that git gives them."""
        if len(data) != self.size:
            return False
        return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == self.blob


@noun
class Elsewhere:
    """Something outside the repository that a render needs, pinned so that it can never be anything else.

    `git`: a repository's `url` at a full commit id (`revision`). `chart`: a Helm chart's `url` (oci:// or https://) in
    a version (`revision`), with the `digest` (`sha256:` and 64 digits) of its archive.
    """

    kind: Literal["git", "chart"]
    url: str
    revision: str
    digest: str = ""


@noun
class Tree:
    """The tree of `revision`: all entries by path (POSIX, relative), and the bytes of the blobs that were loaded.

    `elsewhere` holds what was fetched from outside the repository, each as a tree of its own with every blob loaded.
    """

    revision: Sha
    entries: Mapping[str, Entry] = field(repr=False)
    blobs: Mapping[Sha, bytes] = field(repr=False, default_factory=dict)
    elsewhere: Mapping[Elsewhere, "Tree"] = field(repr=False, default_factory=dict)

    @property
    def place(self) -> str:
        """Where something is or is not, for people: `at 3f2a9c1`, `in the working tree`."""
        return "in the working tree" if self.revision == UNCOMMITTED else f"at {self.revision[:7]}"

    def under(self, folder: str) -> tuple[Entry, ...]:
        """Every entry at or below `folder` ("" or "." is the root), in order of path."""
        return tuple(self.entries[path] for path in sorted(self._below(folder)))

    def has(self, folder: str) -> bool:
        """Whether there is anything at or below `folder`."""
        return any(True for _ in self._below(folder))

    def _below(self, folder: str) -> Iterable[str]:
        base = folder.strip("/")
        if base in ("", "."):
            return self.entries
        below = f"{base}/"
        return (path for path in self.entries if path == base or path.startswith(below))

    def same(self, other: "Tree", path: str) -> bool:
        """Whether both hold the same file at a path, or neither holds one."""
        mine, theirs = self.entries.get(path), other.entries.get(path)
        if mine is None or theirs is None:
            return mine is theirs
        return (mine.mode, mine.blob) == (theirs.mode, theirs.blob)

    def read(self, path: str) -> bytes:
        """The bytes of a regular file. TreeError: it is missing, a symlink, a submodule, or was not loaded."""
        entry = self.entries.get(path)
        if entry is None:
            raise TreeError(f"{path}: no such file {self.place}")
        if entry.mode == SYMLINK:
            raise TreeError(f"{path} is a symbolic link, which is never followed; commit the file itself")
        if entry.mode == SUBMODULE:
            raise TreeError(f"{path} is a submodule, which is never fetched; commit the files themselves")
        if entry.blob not in self.blobs:
            raise TreeError(f"{path} was not loaded; its renderer must name it in reads()")
        return self.blobs[entry.blob]

    def only(self, paths: frozenset[str]) -> "Tree":
        """The part of the tree that work on `paths` needs: their contents, and the names of their neighbours."""
        folders = {path.rpartition("/")[0] for path in paths}
        near = {
            path: entry for path, entry in self.entries.items() if path in paths or path.rpartition("/")[0] in folders
        }
        wanted = {near[path].blob for path in paths if path in near}
        return replace(self, entries=near, blobs={blob: self.blobs[blob] for blob in wanted if blob in self.blobs})

    def missing(self, paths: frozenset[str]) -> frozenset[str]:
        """Those of `paths` that are regular files of this tree and are not loaded yet."""
        found = (self.entries[path] for path in paths if path in self.entries)
        return frozenset(e.path for e in found if e.mode.startswith("100") and e.blob not in self.blobs)
