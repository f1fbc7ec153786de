"""Files on disk for a build: each content is written once, and a build gets a folder of links to just what it reads.

The links are hard links to read-only files that are named by their digest, so many builds share them, nothing else is
in reach of a build, and a file may be dropped from the store while a build still uses it. The folder that a build got
is emptied and given to another one: its empty sub-folders stay, since removing folders is slow on many file systems.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.errors import ProgramError
from bot.render.helm.scratch import begun

__all__ = ["Scratch", "digest_of", "drop_oldest"]

MOST_FOLDERS = 500  # that one desk is let grow to
KEEP = 0.75  # of the room, after a cleaning


def digest_of(data: bytes) -> str:
    """What a content is named by: SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


class Scratch:
    """A store of contents of at most `room` bytes in `folder`, which other processes may use at the same time.

    None as the folder is a temporary one of this process alone. What a process that was killed left behind is removed
    by the next one that starts, and so are contents from before the machine began to run.
    """

    def __init__(self, folder: Path | None, room: int) -> None:
        self._wanted, self._room = folder, room
        self._contents: Path | None = None
        self._own = Path()
        self._free: list[Desk] = []
        self._count = 0
        self._bytes = 0

    @contextlib.contextmanager
    def laid_out(self, files: Mapping[str, bytes], folders: tuple[str, ...] = ()) -> Iterator[Path]:
        """A new folder that holds these files by path, and empty `folders` to write to; it is removed afterwards.

        ProgramError: they do not fit, or the disk does not take them.
        """
        size = sum(map(len, files.values()))
        if size > self._room:
            raise ProgramError(f"the build reads {size // 2**20} MiB; at most {self._room // 2**20} MiB are laid out")
        try:
            contents = self._open()
            desk = self._free.pop() if self._free else self._desk()
        except OSError as error:
            raise ProgramError(f"the scratch folder cannot be used: {error.strerror}") from None
        try:
            self._fill(contents, desk, files, folders)
            yield desk.folder
        finally:
            self._clear(desk, files, folders)

    def _desk(self) -> "Desk":
        self._count += 1
        desk = Desk(self._own / str(self._count))
        desk.folder.mkdir()
        return desk

    def _fill(self, contents: Path, desk: "Desk", files: Mapping[str, bytes], folders: tuple[str, ...]) -> None:
        try:
            for each in folders:
                (desk.folder / each).mkdir(parents=True)
            try:
                self._place(contents, desk, files)
            except (FileExistsError, NotADirectoryError):
                # what is a file now was a folder in an earlier build
                desk.remove()
                desk.folder.mkdir()
                for each in folders:
                    (desk.folder / each).mkdir(parents=True)
                self._place(contents, desk, files)
        except OSError as error:
            raise ProgramError(f"a file could not be laid out for the build: {error.strerror}") from None

    def _place(self, contents: Path, desk: "Desk", files: Mapping[str, bytes]) -> None:
        for path, data in files.items():
            parent = path.rpartition("/")[0]
            if parent not in desk.made:
                os.makedirs(desk.folder / parent, exist_ok=True)
                desk.made.add(parent)
            self._link(contents / digest_of(data), data, desk.folder / path)

    def _clear(self, desk: "Desk", files: Mapping[str, bytes], folders: tuple[str, ...]) -> None:
        try:
            for path in files:
                os.unlink(desk.folder / path)
            for each in folders:
                shutil.rmtree(desk.folder / each)
        except OSError:
            desk.remove()
            return
        if len(desk.made) > MOST_FOLDERS:
            desk.remove()
        else:
            self._free.append(desk)

    def _link(self, content: Path, data: bytes, place: Path) -> None:
        try:
            os.link(content, place)
        except FileNotFoundError:
            self._write(content, data, place)

    def _write(self, content: Path, data: bytes, place: Path) -> None:
        if self._bytes + len(data) > self._room:
            # counted again, since others write there too
            self._bytes = drop_oldest(content.parent, int(self._room * KEEP))
        handle, name = tempfile.mkstemp(dir=self._own)
        with open(handle, "wb") as file:
            file.write(data)
            os.fchmod(handle, 0o444)
        # before it is in the store: there another process may replace it while it is linked, which the kernel refuses
        os.link(name, place)
        os.replace(name, content)
        self._bytes += len(data)

    def _open(self) -> Path:
        if self._contents is not None:
            return self._contents
        folder = private(self._wanted) if self._wanted else Path(tempfile.mkdtemp(prefix="tidegate-")).resolve()
        contents = folder / "contents"
        contents.mkdir(mode=0o700, exist_ok=True)
        sweep(folder)
        self._own, lock = claim(folder)
        weakref.finalize(self, leave, lock, folder if self._wanted is None else self._own)
        since = begun()
        for time, size, path in listed(contents):
            if time < since * 1e9:
                remove(path)
            else:
                self._bytes += size
        self._contents = contents
        return contents


def listed(folder: Path) -> list[tuple[int, int, str]]:
    """(time in nanoseconds, size in bytes, path) of every file, the newest first; another process may remove some."""
    found = []
    with os.scandir(folder) as listing:
        for each in listing:
            with contextlib.suppress(FileNotFoundError):
                about = each.stat()
                found.append((about.st_mtime_ns, about.st_size, each.path))
    return sorted(found, reverse=True)


def drop_oldest(folder: Path, most: int) -> int:
    """Remove the oldest files if there are more than `most` bytes; the bytes that remain."""
    found = listed(folder)
    total = sum(size for _, size, _ in found)
    while total > most and found:
        _, size, path = found.pop()
        remove(path)
        total -= size
    return total


def remove(path: str) -> None:
    """Remove a file, which another process may have done before."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


class Desk:
    """The folder that one build after the other is laid out in, and the sub-folders that were made there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: set[str] = set()

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.made.clear()


def private(folder: Path) -> Path:
    """The folder, made if it is not there. OSError: it is somebody else's, or others may write to it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise PermissionError(0, "it must be a folder of this user that nobody else may write to")
    return folder.resolve()


def claim(folder: Path) -> tuple[Path, int]:
    """A new folder in it that no sweep removes as long as its lock, a descriptor, is held."""
    while True:
        own = Path(tempfile.mkdtemp(prefix="own-", dir=folder))
        lock = os.open(own / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.fstat(lock).st_nlink:
            return own, lock
        os.close(lock)  # another process that started swept it away before the lock was held


def sweep(folder: Path) -> None:
    """Remove what processes left behind that are no more: nobody holds their lock."""
    for own in folder.glob("own-*"):
        with contextlib.suppress(OSError):
            handle = os.open(own / "lock", os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(own, ignore_errors=True)
            finally:
                os.close(handle)


def leave(lock: int, folder: Path) -> None:
    """Remove what was this process's own."""
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.close(lock)
