"""The target itself: folders on this machine, looked at and written in threads of its own."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.diff import compare, normalise
from bot.errors import InputError, PermanentError, StalePlan, TemporaryError
from bot.model.environment import Environment
from bot.model.forge import Diagnosis
from bot.model.identity import key_text
from bot.model.plan import Change, Health, Plan
from bot.model.resource import Desired, Resource, ResourceId
from bot.target import SavedPlan
from bot.target.directory.apart import Apart
from bot.target.directory.inventory import Inventory
from bot.target.directory.manifest import Draft, draft
from bot.target.directory.names import scope_parts
from bot.target.directory.place import OWN, Place
from bot.target.directory.saved import WRITES, SavedFolderPlan, Work
from bot.target.directory.survey import Survey, survey
from bot.target.sops import Sops

__all__ = ["Directory"]

SHOWN = 5
"""How many files a health report names before it only counts."""


class Directory:
    """A folder that holds one environment, or one in each of its sub-folders (`scope:`).

    `path` is made if its parent exists. `key` keys every digest. `interval` is the time in seconds between two looks
    of `watch`, give or take a fifth. `sops` decrypts, in an apply only.
    """

    def __init__(self, name: str, path: Path, key: bytes, interval: float = 60.0, sops: Sops | None = None) -> None:
        self.name, self._sops = name, sops
        self._path, self._key, self._interval = path, key, interval
        self._apart = Apart(path)

    async def identity(self, environment: Environment) -> str:
        """`directory:<target>:<scope>:<UUID of the inventory>`; the inventory is written on first use."""
        place = self._place(environment)
        return self._identity(environment, await self._apart.look(place.claim))

    @asynccontextmanager
    async def plan(self, environment: Environment, desired: Desired) -> AsyncIterator[SavedPlan]:
        """Compare the folder with `desired`. StalePlan: `desired` was made for another destination."""
        yield await self._apart.look(self._plan, environment, desired)

    async def live(self, environment: Environment) -> Sequence[Resource]:
        """The objects that the inventory holds and that can be read, by type, scope and name."""
        _, found = await self._apart.look(self._look, environment)
        readable = [each.resource for each in found.live.values() if each.resource]
        readable += [_closed(id) for id in found.closed]
        return sorted(readable, key=lambda each: (each.id.type, each.id.scope, each.id.name))

    async def health(self, environment: Environment) -> Health:
        """Healthy when every object of the inventory is there and can be read. It says nothing of their contents."""
        try:
            inventory, found = await self._apart.look(self._look, environment)
        except (TemporaryError, PermanentError) as error:
            return Health(state="unknown", reasons=(str(error),))
        if not inventory.entries:
            return Health(state="unknown", reasons=("nothing was applied here yet",))
        wrong = [_ill(id, found) for id in inventory.entries]
        reasons = sorted(each for each in wrong if each)
        more = (f"and {len(reasons) - SHOWN} more",) if len(reasons) > SHOWN else ()
        return Health(state="degraded" if reasons else "healthy", reasons=(*reasons[:SHOWN], *more))

    async def watch(self, environment: Environment) -> AsyncIterator[None]:
        """A folder does not tell when it changes: time to look again, at irregular intervals."""
        del environment
        while True:
            await asyncio.sleep(self._interval * random.uniform(0.8, 1.2))
            yield None

    async def diagnose(self) -> Sequence[Diagnosis]:
        """Whether the folder is there (or can be made), can be written, and has an inventory that can be used."""
        return (await self._apart.look(self._diagnose),)

    def _place(self, environment: Environment) -> Place:
        try:
            parts = scope_parts(environment.scope)
        except InputError as error:
            raise PermanentError(str(error)) from None
        return Place(path=self._path, parts=parts, owner=key_text(environment.id))

    def _identity(self, environment: Environment, inventory: Inventory) -> str:
        scope = "/".join(scope_parts(environment.scope))
        return f"directory:{self.name}:{scope}:{inventory.uuid}"

    def _plan(self, environment: Environment, desired: Desired) -> SavedPlan:
        place = self._place(environment)
        inventory = place.claim()
        if (identity := self._identity(environment, inventory)) != desired.destination:
            raise StalePlan(f"this was rendered for {desired.destination}, and {place.folder} is {identity} by now")
        wanted = {each.id: normalise(each) for each in desired.resources}
        drafts = {id: draft(each, desired.objects[id] if "sops" in each.body else "") for id, each in wanted.items()}
        with place.opened(create=True) as session:
            found = survey(session.files, inventory, drafts, self._key)
        changes = compare(wanted, found.live, desired.objects)
        plan = Plan(
            environment=environment.id,
            desired=desired.digest,
            destination=identity,
            changes=tuple(
                replace(each, conflict=found.obstacles.get(each.id) or self._locked(each, drafts)) for each in changes
            ),
            inventory=len(inventory.entries),
            at=datetime.now(UTC),
        )
        work = Work(place=place, inventory=inventory, desired=drafts, key=self._key, sops=self._sops)
        return SavedFolderPlan(plan, work, self._apart)

    def _locked(self, change: Change, drafts: Mapping[ResourceId, Draft]) -> str:
        """Why an encrypted object cannot be written here, or ""."""
        if change.action not in WRITES or not drafts[change.id].seal:
            return ""
        return self._sops.lacking if self._sops else "it is encrypted, and nothing here can decrypt it"

    def _look(self, environment: Environment) -> tuple[Inventory, Survey]:
        """The inventory and what is there of it; both empty where nothing was ever opened."""
        place = self._place(environment)
        try:
            with place.opened() as session:
                inventory = place.owned(session.inventory() or Inventory(uuid=""))
                return inventory, survey(session.files, inventory, {}, self._key)
        except FileNotFoundError:
            return Inventory(uuid=""), Survey(live={}, obstacles={})

    def _diagnose(self) -> Diagnosis:
        subject = f"target {self.name}"
        try:
            with Place(path=self._path, parts=(), owner="").opened() as session:
                session.inventory()
        except FileNotFoundError:
            place = self._path if self._path.is_dir() else self._path.parent
        except (TemporaryError, PermanentError) as error:
            return Diagnosis(subject=subject, ok=False, detail="the folder cannot be used", fix=str(error))
        else:
            place = self._path / OWN
        if not place.is_dir():
            return Diagnosis(subject=subject, ok=False, detail=f"{place} is not there", fix=f"mkdir -p {place}")
        if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
            fix = "let the server's user read and write there"
            return Diagnosis(subject=subject, ok=False, detail=f"{place} cannot be written", fix=fix)
        return Diagnosis(subject=subject, ok=True, detail=f"{self._path} can be read and written")


def _ill(id: ResourceId, found: Survey) -> str:
    """What is wrong with one object of the inventory, or ""."""
    if id not in found.live:
        return f"{id} is missing"
    readable = id in found.closed or found.live[id].resource is not None
    return found.obstacles.get(id) or ("" if readable else f"{id} cannot be read")


def _closed(id: ResourceId) -> Resource:
    """An object whose file holds what was decrypted, with nothing of that."""
    return Resource(id=id, body={"kind": id.kind, "metadata": {"name": id.name}, "decrypted": "(secret)"})
