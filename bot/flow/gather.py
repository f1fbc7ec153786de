"""Gathering the gate's facts from the store and the forge, for an open pull request and for a pending revision."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.flow.riders import Riders
from bot.flow.standing import standings
from bot.flow.world import World
from bot.gate.facts import Facts, Shown, Upstream
from bot.model.environment import ApprovalRule, Environment
from bot.model.forge import PullRequest
from bot.model.gate import Approval
from bot.model.identity import PullRequestId
from bot.model.noun import Digest, noun
from bot.store import approvals, environments, holds, journal, plans
from bot.store.environments import EnvironmentRow

__all__ = ["Known", "facts_of_open", "facts_of_pending", "known", "row_of", "upstreams"]

DAY = timedelta(hours=24)


@noun
class Known:
    """What the store knows of an environment, read in one go: its row, and the gate's facts as far as they are rows.

    `half` is the state that an apply was to bring which stopped half-way; None where there is none.
    """

    row: EnvironmentRow
    facts: Facts
    half: Digest | None = None


async def row_of(world: World, environment: Environment) -> EnvironmentRow:
    """The environment's row, made on first sight."""
    now = world.clock()
    return await world.store.write(lambda conn: environments.ensure(conn, environment.id, now))


async def known(
    world: World, environment: Environment, prefix: str, threads: Mapping[PullRequestId, datetime | None]
) -> Known:
    """Read the environment's row (made on first sight), its hold, approvals, and what each thread showed.

    `threads`: pull requests, each with the time of its merge (None while it is open); a plan that was published before
    the merge stands for approval where none is required.
    """
    now = world.clock()

    def look(conn: Connection) -> Known:
        row = environments.ensure(conn, environment.id, now)
        granted: list[Approval] = []
        shown: list[Shown] = []
        for thread, merged_at in threads.items():
            granted += approvals.counting(conn, row.uid, thread)
            plan = plans.published(conn, thread, row.uid, merged_at) if merged_at else None
            if plan is not None:
                shown.append(Shown(objects=plan.objects, destroys=plan.destroys))
        facts = Facts(
            environment=environment, phase="open", prefix=prefix, rules=rules(environment, row),
            applied=row.applied.objects if row.applied else None,
            approvals=tuple(granted), shown=tuple(shown),
            held=holds.current(conn, row.uid),
            destroyed=journal.destroyed_since(conn, row.uid, now - DAY),
            partial=row.partial != "",
        )  # fmt: skip
        return Known(row=row, facts=facts, half=journal.digest_of(conn, row.partial))

    return await world.store.write(look)


def rules(environment: Environment, row: EnvironmentRow) -> tuple[ApprovalRule, ...]:
    """A candidate passes two gates: its own revision's rules and those of the revision that was applied last."""
    applied = row.applied.rule if row.applied else None
    return (environment.approvals,) if applied in (None, environment.approvals) else (environment.approvals, applied)


async def facts_of_open(world: World, found: Known, pull: PullRequest) -> Facts:
    """The facts of an open pull request: its own approvals, its own authors."""
    authors = frozenset(person for commit in pull.commits for person in commit.people)
    strangers = tuple(sorted({each for commit in pull.commits for each in commit.strangers}))
    return replace(
        found.facts,
        standing=await looked_up(world, found),
        authors=authors | {pull.author.id},
        openers=frozenset({pull.author.id}),
        strangers=strangers,
    )


async def facts_of_pending(world: World, found: Known, riders: Riders) -> Facts:
    """The facts of a revision that is to be applied: all riders' approvals and authors."""
    return replace(
        found.facts,
        phase="merged",
        standing=await looked_up(world, found),
        authors=riders.authors,
        openers=riders.openers,
        strangers=riders.strangers,
    )


async def looked_up(world: World, found: Known) -> Mapping[int, bool | None]:
    """The standing of everybody whose approval is there; every rule must have them."""
    repository = found.row.id.repository
    forge = world.forges[repository.forge]
    people = [approval.by for approval in found.facts.approvals]
    merged: dict[int, bool | None] = {}
    for rule in found.facts.rules:
        for person, answer in (await standings(forge, repository, people, rule)).items():
            earlier = merged.get(person, True)
            merged[person] = None if answer is None or earlier is None else answer and earlier
    return merged


async def upstreams(
    world: World, environment: Environment, digests: Mapping[str, Digest | None]
) -> tuple[Upstream, ...]:
    """For each environment of `after`: whether it ran healthy at what this revision renders for it (`digests`)."""

    def look(conn: Connection) -> tuple[Upstream, ...]:
        found = []
        for name in environment.after:
            digest = digests.get(name)
            row = environments.find(conn, replace(environment.id, name=name))
            if digest is None or row is None:
                found.append(Upstream(name=name, state="unknown"))
            elif environments.was_healthy(conn, row.uid, digest):
                found.append(Upstream(name=name, state="healthy"))
            else:
                found.append(Upstream(name=name, state="waiting"))
        return tuple(found)

    return await world.store.read(look) if environment.after else ()
