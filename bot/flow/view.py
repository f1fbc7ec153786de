"""What a pull request means right now: fetched, merged, and every environment that it touches assessed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bot.config import touched
from bot.diff import redescribed
from bot.errors import ConfigurationError, InputError
from bot.flow.assess import Subject, assess, reads_of
from bot.flow.files import validated
from bot.flow.gather import facts_of_open, known, upstreams
from bot.flow.ground import Ground, configuration, stand, usable
from bot.flow.standing import may
from bot.flow.subject import Ruling
from bot.flow.world import World
from bot.gate.facts import Facts
from bot.model.environment import Configuration, Environment, Redescribed
from bot.model.forge import PullRequest, Repository
from bot.model.gate import Assessment
from bot.model.identity import Permission
from bot.model.noun import Digest, Sha, noun
from bot.model.plan import Finding
from bot.model.tree import Tree
from bot.report.story import Phase, Standing

__all__ = ["Part", "View", "look"]


@noun
class Part:
    """One environment of a pull request: its id, its assessment, and the facts it was judged by."""

    uid: str
    facts: Facts
    assessment: Assessment

    @property
    def environment(self) -> Environment:
        """The environment as it was assessed."""
        return self.assessment.environment


@noun
class View:
    """A pull request as it stands; see `report.story.Story` for the phases.

    `former` are environments that the pull request's own configuration describes as another state, as the base's has
    them: that state never comes to be, so it is shown and nothing more. `leaving` are those that it describes no more:
    they are detached by the merge, so nothing that it makes of them comes to be either. `described` is what it says
    differently of the others.
    """

    pull: PullRequest
    phase: Phase
    base: Sha | None = None
    configuration: Configuration = Configuration()
    parts: tuple[Part, ...] = ()
    preview: tuple[Part, ...] = ()
    former: tuple[Part, ...] = ()
    unaffected: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    described: tuple[Redescribed, ...] = ()
    standings: tuple[Standing, ...] = ()
    findings: tuple[Finding, ...] = ()
    conflicts: tuple[str, ...] = ()

    def part(self, name: str) -> Part | None:
        """The environment of that name as it is judged, or else as it is previewed."""
        both = (*self.parts, *self.preview)
        return next((each for each in both if each.environment.id.name == name), None)


@noun
class Pair:
    """The two trees of an open pull request with their configurations: the base, and what merging makes of it."""

    ground: Ground
    pull: PullRequest
    base: Tree
    merged: Tree
    before: Configuration | None
    after: Configuration | None

    @property
    def rules(self) -> Configuration:
        """The configuration that the thread goes by: the base's, or else the first one that there is to be."""
        return self.before or self.after or Configuration()


async def look(world: World, repository: Repository, pull: PullRequest, fork_allowed: bool) -> View:
    """Everything about an open pull request. TemporaryError: git or the forge did not answer."""
    if pull.base != repository.default_branch:
        return View(pull=pull, phase="elsewhere")
    if pull.fork and not fork_allowed:
        return View(pull=pull, phase="fork")
    ground = await stand(world, repository, pull.head)
    merge = await ground.mirror.merge(ground.base, pull.head)
    if merge.tree is None:
        return View(pull=pull, phase="conflict", base=ground.base, conflicts=merge.conflicts)
    try:
        base, merged = await ground.mirror.tree(ground.base), await ground.mirror.tree(merge.tree)
        before = await usable(ground, base)
        after = await configuration(ground, merged)
    except ConfigurationError as error:
        return View(
            pull=pull,
            phase="misconfigured",
            base=ground.base,
            findings=error.findings,
            configuration=before or Configuration(),
        )
    except InputError as error:
        return View(pull=pull, phase="unreadable", base=ground.base, findings=(unreadable(error),))
    pair = Pair(ground=ground, pull=pull, base=base, merged=merged, before=before, after=after)
    return await compare(world, pair)


def unreadable(error: InputError) -> Finding:
    """What is beyond a limit, and would be so however often it is read."""
    return Finding(check="git", level="error", message=str(error), fix="take it out of the branch", path="")


async def compare(world: World, pair: Pair) -> View:
    """Assess what the base's configuration judges, and preview what the pull request's own would mean."""
    if pair.before is None and pair.after is None:
        return View(pull=pair.pull, phase="unconfigured", base=pair.ground.base)
    judged = await assess_each(world, pair)
    preview = await previewed(world, pair, judged) if pair.after else ()
    if pair.before is None and not preview:
        return View(pull=pair.pull, phase="unconfigured", base=pair.ground.base)
    parts = tuple(part for part in judged if affected(part.assessment))
    names = {part.environment.id.name for part in (*parts, *preview)}
    before = pair.before or Configuration()
    anew = {part.uid: digest_of(part) for part in preview}
    former = tuple(part for part in parts if part.uid in anew and anew[part.uid] != digest_of(part))
    gone = before.gone_in(pair.after or Configuration())
    return View(
        pull=pair.pull, phase="open", base=pair.ground.base, configuration=pair.rules,
        parts=tuple(part for part in parts if part not in former and part.environment.id.name not in gone),
        preview=preview, former=former, leaving=gone,
        described=redescribed(pair.before, pair.after),
        unaffected=tuple(e.id.name for e in in_order(before.environments) if e.id.name not in {*names, *gone}),
        findings=tuple(await with_schemas(world, pair)),
    )  # fmt: skip


