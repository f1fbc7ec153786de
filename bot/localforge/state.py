"""The forge's memory: one table per kind of row, each row written through to a JSON file of its own.

A row's file is replaced atomically, so a killed process leaves every row either as it was or as it became.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from bot.localforge import rows

__all__ = ["State", "Table"]


class HasId(Protocol):
    """Whatever a table can hold: a dataclass with an id."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def id(self) -> int:
        """Unique over all tables."""
        ...


T = TypeVar("T", bound=HasId)


class Table(Generic[T]):
    """All rows of one kind, by id, in the order of their ids."""

    def __init__(self, folder: Path, kind: Callable[..., T]) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        found = [kind(**json.loads(path.read_bytes())) for path in folder.glob("[0-9]*.json")]
        self._rows = {row.id: row for row in sorted(found, key=lambda row: row.id)}

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, id: int | None) -> T | None:
        """The row with that id."""
        return None if id is None else self._rows.get(id)

    def __getitem__(self, id: int) -> T:
        return self._rows[id]

    def put(self, row: T) -> T:
        """Add or replace a row, on disk first."""
        path = self.folder / f"{row.id}.json"
        draft = self.folder / f".{row.id}.draft"
        draft.write_text(json.dumps(asdict(row)))
        os.replace(draft, path)
        self._rows[row.id] = row
        return row

    def drop(self, id: int) -> None:
        """Forget a row."""
        (self.folder / f"{id}.json").unlink(missing_ok=True)
        self._rows.pop(id, None)


class State:
    """Everything that survives a restart, apart from what git holds."""

    def __init__(self, folder: Path) -> None:
        def table(name: str, kind: Callable[..., T]) -> Table[T]:
            return Table(folder / name, kind)

        self.accounts = table("accounts", rows.Account)
        self.apps = table("apps", rows.App)
        self.installations = table("installations", rows.Installation)
        self.tokens = table("tokens", rows.Token)
        self.teams = table("teams", rows.Team)
        self.repositories = table("repositories", rows.Repository)
        self.pulls = table("pulls", rows.Pull)
        self.comments = table("comments", rows.Comment)
        self.reviews = table("reviews", rows.Review)
        self.reactions = table("reactions", rows.Reaction)
        self.check_runs = table("check_runs", rows.CheckRun)
        self.statuses = table("statuses", rows.Status)
        self.events = table("events", rows.Event)
        self.deliveries = table("deliveries", rows.Delivery)
        self._last = max((row.id for each in self._tables() for row in each), default=1000)

    def _tables(self) -> list[Table[HasId]]:
        return [each for each in vars(self).values() if isinstance(each, Table)]

    def next_id(self) -> int:
        """An id that no row has or had: nothing but old deliveries is ever dropped, and never the newest of them."""
        self._last += 1
        return self._last
