"""Where Helm finds its files: written once for the same content, in a folder that nobody else can read."""

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bot.errors import ProgramError

__all__ = ["Scratch", "begun", "content_key"]

KEPT = 24 * 60 * 60.0  # seconds after its last use that a folder is kept


def content_key(files: Mapping[str, bytes]) -> str:
    """What tells these files from any others: the digest of every path and every byte."""
    whole = hashlib.sha256()
    for path in sorted(files):
        name, data = os.fsencode(path), files[path]
        whole.update(b"%d %d " % (len(name), len(data)) + name)
        whole.update(data)
    return whole.hexdigest()


def begun() -> float:
    """When this machine began to run, by its clock. What was laid out before may be torn by a loss of power."""
    return time.time() - time.monotonic()


class Scratch:
    """Folders below `parent`, or below a temporary one that goes with this object."""

    def __init__(self, parent: Path | None) -> None:
        self._parent, self._folder = parent, Path()
        self._made = False

    def holding(self, files: Mapping[str, bytes], key: str) -> Path:
        """A folder with exactly these files; `key` is theirs by `content_key`. ProgramError: the disk refuses one."""
        try:
            return self._holding(files, key)
        except OSError as error:
            raise ProgramError(f"a file of the chart could not be laid out: {error.strerror}") from None

    def _holding(self, files: Mapping[str, bytes], key: str) -> Path:
        folder = self._root() / "charts" / key
        if folder.exists():
            os.utime(folder)
            return folder
        with self.fresh() as draft:
            for path, data in files.items():
                if {"", ".", ".."} & set(path.split("/")):
                    raise ValueError("a path leaves the folder")
                file = draft / "files" / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
            # who comes second finds the same files there
            with contextlib.suppress(OSError):
                (draft / "files").rename(folder)
        return folder

    @contextmanager
    def fresh(self) -> Iterator[Path]:
        """An empty folder that is gone afterwards."""
        folder = tempfile.mkdtemp(prefix="run-", dir=self._root())
        try:
            yield Path(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _root(self) -> Path:
        """The folder, made and tidied when it is first asked for."""
        if not self._made:
            if self._parent is None:
                self._folder = Path(tempfile.mkdtemp(prefix="tidegate-helm-"))
                weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            else:
                self._folder = self._parent
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._folder.chmod(0o700)
            (self._folder / "charts").mkdir(exist_ok=True)
            self._made = True
            self._tidy()
        return self._folder

    def _tidy(self) -> None:
        """Remove what was not used for a day, or since the machine began to run; killed processes left some behind."""
        old = max(time.time() - KEPT, begun())
        for each in [*(self._folder / "charts").iterdir(), *self._folder.glob("run-*")]:
            with contextlib.suppress(OSError):
                if each.stat().st_mtime < old:
                    with self.fresh() as gone:
                        each.rename(gone / each.name)  # at once: others may look for it
