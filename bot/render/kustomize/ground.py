"""The names of a tree, as far as a walk asks for them: what is a file, what leads through a link, what is near."""

import posixpath
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from bot.model.tree import Entry
from bot.render.kustomize.kustomization import FILES

__all__ = ["LINKS", "Ground", "joined"]

LINKS = {"120000": "a symbolic link, which is never followed", "160000": "a submodule, which is never fetched"}


def joined(folder: str, text: str) -> str | None:
    """The path that `text` means in `folder`, in its simplest form ("" is the root); None: it leaves the root."""
    path = posixpath.normpath(posixpath.join(folder, text) if folder else text)
    if path.startswith(("/", "../")) or path == "..":
        return None
    return "" if path == "." else path


class Ground:
    """The entries of one tree. Lists of neighbours are made when somebody asks."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self.entries = entries
        self._sorted: list[str] | None = None

    def is_file(self, path: str) -> bool:
        """Whether there is a regular file."""
        entry = self.entries.get(path)
        return entry is not None and entry.mode.startswith("100")

    def link(self, path: str) -> tuple[str, str] | None:
        """(path, what it is) of the link or submodule that `path` is or leads through; None: there is none."""
        at = 0
        while at >= 0:
            at = path.find("/", at + 1)
            part = path if at < 0 else path[:at]
            entry = self.entries.get(part)
            if entry is not None and entry.mode in LINKS:
                return part, LINKS[entry.mode]
        return None

    def builds(self, folder: str) -> list[str]:
        """The kustomization files in a folder: one, if all is well."""
        found = (posixpath.join(folder, each) for each in FILES)
        return [each for each in found if each in self.entries]

    def under(self, folder: str) -> Iterator[Entry]:
        """Every entry below a folder, in order of path."""
        if self._sorted is None:
            self._sorted = sorted(self.entries)
        start = folder + "/" if folder else ""
        for index in range(bisect_left(self._sorted, start), len(self._sorted)):
            path = self._sorted[index]
            if not path.startswith(start):
                return
            yield self.entries[path]

    def is_folder(self, folder: str) -> bool:
        """Whether there is anything below it."""
        return next(self.under(folder), None) is not None

    def near_file(self, path: str) -> str | None:
        """The file that was probably meant."""
        folder, _, name = path.rpartition("/")
        names = [each.path.rpartition("/")[2] for each in self.under(folder) if posixpath.dirname(each.path) == folder]
        found = get_close_matches(name, names, n=1)
        if found:
            return posixpath.join(folder, found[0])
        elsewhere = [each for each in self.entries if each.rpartition("/")[2] == name]
        return elsewhere[0] if len(elsewhere) == 1 else None

    def near_folder(self, path: str, asking: str) -> str | None:
        """The folder with a kustomization file that was probably meant by the one in the folder `asking`."""
        known = {posixpath.dirname(each) for each in self.entries if posixpath.basename(each) in FILES}
        found = get_close_matches(path, sorted(known - {"", asking}), n=1)
        return found[0] if found else None
