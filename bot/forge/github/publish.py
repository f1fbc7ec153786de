"""Making a thread show a report: the check, the one comment that is edited in place, outcomes, duplicates.

Every step yields what is posted after each of its writes, so that a failure loses nothing of what was done before it.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace

from bot.errors import PermanentError, PublishError, TemporaryError
from bot.forge.github import checks
from bot.forge.github.client import Client
from bot.forge.github.faults import AGAIN, NotFound, NotSeenYet
from bot.forge.github.shape import integer, moment
from bot.model.forge import Limits
from bot.model.identity import PullRequestId
from bot.model.noun import Json, noun
from bot.model.report import CheckReport, Outcome, Posted, Report, digest_of

__all__ = ["Thread", "publish"]

REFUSED_AGAIN = 300.0
COMMENT = "/repos/{+repo}/issues/comments/{id}"
COMMENTS = "/repos/{+repo}/issues/{number}/comments"


@noun
class Thread:
    """Where to write and with what; `app_id` is None where a personal token writes."""

    client: Client
    id: PullRequestId
    app_id: int | None
    limits: Limits

    @property
    def repo(self) -> str:
        """The repository's path, for URLs."""
        return self.id.repository.path


async def publish(thread: Thread, report: Report, posted: Posted) -> Posted:
    """What is posted in the end. PublishError carries what was posted until then.

    A step that GitHub refuses for good (a locked conversation) does not keep the others from being tried.
    """
    refused: list[PermanentError] = []
    for step in steps(thread, report, posted):
        try:
            async for change in step:
                posted = merged(posted, change)
        except PermanentError as error:
            refused.append(error)
        except TemporaryError as error:
            raise PublishError(str(error), posted, error.delay) from error
    if refused:
        again = AGAIN if all(isinstance(each, NotSeenYet) for each in refused) else REFUSED_AGAIN
        raise PublishError("; ".join(map(str, refused)), posted, again) from refused[0]
    return posted


def merged(posted: Posted, change: Posted) -> Posted:
    """`posted` with what a step changed."""
    return replace(
        posted,
        comment=change.comment or posted.comment,
        digest=change.digest or posted.digest,
        at=change.at or posted.at,
        checks={**posted.checks, **change.checks},
        outcomes={**posted.outcomes, **change.outcomes},
    )


def steps(thread: Thread, report: Report, posted: Posted) -> Iterator[AsyncIterator[Posted]]:
    """What differs, the check first: branch protection waits for it."""
    if report.check is not None:
        yield check(thread, report.check, posted)
    if report.comment is not None and (posted.comment is None or digest_of(report.comment) != posted.digest):
        yield comment(thread, report.comment, posted.comment)
    for each in report.outcomes:
        if each.key not in posted.outcomes:
            yield outcome(thread, each)
    for duplicate in report.remove:
        yield remove(thread, duplicate)


async def check(thread: Thread, report: CheckReport, posted: Posted) -> AsyncIterator[Posted]:
    """The check on the commit that the report names."""
    before = posted.checks.get(report.head)
    if thread.app_id is None:
        written = checks.post_status(thread.client, thread.repo, report, before)
    else:
        written = checks.post_run(thread.client, thread.repo, thread.app_id, report, before, thread.limits)
    async for each in written:
        yield Posted(checks={report.head: each})


async def comment(thread: Thread, text: str, id: str | None) -> AsyncIterator[Posted]:
    """The one comment: edited in place, or written anew if somebody deleted it."""
    answer = await edit(thread, id, text) if id is not None else None
    if answer is None:
        answer = await create(thread, text)
    yield Posted(comment=name_of(answer), digest=digest_of(text), at=moment(answer, "updated_at"))


async def outcome(thread: Thread, report: Outcome) -> AsyncIterator[Posted]:
    """A comment of its own."""
    yield Posted(outcomes={report.key: name_of(await create(thread, report.body))})


async def remove(thread: Thread, id: str) -> AsyncIterator[Posted]:
    """Delete a comment; one that is gone already is what was wanted."""
    with suppress(NotFound):
        await thread.client.delete(COMMENT, repo=thread.repo, id=number_of(id))
    yield Posted()


async def edit(thread: Thread, id: str, text: str) -> Json | None:
    """Change a comment; None if it is gone."""
    try:
        return await thread.client.patch(COMMENT, {"body": text}, repo=thread.repo, id=number_of(id))
    except NotFound:
        return None


async def create(thread: Thread, text: str) -> Json:
    """Write a comment."""
    return await thread.client.post(COMMENTS, {"body": text}, repo=thread.repo, number=thread.id.number)


def name_of(answer: Json) -> str:
    """A comment's id as remarks have it."""
    return f"comment:{integer(answer, 'id')}"


def number_of(id: str) -> int:
    """The number in `comment:17`. PermanentError: it is something else, which cannot be edited or deleted."""
    kind, _, number = id.partition(":")
    if kind != "comment" or not number.isdecimal():
        raise PermanentError(f"{id} is not a comment")
    return int(number)
