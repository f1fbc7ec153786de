"""Carrying out a saved plan: intent before, every object's result after, then what everybody is told."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import Connection

from bot.errors import StaleLease, StalePlan, TemporaryError, TidegateError
from bot.flow.assess import Assessed
from bot.flow.pending import Pending
from bot.flow.world import World
from bot.gate import who_agreed
from bot.model.gate import Approval, Lease
from bot.model.identity import Person, Wake
from bot.model.noun import noun
from bot.model.plan import Applied, Health, Plan
from bot.model.report import Outcome
from bot.model.resource import Desired
from bot.report import answers
from bot.report.outcome import Deed, outcome_of
from bot.store import approvals, audit, environments, holds, journal, plans, posted, pulls, queue
from bot.store.environments import AppliedState
from bot.store.journal import Intent

__all__ = ["carry_out", "touch_concerned"]

TIDEGATE = Person(id=0, login="tidegate", bot=True)

log = structlog.get_logger(__name__)


@noun
class Doing:
    """An apply under way."""

    found: Pending
    desired: Desired
    plan: Plan
    journal: str
    repair: bool


async def carry_out(world: World, found: Pending, assessed: Assessed, lease: Lease) -> None:
    """Apply exactly the saved plan. What was begun and not finished is seen by the next look and resumed."""
    head, plan, saved = assessed.assessment.head, assessed.assessment.plan, assessed.saved
    assert head is not None and plan is not None and saved is not None
    row = found.known.row
    repair = row.applied is not None and row.applied.digest == head.digest and not found.half_way
    intent = Intent(
        environment=row.uid, epoch=lease.epoch, revision=head.revision, digest=head.digest, plan=plan,
        riders=tuple(each.id.number for each in found.riders.pulls), repair=repair,
    )  # fmt: skip
    began = time.monotonic()
    id = await begin(world, found, intent, lease)
    if id is None:
        return
    doing = Doing(found=found, desired=head, plan=plan, journal=id, repair=repair)
    log.info("applying", environment=str(row.id), changes=len(plan.effective), revision=head.revision, repair=repair)
    results: list[Applied] = []
    try:
        async for result in saved.apply(lease):
            if result.state != "started":
                results.append(result)
                await keep_result(world, doing, result, lease)
            elif not results:  # who is killed from here on leaves a part of it behind
                await world.store.write_leased(lease, lambda conn: environments.set_partial(conn, row.uid, id))
    except (StalePlan, StaleLease, TemporaryError) as error:
        stopped = partial(interrupted, doing=doing, error=error, lease=lease, now=world.clock())
        await world.store.write_leased(lease, stopped)
        raise
    failed = next((each for each in results if each.state != "done"), None)
    if failed is not None:
        await broke(world, doing, results, failed, lease)
        raise TemporaryError(f"{row.id}: {failed.id}: {failed.error}", delay=world.intervals.retry)
    health = await world.tools.targets[found.subject.environment.target].health(found.subject.environment)
    await done(world, doing, results, health, lease)
    log.info("applied", environment=str(row.id), objects=len(results), revision=head.revision,
             repair=repair, health=health.state, seconds=round(time.monotonic() - began, 3))  # fmt: skip


async def begin(world: World, found: Pending, intent: Intent, lease: Lease) -> str | None:
    """Write the intent down; its id. None: it may not begin any more, so that the environment is looked at again."""

    def write(conn: Connection) -> str | None:
        if still_stands(conn, intent.environment, found.facts.approvals):
            return journal.begin(conn, intent, world.clock())
        queue.touch(conn, [Wake(key=found.known.row.id, reason="stopped")])
        return None

    return await world.store.write_leased(lease, write)


def still_stands(conn: Connection, uid: str, read: Sequence[Approval]) -> bool:
    """Whether nobody holds the environment, and every approval that was read still counts.

    A command that ends one of them wakes the environment in the same transaction, and so waits for one that has locked
    its lease: who is answered that it is held, or taken back, is answered before the apply begins or after it began.
    """
    standing = [each for thread in {a.pull_request for a in read} for each in approvals.counting(conn, uid, thread)]
    return holds.current(conn, uid) is None and all(each in standing for each in read)


def interrupted(conn: Connection, doing: Doing, error: TidegateError, lease: Lease, now: datetime) -> None:
    """Record that it stopped. A target that is ahead of the very lease that holds is ahead of this whole store.

    What it records as applied was left since then, so that putting it back would undo what was approved later.
    """
    journal.finish(conn, doing.journal, "interrupted", str(error), now)
    if isinstance(error, StaleLease):
        holds.add(conn, doing.found.known.row.uid, TIDEGATE, answers.OLDER_STORE, now)
        queue.overtake(conn, lease, error.epoch)


async def keep_result(world: World, doing: Doing, result: Applied, lease: Lease) -> None:
    """Write one object's result down; what was destroyed without an approval that names it counts to the limit."""
    named = {id for a in doing.found.facts.approvals if a.how == "deletions" for id, _ in a.destroys}
    now = world.clock()
    await world.store.write_leased(
        lease, lambda conn: journal.record(conn, doing.journal, result, result.id not in named, now)
    )


