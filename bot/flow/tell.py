"""Telling: from a view to the report that a thread shows, posted once, found again after a crash."""

import asyncio
from dataclasses import replace

from sqlalchemy import Connection

from bot.errors import PublishError
from bot.flow.view import View
from bot.flow.world import World
from bot.model.forge import Limits, PullRequest, Remark, Repository
from bot.model.gate import Lease
from bot.model.identity import PullRequestId
from bot.model.report import CheckReport, Outcome, Posted, PostedCheck, Report, digest_of
from bot.report.check_run import check_of
from bot.report.comment import MARKER, comment_of, find_own, outcome_marker
from bot.report.story import Story
from bot.store import commands, plans, posted, pulls
from bot.store.plans import Published

__all__ = ["find_again", "tell", "tell_check", "tell_planning", "written"]

ANSWERS_SHOWN = 8


async def find_again(world: World, pull: PullRequest, lease: Lease) -> None:
    """See by the thread itself whether it shows what was sent last: its answer may be lost, or the process was killed.

    Whoever read that plan and answered it is then judged by it, and it is not written once more.
    """
    begun = await world.store.read(lambda conn: posted.of(conn, pull.id))
    own = kept(pull, begun)
    if own is None or own.changed is None or begun.sent in ("", begun.digest) or digest_of(own.body) != begun.sent:
        return
    at, found = own.changed, replace(begun, comment=own.id, digest=begun.sent, at=own.changed, sent="")

    def keep(conn: Connection) -> None:
        posted.save(conn, pull.id, found)
        plans.mark_published(conn, pull.id, at)

    await world.store.write_leased(lease, keep)


async def written(story: Story, limits: Limits) -> tuple[CheckReport, str]:
    """The check and the comment. Thousands of objects take seconds, in which the server is to answer others."""
    return await asyncio.to_thread(lambda: (check_of(story), comment_of(story, limits)))


async def tell(world: World, repository: Repository, view: View, lease: Lease) -> str:
    """Make the thread show the view; the check's title."""
    pull = view.pull
    story = await story_of(world, repository, view, lease)
    forge = world.forges[pull.id.repository.forge]
    due, begun, row = await world.store.read(
        lambda conn: (posted.due(conn, pull.id), posted.of(conn, pull.id), pulls.find(conn, pull.id))
    )
    check, comment = await written(story, forge.limits)
    check = replace(check, asked=row.asked if row else "")
    report = Report(comment=comment, check=check, outcomes=due, remove=duplicates(pull, begun))
    known = recovered(pull, begun, due)
    now_posted = await post(world, pull.id, report, replace(known, sent=digest_of(comment)), lease)

    def keep(conn: Connection) -> None:
        posted.save(conn, pull.id, replace(now_posted, sent=""))
        if now_posted.at is not None:
            plans.mark_published(conn, pull.id, now_posted.at)

    await world.store.write_leased(lease, keep)
    return check.title


async def tell_planning(world: World, repository: Repository, pull: PullRequest, lease: Lease) -> None:
    """The check on a new head is in progress; what an earlier look said of the same head stays."""
    known = await world.store.read(lambda conn: posted.of(conn, pull.id))
    if pull.state == "open" and pull.head not in known.checks:
        await tell_check(world, repository, View(pull=pull, phase="planning"), lease)


async def tell_check(world: World, repository: Repository, view: View, lease: Lease) -> None:
    """The check alone, on the commit that is the view's head; it fails on findings only.

    Whether everybody has agreed is said where the comment is, and holds the apply.
    """
    check = await asyncio.to_thread(check_of, plain_story(world, repository, view))
    known, row = await world.store.read(lambda conn: (posted.of(conn, view.pull.id), pulls.find(conn, view.pull.id)))
    check = replace(check, asked=row.asked if row else "")
    shown = await post(world, view.pull.id, Report(check=check), known, lease)
    await world.store.write_leased(lease, lambda conn: posted.save(conn, view.pull.id, shown))


