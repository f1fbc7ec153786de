"""Forges: the protocol, and one folder per forge that speaks it.

Banned here: environments and plans. A forge knows threads, remarks, people and reports.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.model.forge import Commit, Delivery, Diagnosis, Limits, Missed, PullRequest, Remark, Remote, Repository
from bot.model.identity import Permission, Person, PullRequestId, RepositoryId
from bot.model.report import Posted, Report

__all__ = ["Forge"]


class Forge(Protocol):
    """One forge. Every call may raise TemporaryError (try again after its delay) or PermanentError."""

    @property
    def name(self) -> str:
        """The name that the server's settings give it."""
        ...

    @property
    def limits(self) -> Limits:
        """Sizes and units; nobody asks for a forge's name instead."""
        ...

    def receive(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Verify and decode one webhook. Pure. RefusedError: 401 signature, 400 malformed, 413 too large.

        Events, repositories and installations that are not ours decode to a delivery without wakes.
        """
        ...

    async def repositories(self) -> Sequence[Repository]:
        """The repositories that the credential reaches, whether they match a rule of the settings or not."""
        ...

    async def pull_request(self, id: PullRequestId) -> PullRequest:
        """All facts of a pull request as one value. AbsentError: there is none to be seen."""
        ...

    async def members(self, group: str) -> frozenset[int]:
        """The account ids of a team given as `org/name`. PermanentError: there is no such team, or no right to look."""
        ...

    async def permission(self, repository: RepositoryId, person: Person) -> Permission:
        """What an account may do in a repository, read now."""
        ...

    async def people(self, repository: RepositoryId, base: str, head: str) -> Sequence[Commit]:
        """The commits after `base` up to `head`, oldest first, with their people."""
        ...

    async def remote(self, repository: RepositoryId) -> Remote:
        """Where git fetches from, with a short-lived credential."""
        ...

    async def acknowledge(self, thread: PullRequestId, remark: Remark) -> None:
        """Show the writer of a command that it was seen. Doing it twice does no harm."""
        ...

    async def publish(self, thread: PullRequestId, report: Report, posted: Posted) -> Posted:
        """Make the thread show `report`, writing only what differs from `posted`; returns what is posted now."""
        ...

    def opened(self, repository: RepositoryId) -> AsyncIterator[PullRequestId]:
        """Every pull request that is open now, in any order."""
        ...

    async def since(self, repository: RepositoryId, watermark: datetime) -> Missed:
        """What hooks may have missed: every pull request that changed since `watermark` (the forge's time, UTC).

        Redelivers failed deliveries and re-enables a disabled hook where the forge allows it.
        """
        ...

    async def diagnose(self) -> Sequence[Diagnosis]:
        """Whether the credential, the hook and the rights are as they must be."""
        ...
