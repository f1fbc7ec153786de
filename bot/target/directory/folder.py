"""An open folder: every operation is relative to its descriptor, follows no link, and is durable when it returns."""

import contextlib
import errno
import fcntl
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from bot.errors import PermanentError, TemporaryError
from bot.model.noun import noun

__all__ = ["Folder", "Found"]

OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
TEMPORARY = re.compile(r"\.tidegate-[0-9a-f]{16}\.tmp")
NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
LARGEST = 32 * 1024 * 1024
PATIENCE, PAUSE = 10.0, 0.01


@noun
class Found:
    """What stands at a name. `content` is None for anything but a readable regular file of at most 32 MiB.

    `stamp` differs when what stands there differs; it is the content where there is one.
    """

    kind: Literal["absent", "file", "link", "folder", "other"]
    content: bytes | None = None
    stamp: bytes = b""


class Folder:
    """A folder held open. Close it, or use it as a context manager."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._fd, self.path = descriptor, path

    @classmethod
    def open(cls, path: Path, *, create: bool) -> "Folder":
        """The folder at `path`, made if wanted (its parent must exist). PermanentError: a link, or no folder.

        Links in the folders above it are the operator's own and are followed.
        """
        return cls(
            _open(path.name, path, os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), create), path
        )

    def child(self, name: str, *, create: bool) -> "Folder":
        """A folder in this one, made if wanted. PermanentError: a link, or no folder."""
        return Folder(_open(name, self.path / name, os.dup(self._fd), create), self.path / name)

    def __enter__(self) -> "Folder":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def find(self, name: str) -> Found:
        """What stands at `name`, read if it is a regular file."""
        try:
            status = os.lstat(name, dir_fd=self._fd)
        except FileNotFoundError:
            return Found(kind="absent")
        if stat.S_ISREG(status.st_mode):
            return self._read(name, status)
        kinds: dict[int, Literal["link", "folder"]] = {stat.S_IFLNK: "link", stat.S_IFDIR: "folder"}
        return Found(kind=kinds.get(stat.S_IFMT(status.st_mode), "other"), stamp=_stamp(status))

    def _read(self, name: str, status: os.stat_result) -> Found:
        try:
            descriptor = os.open(name, OPEN_FILE, dir_fd=self._fd)
        except PermissionError:
            return Found(kind="file", stamp=_stamp(status))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return Found(kind="other", stamp=_stamp(status))
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            return Found(kind="file", stamp=_stamp(status))
        return Found(kind="file", content=content, stamp=content)

    def create(self, name: str, content: bytes, mode: int) -> None:
        """Write a new file that appears whole. FileExistsError: something has that name by now."""
        temporary = self._write(content, mode)
        try:
            os.link(temporary, name, src_dir_fd=self._fd, dst_dir_fd=self._fd, follow_symlinks=False)
            os.unlink(temporary, dir_fd=self._fd)
        except OSError as error:
            if error.errno not in NO_LINKS:
                self._discard(temporary)
                raise
            # A file system without hard links: the last look and the rename are as close as they can be.
            if self.find(name).kind != "absent":
                self._discard(temporary)
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name) from None
            os.rename(temporary, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        os.fsync(self._fd)

    def replace(self, name: str, content: bytes, mode: int) -> None:
        """Put a new file in the place of `name`: readers see the old one or the new one, whole.

        Only the name changes hands. A file that is also linked from elsewhere keeps its bytes there.
        """
        temporary = self._write(content, mode)
        try:
            os.rename(temporary, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except OSError:
            self._discard(temporary)
            raise
        os.fsync(self._fd)

    def remove(self, name: str) -> None:
        """Remove a name, durably."""
        os.unlink(name, dir_fd=self._fd)
        os.fsync(self._fd)

    def sweep(self) -> None:
        """Remove what an interrupted write left behind. Only under the lock: any such file is then nobody's."""
        for name in os.listdir(self._fd):
            if TEMPORARY.fullmatch(name):
                os.unlink(name, dir_fd=self._fd)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder's lock against every other process and thread. TemporaryError: it was not free in time."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open("lock", flags, 0o600, dir_fd=self._fd)
        try:
            deadline = time.monotonic() + PATIENCE
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise TemporaryError(f"{self.path / 'lock'} is held by another process") from None
                    time.sleep(PAUSE)
            yield
        finally:
            os.close(descriptor)

    def _write(self, content: bytes, mode: int) -> str:
        """A temporary file with that content, on the disk; its name."""
        name = f".tidegate-{secrets.token_hex(8)}.tmp"
        descriptor = os.open(
            name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=self._fd
        )
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
        except OSError:
            self._discard(name)
            raise
        return name

    def _discard(self, temporary: str) -> None:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=self._fd)


def _open(name: str, path: Path, parent: int, create: bool) -> int:
    """A descriptor of the folder `name` in `parent`, which is closed."""
    try:
        if create:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=parent)
                os.fsync(parent)
        return os.open(name, OPEN_FOLDER, dir_fd=parent)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENOTDIR):
            raise
        link = stat.S_ISLNK(os.lstat(name, dir_fd=parent).st_mode)
        what = "a symbolic link, which is never followed" if link else "not a folder"
        raise PermanentError(f"{path} is {what}; put a real folder there") from None
    finally:
        os.close(parent)


def _stamp(status: os.stat_result) -> bytes:
    """Tells apart what cannot be told apart by its content."""
    parts = (status.st_mode, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    return ("\0" + ":".join(map(str, parts))).encode()
