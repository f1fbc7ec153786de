"""Carrying out a plan, one object at a time, each under the lock and on the ground that the plan saw."""

import contextlib
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import replace

from bot.diff import normalise
from bot.errors import PermanentError, ProgramError, StaleError, StalePlan, TemporaryError
from bot.model.gate import Lease
from bot.model.noun import Digest, noun
from bot.model.plan import Action, Applied, Change, Plan
from bot.model.resource import ResourceId
from bot.target.directory.apart import Apart
from bot.target.directory.inventory import Entry, Inventory, State
from bot.target.directory.manifest import Draft, content_digest, draft, mode
from bot.target.directory.place import Place, Session, explain
from bot.target.directory.survey import file_of, uid_of
from bot.target.sops import Sops

__all__ = ["WRITES", "SavedFolderPlan", "Work"]

WRITES = (Action.CREATE, Action.UPDATE)
INTENT: Mapping[Action, State] = {Action.CREATE: "creating", Action.DELETE: "deleting"}


@noun
class Work:
    """What a plan was made from: the place, its inventory then, and the desired objects in their order."""

    place: Place
    inventory: Inventory
    desired: Mapping[ResourceId, Draft]
    key: bytes
    sops: Sops | None = None

    def seal(self, id: ResourceId) -> str:
        """The seal of an object's file: of what is to be written, or of what was where it goes."""
        if id in self.desired:
            return self.desired[id].seal
        return self.inventory.entries[id].seal if id in self.inventory.entries else ""

    def content(self, id: ResourceId) -> bytes:
        """The bytes that an object's file is to have."""
        content = self.desired[id].content
        if content is None:
            raise PermanentError(f"{id} cannot be written as YAML")
        return content

    def file(self, id: ResourceId) -> str:
        """The name of an object's file."""
        return file_of(self.inventory, id)


class SavedFolderPlan:
    """A plan for a folder. Each step opens the folder anew, so a link put in its place in between is refused."""

    def __init__(self, plan: Plan, work: Work, apart: Apart) -> None:
        self.plan = plan
        self._work, self._apart = work, apart

    async def apply(self, lease: Lease) -> AsyncIterator[Applied]:
        """Writes in the desired order, then deletes. An object that cannot be written is `failed`, and the last.

        PermanentError: the plan has a conflict. StalePlan, StaleLease: see `SavedPlan`. TemporaryError: the disk
        refuses the inventory itself, and nothing was written.
        """
        for change in self.plan.changes:
            if change.conflict:
                raise PermanentError(f"{change.id}: {change.conflict}")
        work = self._work
        for change in (each for each in self.plan.effective if each.action in WRITES and work.seal(each.id)):
            try:
                work = await _opened(work, change.id)
            except ProgramError as refused:
                yield Applied(id=change.id, action=change.action, state="started")
                yield Applied(id=change.id, action=change.action, state="failed", error=str(refused))
                return
        await self._apart.do(_begin, work, self.plan, lease.epoch)
        try:
            for change in _in_order(self.plan, work.desired):
                yield Applied(id=change.id, action=change.action, state="started")
                error = await self._apart.do(_carry_out, work, change, lease.epoch)
                yield Applied(id=change.id, action=change.action, state="failed" if error else "done", error=error)
                if error:
                    return
        finally:
            await self._apart.do(_settle, work, lease.epoch)


async def _opened(work: Work, id: ResourceId) -> Work:
    """The same work with an object as it was before SOPS encrypted it. It is in memory only until the apply ends."""
    if work.sops is None:
        raise ProgramError(f"{id} is encrypted, and nothing here can decrypt it")
    wanted = work.desired[id]
    plain = normalise(await work.sops.decrypt(wanted.resource))
    return replace(work, desired={**work.desired, id: draft(plain, wanted.seal)})


def _in_order(plan: Plan, desired: Collection[ResourceId]) -> list[Change]:
    effective = {change.id: change for change in plan.effective}
    writes = [effective[id] for id in desired if id in effective]
    return writes + [change for change in effective.values() if change.action is Action.DELETE]


