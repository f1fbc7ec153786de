"""Large texts in files named by their content, so that no transaction is large."""

import hashlib
import os
import tempfile
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

__all__ = ["Blobs", "blobs_of"]

INLINE = 64 * 1024
"""Bytes that SQLite keeps in a column: it has one writer, which a large transaction keeps from everything else."""
MARK = "sha256:"
UNFINISHED = ".unfinished-"


class Blobs:
    """Large texts below one folder; what is stored in a column is the text itself or the name of its file.

    A text of up to `inline` bytes stays in its column. A file appears under its name only when it is whole and durable.
    """

    def __init__(self, folder: Path, inline: int = INLINE) -> None:
        self._folder, self._inline = folder, inline

    def prepare(self) -> None:
        """Make the folder, and remove what a killed process left unfinished. OSError: it cannot be written."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._folder.glob(f"{UNFINISHED}*"):
            path.unlink(missing_ok=True)

    def put(self, text: str) -> str:
        """What to store in a column for `text`; a file that it names is durable by then. OSError: it was not made."""
        data = text.encode()
        if len(data) <= self._inline:
            return text
        name = hashlib.sha256(data).hexdigest()
        place = self._place(name)
        if place.exists():
            place.touch()  # by its time it is known as wanted, see `keep`
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix=UNFINISHED, delete=False) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(place)
        # also where it is there: whoever put it there may have been killed before this
        sync_folder(place.parent)
        sync_folder(self._folder)
        return MARK + name

    def get(self, stored: str) -> str:
        """The text behind what a column holds. FileNotFoundError: the file was removed."""
        if not stored.startswith(MARK):
            return stored
        return self._place(stored.removeprefix(MARK)).read_bytes().decode()

    def keep(self, stored: Collection[str], before: datetime) -> int:
        """Remove the files that none of these columns names and nobody wanted since `before`; how many.

        Later ones may be a newer database's, in whose place an older one was put. Nothing may be stored meanwhile.
        """
        named = {self._place(each.removeprefix(MARK)) for each in stored}
        old = (path for path in self._folder.glob("??/*") if path.stat().st_mtime < before.timestamp())
        nobodys = [path for path in old if path not in named]
        for path in nobodys:
            path.unlink(missing_ok=True)
        return len(nobodys)

    def _place(self, name: str) -> Path:
        return self._folder / name[:2] / name[2:]


def blobs_of(conn: Connection) -> Blobs:
    """The large texts that belong to a connection's store."""
    found = conn.get_execution_options()["blobs"]
    assert isinstance(found, Blobs)
    return found


def sync_folder(folder: Path) -> None:
    """Make what was renamed into the folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
