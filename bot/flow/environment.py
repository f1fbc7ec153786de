"""The work on an environment: make it equal to its desired, approved state, or record why not."""

import random
from dataclasses import replace

import structlog
from sqlalchemy import Connection

from bot.flow.assess import Assessed, assess
from bot.flow.carry_out import carry_out, touch_concerned
from bot.flow.ground import Described, Ground, described, last_seen, ours, stand
from bot.flow.last_word import say_last_words
from bot.flow.pending import Before, Pending, pending
from bot.flow.world import World
from bot.model.gate import Lease
from bot.model.identity import EnvironmentId, Wake
from bot.model.noun import Sha, noun
from bot.store import environments, queue
from bot.store.environments import EnvironmentRow, Looked

__all__ = ["work"]

log = structlog.get_logger(__name__)


@noun
class Candidate:
    """A revision that the environment may be brought to, with what it says of the environment."""

    ground: Ground
    row: EnvironmentRow
    described: Described


async def work(world: World, id: EnvironmentId, lease: Lease) -> float | None:
    """Bring here what was asked for, or else the base head, if the gate lets it; else keep what was applied."""
    repository = await ours(world, id.repository)
    if repository is None:
        return None
    id = replace(id, repository=repository.id)
    row = await world.store.read(lambda conn: environments.find(conn, id))
    if row is None or row.state != "active":
        return None
    ground = await last_seen(world, repository)
    asked = await asked_of(ground, row)
    if asked is None or not await bring_asked(world, asked, lease):
        if (candidate := await candidate_of(ground, row, ground.base)) is not None:
            await toward(world, candidate, lease)
        elif (applied := await applied_of(ground, row)) is not None:
            await repair(world, applied, lease)
    return world.intervals.drift * random.uniform(0.8, 1.2)


async def asked_of(ground: Ground, row: EnvironmentRow) -> Candidate | None:
    """The earlier revision that was asked for; None where there is none, or it is not on the branch any more."""
    revision = row.asked_revision
    if revision is None:
        return None
    return await candidate_of(ground, row, revision) if await ground.mirror.descends(revision, ground.base) else None


async def candidate_of(ground: Ground, row: EnvironmentRow, revision: Sha) -> Candidate | None:
    """A revision as a candidate; None where it is gone, or says nothing usable of this environment."""
    found = await described(ground, revision, row.id.name)
    return Candidate(ground=ground, row=row, described=found) if found else None


async def applied_of(ground: Ground, row: EnvironmentRow) -> Candidate | None:
    """The revision that was applied last."""
    return await candidate_of(ground, row, row.applied.revision) if row.applied else None


async def bring_asked(world: World, asked: Candidate, lease: Lease) -> bool:
    """Apply what was asked for by its revision, if it may be; else False: it does not keep the head from its turn."""
    before = before_of(await applied_of(asked.ground, asked.row))
    found = await pending(world, asked.ground, asked.described, before)
    async with assess(world.tools, found.subject, found.facts) as assessed:
        verdict = assessed.assessment.verdict
        if is_applied(asked.row, assessed) or verdict is None or verdict.state != "pass" or assessed.saved is None:
            return False
        if await is_still_the_base(world, asked):
            await carry_out(world, found, assessed, lease)
    return True


def before_of(applied: Candidate | None) -> Before:
    """What a candidate is compared with: the revision that was applied last."""
    return Before(tree=applied.described.tree, environment=applied.described.environment) if applied else Before()


async def toward(world: World, candidate: Candidate, lease: Lease) -> None:
    """Assess the candidate on fresh facts: apply it if it may be, else keep what was applied, and record why."""
    applied = await applied_of(candidate.ground, candidate.row)
    found = await pending(world, candidate.ground, candidate.described, before_of(applied))
    async with assess(world.tools, found.subject, found.facts) as assessed:
        verdict = assessed.assessment.verdict
        if is_there(found, assessed):
            await settle(world, found, assessed, lease)
            return
        if verdict is not None and verdict.state == "pass" and assessed.saved is not None:
            if await is_still_the_base(world, candidate):
                await carry_out(world, found, assessed, lease)
            return
        await record(world, found, assessed, lease)
    if applied is not None and not found.half_way:
        kept = replace(applied.described.environment, drift=candidate.described.environment.drift)
        await repair(world, replace(applied, described=replace(applied.described, environment=kept)), lease)