def digest_of(part: Part) -> Digest | None:
    """The state that an environment would be in; None where it does not render."""
    return part.assessment.head.digest if part.assessment.head else None


async def with_schemas(world: World, pair: Pair) -> Sequence[Finding]:
    """What is wrong with changed files that the base's configuration pairs with a schema."""
    if pair.before is None:
        return ()
    ground, evaluator = pair.ground, world.tools.evaluator
    return await validated(evaluator, ground.mirror.load, ground.repository.id, pair.before, pair.base, pair.merged)


async def assess_each(world: World, pair: Pair) -> tuple[Part, ...]:
    """Every environment of the base's configuration that the change may affect, or that another one comes after."""
    environments = pair.before.environments if pair.before else ()
    awaited = {name for each in environments for name in each.after}
    digests: dict[str, Digest | None] = {}
    parts: list[Part] = []
    for environment in in_order(environments):
        if environment.id.name in awaited or await changes_what_is_read(world, pair, environment):
            parts.append(await assess_one(world, pair, environment, environment, digests))
            digests[environment.id.name] = digest_of(parts[-1])
    return tuple(parts)


async def changes_what_is_read(world: World, pair: Pair, environment: Environment) -> bool:
    """Whether any file that a render of the environment reads differs between the two trees."""
    load, tools, source = pair.ground.mirror.load, world.tools, environment.source
    reads = await reads_of(tools, load, pair.base, source) | await reads_of(tools, load, pair.merged, source)
    return not reads or touched(reads, pair.base, pair.merged)


async def assess_one(
    world: World,
    pair: Pair,
    environment: Environment,
    before: Environment | None,
    digests: Mapping[str, Digest | None],
    *,
    preview: bool = False,
) -> Part:
    """One environment, judged as `environment` says and compared with what `before` said of the base."""
    pull = pair.pull
    found = await known(world, environment, pair.rules.prefix, {pull.id: None})
    facts = await facts_of_open(world, found, pull)
    facts = replace(facts, after=await upstreams(world, environment, digests))
    subject = Subject(
        environment=environment, before=at_its_place(environment, before), base=pair.base, head=pair.merged,
        load=pair.ground.mirror.load,
        uid=found.row.uid, branch=pair.ground.repository.default_branch,
        allowed=world.allowed(pair.ground.repository.id) or frozenset(),
        destination=found.row.destination, preview=preview,
        rulings=rulings(pair, environment, before, preview=preview),
    )  # fmt: skip
    async with assess(world.tools, subject, facts) as assessed:
        return Part(uid=found.row.uid, facts=facts, assessment=assessed.assessment)


def at_its_place(environment: Environment, before: Environment | None) -> Environment | None:
    """What the base had where the environment is now; what it has elsewhere is nothing there."""
    same = before is not None and (before.target, before.scope) == (environment.target, environment.scope)
    return before if same else None


def rulings(pair: Pair, environment: Environment, before: Environment | None, *, preview: bool) -> tuple[Ruling, ...]:
    """By whose policies: those of the base, and for what takes effect after the merge its own besides."""
    earlier = (Ruling(environment=before, tree=pair.base),) if before else ()
    return (*earlier, Ruling(environment=environment, tree=pair.merged)) if preview else earlier


def affected(assessment: Assessment) -> bool:
    """Whether the pull request changes what the environment would be, or leaves it without a state."""
    return assessment.head is None or assessment.base is None or assessment.head.digest != assessment.base.digest


async def previewed(world: World, pair: Pair, judged: Sequence[Part]) -> tuple[Part, ...]:
    """The environments that the pull request's own configuration adds or describes differently.

    What each would be takes the place of what `judged` says of it, for those that come after it.
    """
    assert pair.after is not None
    if pair.before is None and not await trusted(world, pair):
        return ()
    digests = {part.environment.id.name: digest_of(part) for part in judged}
    found = []
    for environment in in_order(pair.after.environments):
        before = pair.before.environment(environment.id.name) if pair.before else None
        if before != environment:
            part = await assess_one(world, pair, environment, before, digests, preview=True)
            digests[environment.id.name] = digest_of(part)
            found.append(part)
    return tuple(found)


async def trusted(world: World, pair: Pair) -> bool:
    """Whether the author of a first configuration has write access."""
    forge = world.forges[pair.ground.repository.id.forge]
    return await may(forge, pair.ground.repository.id, pair.pull.author, Permission.WRITE) is True


def in_order(environments: Iterable[Environment]) -> list[Environment]:
    """The environments with every one after those that it comes after."""
    waiting = list(environments)
    done: list[Environment] = []
    while waiting:
        names = {each.id.name for each in done}
        ready = [each for each in waiting if names.issuperset(each.after)] or waiting[:1]
        done += ready
        taken = {each.id.name for each in ready}
        waiting = [each for each in waiting if each.id.name not in taken]
    return done
