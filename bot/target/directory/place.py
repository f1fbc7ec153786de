"""Where one environment's files are: opening the folder, its inventory, and saying what to do when the disk refuses."""

import contextlib
import errno
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from bot.errors import PermanentError, StaleLease, StalePlan, TemporaryError
from bot.model.noun import noun
from bot.target.directory.folder import Folder
from bot.target.directory.inventory import Inventory, decode, decode_head, encode

__all__ = ["OWN", "Place", "Session", "explain"]

OWN = ".tidegate"
INVENTORY = "inventory.json"


@noun
class Session:
    """An open place: `files` holds one file per object, `own` what only Tidegate reads and writes."""

    files: Folder
    own: Folder

    def inventory(self) -> Inventory | None:
        """The inventory, or None where there is none. PermanentError: it is damaged, and says nothing of any file."""
        return self._decoded(decode)

    def _decoded(self, how: Callable[[bytes], Inventory]) -> Inventory | None:
        found = self.own.find(INVENTORY)
        if found.kind == "absent":
            return None
        path = self.own.path / INVENTORY
        try:
            if found.content is None:
                raise ValueError("it is not a regular file that can be read")
            return how(found.content)
        except ValueError as error:
            raise PermanentError(
                f"{path} cannot be used: {error}. Restore it from a backup; or move it away together with the files "
                "of the folder, which begins a new, empty destination"
            ) from None

    def record(self, inventory: Inventory) -> None:
        """Replace the inventory. Only under the lock."""
        self.own.replace(INVENTORY, encode(inventory), 0o666)

    def fence(self, uuid: str, epoch: int) -> None:
        """Make sure, by the inventory's head alone, that `epoch` may still write here. Only under the lock.

        StaleLease: a newer one was here. StalePlan: the inventory is not the one that was planned with.
        """
        head = self._decoded(decode_head)
        if head is None or head.uuid != uuid:
            raise StalePlan(f"{self.own.path / INVENTORY} was replaced since the plan was made")
        if head.epoch > epoch:
            raise StaleLease(
                f"{self.files.path} was written under epoch {head.epoch}, and this is {epoch}: another worker "
                "took over, or the database is older than the folder (restore the newer one)",
                head.epoch,
            )

    def fenced(self, uuid: str, epoch: int) -> Inventory:
        """The whole inventory behind that fence."""
        self.fence(uuid, epoch)
        inventory = self.inventory()
        assert inventory is not None  # its head was there, under the lock
        return inventory


@noun
class Place:
    """The folder `parts` below `path`, the folder of the target; `owner` is the environment's key."""

    path: Path
    parts: tuple[str, ...]
    owner: str

    @property
    def folder(self) -> Path:
        """The whole path, for people."""
        return self.path.joinpath(*self.parts)

    @contextlib.contextmanager
    def opened(self, *, create: bool = False) -> Iterator[Session]:
        """Open it for a moment. FileNotFoundError: it is not there and was not to be made.

        TemporaryError: the disk refuses. PermanentError: a link stands in the way.
        """
        with contextlib.ExitStack() as stack:
            try:
                session = self._open(stack, create)
            except FileNotFoundError:
                if create:
                    raise TemporaryError(f"{self.path.parent} is not there; make it, or correct the path") from None
                raise
            except OSError as error:
                raise TemporaryError(explain(error, self.folder)) from None
            try:
                yield session
            except OSError as error:
                raise TemporaryError(explain(error, self.folder)) from None

    def _open(self, stack: contextlib.ExitStack, create: bool) -> Session:
        files = stack.enter_context(Folder.open(self.path, create=create))
        for part in self.parts:
            files = stack.enter_context(files.child(part, create=create))
        return Session(files=files, own=stack.enter_context(files.child(OWN, create=create)))

    def claim(self) -> Inventory:
        """The inventory, made with a new identity where there is none. PermanentError: it is another environment's."""
        with self.opened(create=True) as session:
            inventory = session.inventory()
            if inventory is None:
                with session.own.lock():
                    inventory = session.inventory() or Inventory(uuid=str(uuid4()))
                    session.record(inventory)
            return self.owned(inventory)

    def owned(self, inventory: Inventory) -> Inventory:
        """The same inventory with this environment as its owner. PermanentError: it is another environment's."""
        if inventory.environment not in ("", self.owner):
            raise PermanentError(
                f"{self.folder} holds {inventory.environment}, and a folder is for one environment: give this one a "
                f"`scope:` of its own, or move {OWN}/{INVENTORY} and the files away to give the folder up"
            )
        return replace(inventory, environment=self.owner)


def explain(error: OSError, folder: Path) -> str:
    """What the disk said, and what to do about it."""
    remedies = {
        errno.ENOSPC: "free some space there",
        errno.EDQUOT: "free some space there or raise the quota",
        errno.EACCES: "let the server's user read and write there",
        errno.EPERM: "let the server's user read and write there",
        errno.EROFS: "mount it writable",
    }
    remedy = remedies.get(error.errno or 0, "look at that folder and its disk")
    return f"{folder}: {error.strerror or type(error).__name__}; {remedy}"
