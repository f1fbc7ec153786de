"""Results that are remembered: the objects in memory, and what the program printed in a folder, if there is one.

A key is made of everything that a result depends on, so an entry never has to be dropped for being old.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.model.resource import Rendered
from bot.render.bounded import Bounded
from bot.render.kustomize.scratch import digest_of, drop_oldest, private

__all__ = ["Cache", "key_of"]


def key_of(words: Sequence[str], files: Mapping[str, bytes]) -> str:
    """The key of a build: the programs' digests and its arguments, and every file by path and content."""
    made = hashlib.sha256()
    for each in words:
        made.update(each.encode("utf-8", "surrogateescape") + b"\0")
    made.update(b"\n")
    for path in sorted(files):
        made.update(path.encode("utf-8", "surrogateescape") + b"\0" + hashlib.sha256(files[path]).digest())
    return made.hexdigest()


class Cache:
    """Results by key: `kept` bytes in memory, and `stored` bytes of what programs printed in `folder`."""

    def __init__(self, kept: int, folder: Path | None, stored: int) -> None:
        self._rendered: Bounded[str, Rendered] = Bounded(kept)
        self._wanted, self._stored, self._bytes = folder, stored, -1
        self._folder: Path | None = None

    def rendered(self, key: str) -> Rendered | None:
        """The objects of a build."""
        return self._rendered.get(key)

    def remember(self, key: str, rendered: Rendered, output: bytes) -> None:
        """Keep the objects of a build; they cost a multiple of their text."""
        self._rendered.put(key, rendered, len(output) * 8)

    def output(self, key: str) -> bytes | None:
        """What the program printed, if it is stored and whole."""
        try:
            if (folder := self._opened()) is None:
                return None
            data = (folder / key).read_bytes()
        except OSError:
            return None
        return data[64:] if digest_of(data[64:]).encode() == data[:64] else None

    def store(self, key: str, output: bytes) -> None:
        """Keep what the program printed; a disk that does not take it is no error."""
        with contextlib.suppress(OSError):
            folder = self._opened()
            if folder is None or len(output) > self._stored // 4:
                return
            if self._bytes < 0 or self._bytes + len(output) > self._stored:
                self._bytes = drop_oldest(folder, self._stored - len(output))
            handle, name = tempfile.mkstemp(dir=folder, prefix=".")
            with open(handle, "wb") as file:
                file.write(digest_of(output).encode() + output)
            os.replace(name, folder / key)
            self._bytes += len(output)

    def _opened(self) -> Path | None:
        if self._folder is None and self._wanted is not None:
            self._folder = private(self._wanted)
        return self._folder
