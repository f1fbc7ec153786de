"""What a merged pull request means right now: what of it is in force, and what waits for what."""

from sqlalchemy import Connection

from bot.config import touched
from bot.diff import redescribed
from bot.errors import ConfigurationError, InputError
from bot.flow.assess import assess, reads_of
from bot.flow.gather import row_of
from bot.flow.ground import Described, Ground, configuration, stand, usable
from bot.flow.landing import landing
from bot.flow.last_word import LastWord, is_so_already, last_word, say_last_words
from bot.flow.pending import Before, pending
from bot.flow.riders import riders_between
from bot.flow.view import Part, View, in_order, unreadable
from bot.flow.world import World
from bot.model.environment import CONFIGURATION, Configuration, Environment
from bot.model.forge import PullRequest, Repository
from bot.model.noun import Sha, noun
from bot.model.tree import Tree
from bot.report.story import Standing
from bot.store import environments, journal, plans
from bot.store.environments import AppliedState, EnvironmentRow

__all__ = ["look_merged"]


@noun
class Landed:
    """A merge: the trees before it, that it made, and of the base head now, each with its configuration."""

    ground: Ground
    pull: PullRequest
    merge: Sha
    before: Tree
    after: Tree
    now: Tree
    earlier: Configuration | None
    made: Configuration
    configuration: Configuration


async def look_merged(world: World, repository: Repository, pull: PullRequest) -> View:
    """Where each environment stands that the merge changed."""
    if pull.base != repository.default_branch or pull.merge_commit is None:
        return View(pull=pull, phase="elsewhere")
    ground = await stand(world, repository, pull.merge_commit, pull.head)
    try:
        now = await ground.mirror.tree(ground.base)
        current = await configuration(ground, now)
    except ConfigurationError as error:
        return View(pull=pull, phase="misconfigured", base=ground.base, findings=error.findings)
    except InputError as error:
        return View(pull=pull, phase="unreadable", base=ground.base, findings=(unreadable(error),))
    if current is None:
        return View(pull=pull, phase="unconfigured", base=ground.base)
    landed = await landing(ground.mirror, pull.merge_commit, pull.head, frozenset(each.sha for each in pull.commits))
    parents = await ground.mirror.parents(landed[-1])
    after = await ground.mirror.tree(pull.merge_commit)
    before = await ground.mirror.tree(parents[0]) if parents else Tree(revision=pull.merge_commit, entries={})
    found = Landed(
        ground=ground, pull=pull, merge=pull.merge_commit, before=before, after=after, now=now, configuration=current,
        earlier=await usable(ground, before), made=await usable(ground, after) or Configuration(),
    )  # fmt: skip
    return await stand_each(world, found)


async def stand_each(world: World, landed: Landed) -> View:
    """One standing, and a part while it waits, for every environment that the merge changed."""
    parts: list[Part] = []
    standings: list[Standing] = []
    unaffected: list[str] = []
    shown = await world.store.read(lambda conn: plans.shown(conn, landed.pull.id))
    for environment in in_order(landed.configuration.environments):
        name = environment.id.name
        if not await concerns(world, landed, environment) and not (shown and await had(world, landed, environment)):
            unaffected.append(name)
            continue
        if standing := await there(world, landed, environment):
            standings.append(standing)
            continue
        part = await waiting_part(world, landed, environment)
        parts.append(part)
        standings.append(await not_yet(world, name, part))
    return View(
        pull=landed.pull, phase="merged", base=landed.ground.base, configuration=landed.configuration,
        parts=tuple(parts), standings=(*standings, *await gone_since(world, landed)), unaffected=tuple(unaffected),
        leaving=(landed.earlier or Configuration()).gone_in(landed.made),
        described=redescribed(landed.earlier, landed.made),
    )  # fmt: skip


async def gone_since(world: World, landed: Landed) -> list[Standing]:
    """The environments that the merge changed and the branch describes no more: whether they got it until then."""
    found: list[Standing] = []
    gone = landed.made.gone_in(landed.configuration)
    for environment in (each for each in landed.made.environments if each.id.name in gone):
        if await concerns(world, landed, environment):
            left = Standing(environment=environment.id.name, state="superseded", detail=LEFT)
            found.append(await there(world, landed, environment) or left)
    return found


