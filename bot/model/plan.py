"""Plans: the changes between a desired and a live state, and what became of an apply."""

from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from bot.model.finding import Finding
from bot.model.identity import EnvironmentId
from bot.model.noun import Digest, noun
from bot.model.resource import Origin, ResourceId

__all__ = ["Action", "Applied", "Cause", "Change", "FieldChange", "Finding", "Health", "Plan"]


class Action(StrEnum):
    """What will be done to a resource. A closed set, in the order in which people should read them."""

    DELETE = "delete"
    REPLACE = "replace"
    ADOPT = "adopt"
    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"


class Cause(StrEnum):
    """Why a change is in a plan: this pull request, another that is merged but not applied, or somebody's hand."""

    PULL_REQUEST = "pull request"
    PENDING = "pending"
    DRIFT = "drift"
    NONE = "none"


@noun
class FieldChange:
    """One field: its path (`/spec/replicas`, RFC 6901) and the masked values before and after (None: absent)."""

    path: str
    before: Any
    after: Any


@noun
class Change:
    """One resource of a plan. `before` and `after` are masked at birth: no secret value is in them.

    `uid` identifies the live object that would be changed or destroyed ("" when there is none). `digest` is the desired
    object's own digest, None for a deletion; `live` the live object's, None where there is none. `conflict` says why
    the target may not do this (it waits), else "".
    """

    id: ResourceId
    action: Action
    cause: Cause = Cause.NONE
    fields: tuple[FieldChange, ...] = ()
    before: Any = field(default=None, repr=False)
    after: Any = field(default=None, repr=False)
    digest: Digest | None = None
    live: Digest | None = None
    uid: str = ""
    origin: Origin | None = field(default=None, compare=False)
    conflict: str = ""


@noun
class Plan:
    """All changes that make an environment equal to a desired state, destructive first, then by type, scope and name.

    `inventory` is how many objects the environment owned when the plan was made; `at` is UTC.
    """

    environment: EnvironmentId
    desired: Digest
    destination: str
    changes: tuple[Change, ...]
    inventory: int
    at: datetime

    @property
    def effective(self) -> tuple[Change, ...]:
        """The changes that do something."""
        return tuple(each for each in self.changes if each.action is not Action.UNCHANGED)

    @property
    def destroys(self) -> frozenset[tuple[ResourceId, str]]:
        """(id, uid) of every object that would be deleted or replaced."""
        destructive = (Action.DELETE, Action.REPLACE)
        return frozenset((each.id, each.uid) for each in self.changes if each.action in destructive)


@noun
class Applied:
    """What became of one object of an apply. `unknown` is said when the outcome could not be learnt."""

    id: ResourceId
    action: Action
    state: Literal["started", "done", "failed", "unknown"]
    error: str = ""


@noun
class Health:
    """Whether an environment works, with reasons for people."""

    state: Literal["healthy", "progressing", "degraded", "unknown"]
    reasons: tuple[str, ...] = ()
