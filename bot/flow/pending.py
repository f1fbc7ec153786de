"""A revision that is to be applied to an environment: everything that its assessment needs, gathered once."""

from dataclasses import replace

from bot.errors import InputError, PermanentError, TemporaryError
from bot.flow.assess import Subject, choose_target, desire
from bot.flow.gather import Known, facts_of_pending, known, row_of, upstreams
from bot.flow.ground import Described, Ground, described
from bot.flow.riders import Riders, riders_between
from bot.flow.subject import Made, Ruling
from bot.flow.world import World
from bot.gate import agreed_rule
from bot.gate.facts import Facts
from bot.model.environment import ApprovalRule, Environment
from bot.model.noun import Digest, noun
from bot.model.tree import Tree
from bot.store.environments import EnvironmentRow

__all__ = ["Before", "Pending", "pending"]


@noun
class Before:
    """What a pending revision is compared with: a tree, and the environment as that revision describes it."""

    tree: Tree | None = None
    environment: Environment | None = None


@noun
class Pending:
    """An environment's candidate: its row, the riders that brought it, and what the spine is to be given."""

    known: Known
    riders: Riders
    subject: Subject
    facts: Facts

    @property
    def half_way(self) -> bool:
        """Whether a part of another state than the applied one is there, left by an apply that stopped."""
        applied, half = self.known.row.applied, self.known.half
        return applied is not None and half is not None and half != applied.digest

    def rule(self, digest: Digest) -> ApprovalRule:
        """The rule that counts beside that of the next candidate, once this one brought the state `digest`.

        It is this one's own. But where the state is the applied one, nobody was asked: then a merge alone would loosen
        the rule, so that it is kept until those whom it asks agree.
        """
        applied = self.known.row.applied
        if applied is None or applied.digest != digest or agreed_rule(self.facts, applied.rule, digest):
            return self.subject.environment.approvals
        return applied.rule


async def pending(world: World, ground: Ground, candidate: Described, before: Before) -> Pending:
    """Gather what is known about bringing an environment from its applied state to `candidate`."""
    environment, tree, prefix = candidate.environment, candidate.tree, candidate.configuration.prefix
    applied = (await row_of(world, environment)).applied
    riders = await riders_between(world, ground, applied.revision if applied else None, tree.revision)
    # what came by way of another branch was shown and approved for no environment
    ours = {each.id: each.merged_at for each in riders.pulls if each.base == ground.repository.default_branch}
    found = await known(world, environment, prefix, ours)
    facts = await facts_of_pending(world, found, riders)
    digests = await rendered_upstream(world, ground, candidate)
    forced = applied is not None and not await ground.mirror.descends(applied.revision, tree.revision)
    facts = replace(facts, after=await upstreams(world, environment, digests), forced=forced)
    subject = subject_of(world, ground, environment, tree, found.row)
    earlier = await described(ground, applied.revision, environment.id.name) if applied else None
    rulings = [Ruling(environment=environment, tree=tree)]
    made = None
    if applied is not None and earlier is not None:
        made = Made(environment=earlier.environment, tree=earlier.tree, tools=applied.tools)
        rulings.append(Ruling(environment=earlier.environment, tree=earlier.tree))
    return Pending(
        known=found, riders=riders, facts=facts,
        subject=replace(subject, base=before.tree, before=before.environment, rulings=tuple(rulings), made=made),
    )  # fmt: skip


def subject_of(world: World, ground: Ground, environment: Environment, tree: Tree, row: EnvironmentRow) -> Subject:
    """The spine's subject for an environment at a tree, compared with nothing."""
    return Subject(
        environment=environment, before=None, base=None, head=tree, load=ground.mirror.load, uid=row.uid,
        branch=ground.repository.default_branch, allowed=world.allowed(ground.repository.id) or frozenset(),
        destination=row.destination, asked=row.asked,
    )  # fmt: skip


async def rendered_upstream(world: World, ground: Ground, candidate: Described) -> dict[str, Digest | None]:
    """What the candidate renders for every environment that this one comes after; None: it does not render."""
    digests: dict[str, Digest | None] = {}
    for name in candidate.environment.after:
        other = candidate.configuration.environment(name)
        digests[name] = None
        if other is not None:
            subject = subject_of(world, ground, other, candidate.tree, await row_of(world, other))
            try:
                destination = await choose_target(world.tools, subject).identity(other)
                desired = await desire(world.tools, subject, other, candidate.tree, destination)
            except (InputError, TemporaryError, PermanentError):
                continue
            digests[name] = desired.digest
    return digests