async def post(world: World, thread: PullRequestId, report: Report, known: Posted, lease: Lease) -> Posted:
    """Write what differs from `known`, and what is posted then. What is begun is remembered before it is sent.

    A check that was begun stays so until its answer is known: it is looked for before another one is made. And so
    stays the text that was sent: it may be there.
    """
    assert report.check is not None
    head = report.check.head
    attempting = replace(known, checks={**known.checks, head: known.checks.get(head, BEGUN)})
    await world.store.write_leased(lease, lambda conn: posted.save(conn, thread, attempting))
    try:
        return await world.forges[thread.repository.forge].publish(thread, report, known)
    except PublishError as error:
        partly = replace(error.posted, checks={**attempting.checks, **error.posted.checks}, sent=attempting.sent)
        await world.store.write_leased(lease, lambda conn: posted.save(conn, thread, partly))
        raise


BEGUN = PostedCheck(id=0, digest="")


def plain_story(world: World, repository: Repository, view: View) -> Story:
    """The story of a view, without what was typed in its thread."""
    return Story(
        pull=view.pull, phase=view.phase, base=view.base, base_branch=repository.default_branch,
        assessments=tuple(part.assessment for part in view.parts),
        preview=tuple(part.assessment for part in view.preview),
        former=tuple(part.assessment for part in view.former),
        unaffected=view.unaffected, leaving=view.leaving, described=view.described, standings=view.standings,
        findings=view.findings, conflicts=view.conflicts, prefix=view.configuration.prefix,
        links=links(world.public_url, view.pull.id, view),
    )  # fmt: skip


async def story_of(world: World, repository: Repository, view: View, lease: Lease) -> Story:
    """The story of a view; plans that are new are recorded first, with the time that the comment will show."""
    pull, parts = view.pull, (*view.parts, *view.preview)
    shown = [
        Published(
            thread=pull.id, environment=part.uid, digest=part.assessment.head.digest,
            objects=part.assessment.to_approve, destroys=part.assessment.plan.destroys, plan=part.assessment.plan,
            head=pull.head,
        )
        for part in parts
        if part.assessment.head is not None and part.assessment.plan is not None
    ]  # fmt: skip
    now = world.clock()

    def write(conn: Connection) -> Story:
        at = plans.propose(conn, pull.id, tuple(shown), now) if shown else None
        if view.phase == "open":
            plans.leave(conn, pull.id, [part.uid for part in parts], pull.head, now)
        answered = commands.answers(conn, pull.id, ANSWERS_SHOWN)
        check = view.configuration.check
        return replace(plain_story(world, repository, view), at=at, answers=answered, check=check)

    return await world.store.write_leased(lease, write)


def links(public_url: str, pull: PullRequestId, view: View) -> dict[str, str]:
    """Where the full plan and each environment can be looked at."""
    place = f"{pull.repository.forge}/{pull.repository.path}"
    names = [each.id.name for each in view.configuration.environments]
    found = {f"environment:{name}": f"{public_url}/environments/{place}/{name}" for name in names}
    return {"plan": f"{public_url}/pulls/{place}/{pull.number}", **found}


def duplicates(pull: PullRequest, known: Posted) -> tuple[str, ...]:
    """Own plan comments beside the one that is kept: a lost reply can leave one."""
    own = kept(pull, known)
    return tuple(each.id for each in find_own(pull.remarks, MARKER) if own is not None and each.id != own.id)


def kept(pull: PullRequest, known: Posted) -> Remark | None:
    """The own plan comment that is edited in place: the one that is known, or else the oldest."""
    own = find_own(pull.remarks, MARKER)
    return next((each for each in own if each.id == known.comment), own[0] if own else None)


def recovered(pull: PullRequest, known: Posted, due: tuple[Outcome, ...]) -> Posted:
    """What is posted, with what the thread itself shows of it: a reply may have been lost, or the process killed."""
    own = kept(pull, known)
    if own is not None and own.id != known.comment:
        known = replace(known, comment=own.id, digest="", at=own.changed)
    outcomes = dict(known.outcomes)
    for outcome in due:
        found: tuple[Remark, ...] = find_own(pull.remarks, outcome_marker(outcome.key))
        if found:
            outcomes[outcome.key] = found[0].id
    return replace(known, outcomes=outcomes)