async def done(world: World, doing: Doing, results: list[Applied], health: Health, lease: Lease) -> None:
    """Record the new applied state, spend the approvals of the state that was left, tell everybody concerned."""
    row, now = doing.found.known.row, world.clock()
    state = AppliedState(
        revision=doing.desired.revision, digest=doing.desired.digest, objects=doing.desired.objects,
        rule=doing.found.rule(doing.desired.digest), destination=doing.desired.destination, at=now,
        tools=doing.desired.tools,
    )  # fmt: skip
    deed = deed_of(doing, tuple(results), health)

    def write(conn: Connection) -> None:
        journal.finish(conn, doing.journal, "done", "", now)
        if row.applied is not None and row.applied.digest != state.digest:
            approvals.spend(conn, row.uid, row.applied.digest, now)
        environments.set_applied(conn, row.uid, state, health.state)
        if health.state == "healthy":
            environments.healthy(conn, row.uid, state.digest, now)
        what = "repaired" if doing.repair else "applied"
        detail = f"{state.revision} {state.digest}"
        audit.write(conn, now, audit.Event(actor="tidegate", what=what, subject=str(row.id), detail=detail))
        if not doing.repair:
            announce(conn, doing, replace(deed, at=now), f"{row.uid}:{doing.journal}")
        touch_all_concerned(conn, doing.found)
        followers = environments.others(conn, row.id)
        queue.touch(conn, [Wake(key=each, reason="upstream applied") for each in followers])

    await world.store.write_leased(lease, write)
    world.signal.set()


async def broke(world: World, doing: Doing, results: list[Applied], failed: Applied, lease: Lease) -> None:
    """Record how far it came; say so once for each state that fails."""
    row, now = doing.found.known.row, world.clock()
    deed = replace(deed_of(doing, tuple(results), Health(state="degraded", reasons=(failed.error,))), at=now)

    def write(conn: Connection) -> None:
        journal.finish(conn, doing.journal, "failed", failed.error, now)
        detail = f"{doing.desired.revision} {failed.id}"
        audit.write(conn, now, audit.Event(actor="tidegate", what="failed", subject=str(row.id), detail=detail))
        announce(conn, doing, deed, f"{row.uid}:failed:{doing.desired.digest}")
        touch_all_concerned(conn, doing.found)

    await world.store.write_leased(lease, write)
    world.signal.set()


def deed_of(doing: Doing, results: tuple[Applied, ...], health: Health) -> Deed:
    """What is told of an apply."""
    facts = doing.found.facts
    approvers = who_agreed(replace(facts, desired=doing.desired, plan=doing.plan))
    return Deed(
        environment=doing.found.known.row.id.name, revision=doing.desired.revision, digest=doing.desired.digest,
        plan=doing.plan, results=results, health=health, approvers=approvers, prefix=facts.prefix,
    )  # fmt: skip


def announce(conn: Connection, doing: Doing, deed: Deed, key: str) -> None:
    """Owe a comment of its own to the thread of every rider that showed a change of this environment."""
    outcome: Outcome = outcome_of(deed, key)
    for rider in doing.found.riders.pulls:
        if plans.concerns(conn, rider.id, doing.found.known.row.uid):
            posted.owe(conn, rider.id, outcome)


def touch_concerned(conn: Connection, found: Pending) -> None:
    """Wake the pull requests whose report this environment's state is part of."""
    queue.touch(conn, [Wake(key=each.id, reason="environment") for each in found.riders.pulls])


def touch_all_concerned(conn: Connection, found: Pending) -> None:
    """Wake the open pull requests that show a plan of the environment too: what they compare with changed."""
    row = found.known.row
    showing = [each for each in pulls.open_ones(conn, row.id.repository) if plans.concerns(conn, each, row.uid)]
    riders = [each.id for each in found.riders.pulls]
    queue.touch(conn, [Wake(key=each, reason="environment") for each in (*riders, *showing)])