@contextlib.contextmanager
def _locked(place: Place) -> Iterator[Session]:
    """The place, open and locked. StalePlan: the folder is gone."""
    try:
        with place.opened() as session, session.own.lock():
            yield session
    except FileNotFoundError:
        raise StalePlan(f"{place.folder} was removed since the plan was made") from None


def _begin(work: Work, plan: Plan, epoch: int) -> None:
    """Take the folder under `epoch`, make sure that it is as the plan saw it, and write down what is intended."""
    with _locked(work.place) as session:
        inventory = session.fenced(work.inventory.uuid, epoch)
        session.files.sweep()
        session.own.sweep()
        for change in plan.effective:
            _unmoved(session, work, change)
        entries = _intents(work, plan)
        for id in inventory.entries.keys() - entries.keys():
            _gone(session, work, id, inventory.entries[id])
        wanted = replace(work.place.owned(inventory), epoch=epoch, entries=entries)
        if wanted != inventory:
            session.record(wanted)


def _intents(work: Work, plan: Plan) -> dict[ResourceId, Entry]:
    """The entries of all objects that are to be there, and of those that are to go."""
    entries = {}
    for change in plan.changes:
        digest = Digest(change.uid)
        if change.action in (Action.CREATE, Action.UPDATE):
            digest = content_digest(work.content(change.id), work.key)
        state = INTENT.get(change.action, "kept")
        entries[change.id] = Entry(file=work.file(change.id), digest=digest, state=state, seal=work.seal(change.id))
    return entries


def _gone(session: Session, work: Work, id: ResourceId, entry: Entry) -> None:
    """An entry that the plan has nothing to say of is dropped, so its file must not be there (or not be ours)."""
    found = session.files.find(entry.file)
    if found.kind != "absent" and (entry.state == "kept" or uid_of(found, work.key) == entry.digest):
        raise StalePlan(f"{session.files.path / entry.file} ({id}) appeared since the plan was made")


def _unmoved(session: Session, work: Work, change: Change) -> None:
    """StalePlan: the file of a change is not the one that the plan saw."""
    name = work.file(change.id)
    if uid_of(session.files.find(name), work.key) != change.uid:
        raise StalePlan(f"{session.files.path / name} ({change.id}) changed since the plan was made")


def _carry_out(work: Work, change: Change, epoch: int) -> str:
    """Do one change; "" or why the disk would not have it."""
    name = work.file(change.id)
    try:
        with _locked(work.place) as session:
            session.fence(work.inventory.uuid, epoch)
            _unmoved(session, work, change)
            if change.action is Action.DELETE:
                session.files.remove(name)
                return ""
            content = work.content(change.id)
            try:
                write = session.files.create if change.action is Action.CREATE else session.files.replace
                write(name, content, mode(change.id, work.seal(change.id)))
            except FileExistsError:
                raise StalePlan(f"{session.files.path / name} ({change.id}) appeared since the plan was made") from None
            except OSError as error:
                return explain(error, session.files.path)
    except TemporaryError as error:
        return str(error)
    return ""


def _settle(work: Work, epoch: int) -> None:
    """Turn intents into facts: a file that was made, or was not removed after all, is kept; other entries go.

    It may fail: an intent is proved by the file itself, so the next plan reads the same from it as from the fact.
    """
    try:
        with _locked(work.place) as session:
            inventory = session.fenced(work.inventory.uuid, epoch)
            entries = dict(_settled(session, work, inventory))
            if entries != inventory.entries:
                session.record(replace(inventory, entries=entries))
    except (TemporaryError, PermanentError, StaleError):
        return


def _settled(session: Session, work: Work, inventory: Inventory) -> Iterator[tuple[ResourceId, Entry]]:
    """The entries whose files are there and are Tidegate's, as facts."""
    for id, entry in inventory.entries.items():
        if entry.state == "kept" or uid_of(session.files.find(entry.file), work.key) == entry.digest:
            yield id, replace(entry, state="kept")
