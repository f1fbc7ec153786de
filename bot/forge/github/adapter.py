"""`GitHub`: the `Forge` protocol on GitHub's REST API. Each method reads or writes through one credential's client."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

import aiohttp

from bot.errors import PermanentError
from bot.forge.github import doctor, events, facts, sweep
from bot.forge.github.access import access_of
from bot.forge.github.client import Client
from bot.forge.github.faults import NotFound
from bot.forge.github.options import GitHubOptions
from bot.forge.github.people import commit
from bot.forge.github.publish import Thread, publish
from bot.forge.github.shape import ShapeError, mapping, repository_path
from bot.model.forge import Commit, Delivery, Diagnosis, Limits, Missed, PullRequest, Remark, Remote, Repository
from bot.model.identity import Permission, Person, PullRequestId, RepositoryId
from bot.model.noun import Json
from bot.model.report import Posted, Report

__all__ = ["GitHub"]

LIMITS = Limits(comment=65_536, check_text=65_535, annotations=50)
PULL = "/repos/{+repo}/pulls/{number}"
COMMITS_LISTED = 250
"""GitHub lists no more of a pull request's commits: https://docs.github.com/en/rest/pulls/pulls"""


class GitHub:
    """One GitHub. It holds no state but tokens, our account's id, and answers to revalidate; all can be lost.

    `now` is seconds since 1970. The session is the caller's, who closes it.
    """

    def __init__(
        self, options: GitHubOptions, session: aiohttp.ClientSession, now: Callable[[], float] = time.time
    ) -> None:
        self._options = options
        self._access = access_of(options, session, now)
        self._own: int | None = None

    @property
    def name(self) -> str:
        """The name that the server's settings give it."""
        return self._options.name

    @property
    def limits(self) -> Limits:
        """https://docs.github.com/en/rest/checks/runs; a longer comment is answered with 422."""
        return LIMITS

    def receive(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Verify and decode one webhook, without I/O. RefusedError: 401, 400 or 413."""
        return events.receive(self._options, headers, body, self._own)

    async def repositories(self) -> Sequence[Repository]:
        """The repositories of all installations, or those that the token's owner reaches.

        In one that is archived or disabled GitHub takes no check and no comment, so that nothing could be told.
        """
        return [
            facts.repository(self.name, each)
            async for each in self._access.repositories()
            if not (each.get("archived") or each.get("disabled"))
        ]

    async def pull_request(self, id: PullRequestId) -> PullRequest:
        """Five reads at the same time; more for long threads and more than 100 commits."""
        client = await self._client(id.repository)
        own = await self._account(client)
        where: dict[str, Any] = {"repo": id.repository.path, "number": id.number}
        value, comments, reviews, listed, groups = await asyncio.gather(
            client.get(PULL, **where),
            everything(client, "/repos/{+repo}/issues/{number}/comments", **where),
            everything(client, PULL + "/reviews", **where),
            everything(client, PULL + "/commits", **where),
            sweep.queued(client, id.repository),
        )
        self._check_same(id.repository, value)
        commits: Sequence[Commit] = [commit(each, self._options.noreply_domain) for each in listed]
        if len(commits) >= COMMITS_LISTED:
            base, head = mapping(value, "base"), mapping(value, "head")
            commits = await self.people(id.repository, str(base.get("sha")), str(head.get("sha")))
        remarks = chain((facts.comment(each, own) for each in comments), facts.reviews(reviews, own))
        found = facts.pull_request(id, value, commits, remarks)
        return replace(found, queued=groups.get(id.number, ()) if found.state == "open" else ())

    async def members(self, group: str) -> frozenset[int]:
        """The members of the team `org/slug`, with those of its child teams."""
        org, _, slug = group.partition("/")
        if not org or not slug or "/" in slug:
            raise PermanentError(f"{group!r} is not a team: write it as organisation/team")
        client = await self._access.organization(org)
        listed = client.pages("/orgs/{org}/teams/{slug}/members", org=org, slug=slug)
        return frozenset([facts.person({"user": each}).id async for each in listed])

    async def permission(self, repository: RepositoryId, person: Person) -> Permission:
        """Read now; NONE for who is no collaborator, and for a login that belongs to another account by now."""
        client = await self._client(repository)
        path = "/repos/{+repo}/collaborators/{login}/permission"
        try:
            answer = await client.get(path, repo=repository.path, login=person.login)
        except NotFound:
            return Permission.NONE
        return facts.permission(answer, person)

    async def people(self, repository: RepositoryId, base: str, head: str) -> Sequence[Commit]:
        """The commits that are in `head` and not in `base`, oldest first."""
        client = await self._client(repository)
        path = "/repos/{+repo}/compare/{base}...{head}"
        listed = client.pages(path, "commits", repo=repository.path, base=base, head=head)
        return [commit(each, self._options.noreply_domain) async for each in listed]

    async def remote(self, repository: RepositoryId) -> Remote:
        """The repository below `web_url`, with a token that is good for five minutes at least."""
        client = await self._client(repository)
        return Remote(url=f"{self._options.web_url}/{repository.path}.git", token=await client.token())

    async def acknowledge(self, thread: PullRequestId, remark: Remark) -> None:
        """The reaction "eyes" on a comment, which GitHub keeps once per account; reviews cannot have one."""
        kind, _, number = remark.id.partition(":")
        if kind != "comment":
            return
        client = await self._client(thread.repository)
        path = "/repos/{+repo}/issues/comments/{number}/reactions"
        with suppress(NotFound):
            await client.post(path, {"content": "eyes"}, repo=thread.repository.path, number=number)

    async def publish(self, thread: PullRequestId, report: Report, posted: Posted) -> Posted:
        """Write what differs: check, comment, outcomes, duplicates. PublishError carries what is posted already."""
        app_id = self._options.app_id if self._access.app is not None else None
        client = await self._client(thread.repository)
        return await publish(Thread(client=client, id=thread, app_id=app_id, limits=LIMITS), report, posted)

    async def opened(self, repository: RepositoryId) -> AsyncIterator[PullRequestId]:
        """See `Forge`."""
        async for each in sweep.opened(await self._client(repository), repository):
            yield each

    async def since(self, repository: RepositoryId, watermark: datetime) -> Missed:
        """Ask for failed deliveries again (Apps only), then name the pull requests that changed since."""
        client = await self._client(repository)
        if self._access.app is not None:
            await sweep.redeliver(self._access.app, repository, watermark)
        return await sweep.changed(client, repository, watermark)

    async def diagnose(self) -> Sequence[Diagnosis]:
        """The credential, the App's rights, its installations and its hook."""
        if self._access.app is not None:
            return await doctor.app(self._access.app, self.name)
        anywhere = RepositoryId(forge=self.name, number=0, path="")
        return await doctor.person(await self._access.repository(anywhere), self.name)

    async def _client(self, repository: RepositoryId) -> Client:
        """The client for a repository whose path may be put into a URL."""
        try:
            repository_path(repository.path)
        except ShapeError:
            raise PermanentError(f"{repository.path!r} is not a repository's path") from None
        return await self._access.repository(repository)

    async def _account(self, client: Client) -> int:
        """Our own account's id, looked up once."""
        if self._own is None:
            self._own = await self._access.account(client)
        return self._own

    def _check_same(self, repository: RepositoryId, value: Json) -> None:
        """A path can come to name another repository, whose pull requests must not pass for this one's."""
        found = facts.repository_id(self.name, mapping(mapping(value, "base"), "repo"))
        if found.number != repository.number:
            raise PermanentError(f"{repository.path} is another repository by now")


async def everything(client: Client, path: str, **values: Any) -> list[Json]:
    """All objects of a list."""
    return [each async for each in client.pages(path, **values)]
