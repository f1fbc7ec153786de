"""Targets: where a desired state goes.

Banned here: pull requests, approvals, the forge.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bot.model.environment import Environment
from bot.model.forge import Diagnosis
from bot.model.gate import Lease
from bot.model.plan import Applied, Health, Plan
from bot.model.resource import Desired, Resource

__all__ = ["SavedPlan", "Target"]


class SavedPlan(Protocol):
    """A plan together with everything needed to carry out exactly it."""

    @property
    def plan(self) -> Plan:
        """The plan; causes are not filled in."""
        ...

    def apply(self, lease: Lease) -> AsyncIterator[Applied]:
        """Carry it out, yielding each object as `started`, then `done` or `failed`.

        StalePlan: the live state changed since, and nothing more is written. StaleLease: a newer epoch was here.
        """
        ...


class Target(Protocol):
    """One place that environments live in. Every call may raise TemporaryError."""

    @property
    def name(self) -> str:
        """What `target:` calls it."""
        ...

    async def identity(self, environment: Environment) -> str:
        """The destination's lasting identity, part of the desired digest. Claims the place on first use."""
        ...

    def plan(self, environment: Environment, desired: Desired) -> AbstractAsyncContextManager[SavedPlan]:
        """Compare `desired` with what is there now. Leaving the context discards the plan."""
        ...

    async def live(self, environment: Environment) -> Sequence[Resource]:
        """What the environment's inventory holds now, for people to look at (Secrets are in it: mask them)."""
        ...

    async def health(self, environment: Environment) -> Health:
        """Whether what is there works."""
        ...

    def watch(self, environment: Environment) -> AsyncIterator[None]:
        """Yields when it is worth looking again; a timer will do."""
        ...

    async def diagnose(self) -> Sequence[Diagnosis]:
        """Whether the place can be reached and written."""
        ...
