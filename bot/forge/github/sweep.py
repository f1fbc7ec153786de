"""What webhooks may have missed: deliveries that failed are asked for again, changed pull requests are named.

https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime

import structlog

from bot.errors import PermanentError
from bot.forge.github import facts
from bot.forge.github.client import Client
from bot.forge.github.shape import integer, mapping, moment, sha, text
from bot.model.forge import Missed
from bot.model.identity import PullRequestId, RepositoryId, Wake
from bot.model.noun import Json, Sha

__all__ = ["changed", "failed", "opened", "queued", "redeliver"]

DELIVERIES = "/app/hook/deliveries"
log = structlog.get_logger(__name__)


async def changed(client: Client, repository: RepositoryId, watermark: datetime) -> Missed:
    """Every pull request that changed at or after `watermark`, newest change first; reads no further than needed.

    Those in a merge queue too: nothing about them changes when a check is asked for.
    """
    path = "/repos/{+repo}/pulls?state=all&sort=updated&direction=desc"
    wakes: list[Wake] = []
    began = None
    async for each in client.pages(path, repo=repository.path):
        began = began or client.time()  # as of the first page: what changes while the others are read is for next time
        if moment(each, "updated_at") < watermark:
            break
        key = PullRequestId(repository=repository, number=integer(each, "number"))
        wakes.append(Wake(key=key, reason="changed since the watermark"))
    began = began or client.time()
    for number in await queued(client, repository):
        key = PullRequestId(repository=repository, number=number)
        wakes.append(Wake(key=key, reason="in the merge queue"))
    return Missed(wakes=tuple(wakes), at=began)


async def queued(client: Client, repository: RepositoryId) -> dict[int, tuple[Sha, ...]]:
    """The commits on which the repository's merge queues wait for checks, by the pull request each is made for."""
    found: dict[int, tuple[Sha, ...]] = {}
    path = "/repos/{+repo}/git/matching-refs/heads/gh-readonly-queue"
    async for each in client.pages(path, numbered=False, repo=repository.path):
        number = facts.queued(text(each, "ref"))
        if number is not None:
            found[number] = (*found.get(number, ()), sha(mapping(each, "object"), "sha"))
    return found


async def opened(client: Client, repository: RepositoryId) -> AsyncIterator[PullRequestId]:
    """Every pull request that is open now, newest first."""
    async for each in client.pages("/repos/{+repo}/pulls?state=open", repo=repository.path):
        yield PullRequestId(repository=repository, number=integer(each, "number"))


async def redeliver(app: Client, repository: RepositoryId, watermark: datetime) -> None:
    """Have GitHub send again what never arrived of the repository's events since `watermark`, each once.

    PermanentErrors are logged and go no further: the other deliveries are asked for, and the pull requests looked at,
    in any case.
    """
    try:
        lost = failed(await since(app, watermark), repository.number)
    except PermanentError as error:
        log.warning("failed deliveries cannot be listed", repository=str(repository), error=str(error))
        return
    for id in lost:
        log.info("redelivering", repository=str(repository), delivery=id)
        try:
            await app.post(f"{DELIVERIES}/{{id}}/attempts", {}, id=id)
        except PermanentError as error:
            log.warning("a failed delivery cannot be asked for again", delivery=id, error=str(error))


async def since(app: Client, watermark: datetime) -> list[Json]:
    """The App's deliveries at or after `watermark`, newest first."""
    found: list[Json] = []
    async for each in app.pages(DELIVERIES, numbered=False):
        if moment(each, "delivered_at") < watermark:
            break
        found.append(each)
    return found


def failed(deliveries: Iterable[Json], repository: int) -> list[int]:
    """One delivery's id for every event of the repository that no attempt has brought here, oldest first.

    All attempts at an event share its `guid`. Only events first sent since the watermark count: what was asked for
    again stays in the list, and must not be asked for without end.
    """
    first: dict[str, int] = {}
    arrived: set[str] = set()
    for each in deliveries:
        if each.get("repository_id") != repository:
            continue
        guid = text(each, "guid")
        if is_success(each):
            arrived.add(guid)
        if each.get("redelivery") is not True:
            first[guid] = integer(each, "id")
    return [id for guid, id in reversed(first.items()) if guid not in arrived]


def is_success(delivery: Json) -> bool:
    """Whether the receiver answered 2xx."""
    status = delivery.get("status_code")
    return isinstance(status, int) and 200 <= status < 300