LEFT = f"left {CONFIGURATION} before this was applied"
NOTHING_LEFT: dict[LastWord, str] = {
    "undone": "undone by a later change before it was applied",
    "there already": "already as this shows it",
}


async def there(world: World, landed: Landed, environment: Environment) -> Standing | None:
    """That it is at a revision with this merge in it: it got it, or nothing was left to apply. None: it is not."""
    row = await row_of(world, environment)
    applied = row.applied
    if applied is None or not await landed.ground.mirror.descends(landed.merge, applied.revision):
        return None
    if word := await nothing_left(world, landed, row, applied):
        return Standing(environment=row.id.name, state="superseded", detail=NOTHING_LEFT[word])
    return Standing(environment=row.id.name, state="applied", revision=applied.revision, at=applied.at)


async def nothing_left(world: World, landed: Landed, row: EnvironmentRow, applied: AppliedState) -> LastWord | None:
    """Why the environment moved on to a revision with this merge in it without being given anything of it, if it did.

    The environment's own work says so to the merges that it knows then; one that became known later is told here.
    """
    said, brought = await world.store.read(
        lambda conn: (last_word(conn, row.uid, landed.pull.id), journal.changed_last(conn, row.uid))
    )
    mirror = landed.ground.mirror
    if said or brought is None or not await mirror.has(brought) or await mirror.descends(landed.merge, brought):
        return said
    riders = await riders_between(world, landed.ground, brought, applied.revision)

    def write(conn: Connection) -> LastWord | None:
        say_last_words(conn, row, applied.revision, riders)
        return last_word(conn, row.uid, landed.pull.id)

    return await world.store.write(write)


async def had(world: World, landed: Landed, environment: Environment) -> bool:
    """Whether the thread showed a change here that was on the branch before the merge, and that is applied by now."""

    def look(conn: Connection) -> AppliedState | None:
        row = environments.find(conn, environment.id)
        plan = plans.last(conn, landed.pull.id, row.uid) if row and row.applied else None
        if row is None or row.applied is None or plan is None:
            return None
        there = is_so_already(row.applied, plan) or last_word(conn, row.uid, landed.pull.id) == "there already"
        return row.applied if there else None

    applied = await world.store.read(look)
    return applied is not None and await landed.ground.mirror.descends(landed.merge, applied.revision)


async def concerns(world: World, landed: Landed, environment: Environment) -> bool:
    """Whether the merge changed what the environment reads, or where it is read from and goes to."""
    earlier = landed.earlier.environment(environment.id.name) if landed.earlier else None
    place = (environment.source, environment.target, environment.scope)
    if earlier is None or (earlier.source, earlier.target, earlier.scope) != place:
        return landed.earlier is None or bool(touched(frozenset({CONFIGURATION}), landed.before, landed.after))
    load, tools = landed.ground.mirror.load, world.tools
    reads = await reads_of(tools, load, landed.before, earlier.source)
    reads |= await reads_of(tools, load, landed.after, environment.source)
    return touched(reads, landed.before, landed.after)


async def waiting_part(world: World, landed: Landed, environment: Environment) -> Part:
    """The base head assessed for an environment that has not got this merge yet."""
    earlier = landed.earlier.environment(environment.id.name) if landed.earlier else None
    before = Before(tree=landed.before, environment=earlier)
    now = Described(tree=landed.now, configuration=landed.configuration, environment=environment)
    found = await pending(world, landed.ground, now, before)
    async with assess(world.tools, found.subject, found.facts) as assessed:
        return Part(uid=found.known.row.uid, facts=found.facts, assessment=assessed.assessment)


async def not_yet(world: World, name: str, part: Part) -> Standing:
    """Why the environment has not got this merge: an apply that failed, or whatever the verdict says."""
    last = await world.store.read(lambda conn: journal.last(conn, part.uid))
    head = part.assessment.head
    if last is not None and last.state == "failed" and head is not None and last.digest == head.digest:
        return Standing(environment=name, state="failed", revision=last.revision, detail=last.error, at=last.at)
    verdict = part.assessment.verdict
    return Standing(environment=name, state="waiting", detail=verdict.reason if verdict else "")