async def is_still_the_base(world: World, candidate: Candidate) -> bool:
    """Whether the base has not moved since it was fetched last; if it has, this work is done again on the new one."""
    fresh = await stand(world, candidate.ground.repository)
    if fresh.base == candidate.ground.base:
        return True
    wakes = [
        Wake(key=candidate.row.id, reason="base moved"),
        Wake(key=candidate.row.id.repository, reason="base moved"),
    ]
    await world.store.write(lambda conn: queue.touch(conn, wakes))
    return False


async def repair(world: World, applied: Candidate, lease: Lease) -> None:
    """Look whether what was applied is still there; put it back where drift is to be reverted."""
    found = await pending(world, applied.ground, applied.described, before_of(applied))
    async with assess(world.tools, found.subject, found.facts) as assessed:
        if is_applied(applied.row, assessed) and is_to_be_repaired(assessed):
            await carry_out(world, found, assessed, lease)


def is_applied(row: EnvironmentRow, assessed: Assessed) -> bool:
    """Whether the state is the one that was applied last."""
    head = assessed.assessment.head
    return row.applied is not None and head is not None and head.digest == row.applied.digest


def is_there(found: Pending, assessed: Assessed) -> bool:
    """Whether the state is the applied one, and no part of another one is left that is to be undone."""
    plan = assessed.assessment.plan
    return is_applied(found.known.row, assessed) and (not found.half_way or (plan is not None and not plan.effective))


async def settle(world: World, found: Pending, assessed: Assessed, lease: Lease) -> None:
    """The state is the applied one: revert drift if that is to be done, else note what was seen."""
    if is_to_be_repaired(assessed):
        await carry_out(world, found, assessed, lease)
    else:
        await record(world, found, assessed, lease)


STOPS_REPAIR = frozenset({"render", "checks", "target", "hold", "deletions"})


def is_to_be_repaired(assessed: Assessed) -> bool:
    """Whether there is drift, it is to be reverted, and nothing that also binds a repair is against it.

    Repairing needs neither approval nor order: only a hold, a broken check or a conflict at the target stops it.
    """
    environment, plan = assessed.assessment.environment, assessed.assessment.plan
    verdict = assessed.assessment.verdict
    if plan is None or not plan.effective or assessed.saved is None or verdict is None:
        return False
    if environment.drift != "revert" or environment.apply == "never":
        return False
    return all(each.state in ("pass", "skip") for each in verdict.children if each.rule in STOPS_REPAIR)


async def record(world: World, found: Pending, assessed: Assessed, lease: Lease) -> None:
    """Note what was seen and why nothing was written; wake the pull requests concerned if that is news."""
    assessment = assessed.assessment
    plan, verdict = assessment.plan, assessment.verdict
    row = found.known.row
    looked = Looked(
        revision=found.subject.head.revision,
        digest=assessment.head.digest if assessment.head else None,
        state=verdict.state if verdict else "unknown",
        reason=verdict.reason if verdict else "",
        drifted=tuple(str(each.id) for each in plan.effective if each.cause == "drift") if plan else (),
        at=world.clock(),
    )
    tools = assessment.head.tools if assessment.head else ()
    same = is_there(found, assessed)
    steady = same and row.health == "healthy" and not looked.drifted
    health = row.health if steady else await health_of(world, found)

    def write(conn: Connection) -> bool:
        news = environments.look(conn, row.uid, looked)
        if health != row.health:
            environments.set_health(conn, row.uid, health)
        if same and row.applied and health == "healthy":
            environments.healthy(conn, row.uid, row.applied.digest, looked.at)
        if same and row.partial:  # nothing is left of it
            environments.set_partial(conn, row.uid, "")
        if same and row.applied and (looked.revision, tools) != (row.applied.revision, row.applied.tools):
            environments.advance(conn, row.uid, looked.revision, found.rule(row.applied.digest), tools)
            say_last_words(conn, row, looked.revision, found.riders)
            news = True
        if news:
            touch_concerned(conn, found)
        return news

    if await world.store.write_leased(lease, write):
        world.signal.set()
        drifted = len(looked.drifted)
        log.info("looked", environment=str(row.id), state=looked.state, reason=looked.reason, drifted=drifted)


async def health_of(world: World, found: Pending) -> str:
    """How what was applied is now, where it was applied; "" where nothing was."""
    if found.known.row.applied is None:
        return ""
    applied = found.subject.before or found.subject.environment
    target = world.tools.targets.get(applied.target)
    return (await target.health(applied)).state if target else "unknown"
