"""What each verb does: who may, what it binds to, and the rows it writes. Nothing is done here but deciding."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection

from bot.command import Command, reference
from bot.errors import InputError
from bot.flow.consent import Voice, approval_of, not_approvable, not_what_was_shown
from bot.flow.earlier import earlier
from bot.flow.standing import belongs, may
from bot.flow.view import Part, View
from bot.flow.world import World
from bot.model.gate import Approval
from bot.model.identity import EnvironmentId, Permission, Wake
from bot.model.noun import noun
from bot.model.report import Standing
from bot.model.resource import ResourceId
from bot.report import answers
from bot.store import approvals, environments, holds, pulls, queue, repositories
from bot.store.commands import CommandRow
from bot.store.environments import EnvironmentRow

__all__ = ["Decision", "judge_all", "refused"]

Effect = Callable[[Connection], object]
Destroyed = tuple[ResourceId, str]
APPROVING = frozenset({"approve", "approve-deletions"})


@noun
class Decision:
    """On a comment's commands: the answer, whether they were accepted, and what is written when they are.

    `command` is the one that refused them all, "" where none did.
    """

    text: str
    accepted: bool
    effects: tuple[Effect, ...] = ()
    command: str = ""


@noun
class Order:
    """One command with everything it is judged by; `earlier` are those that stand before it in the comment."""

    world: World
    view: View
    row: CommandRow
    command: Command
    earlier: tuple[Command, ...] = ()

    @property
    def voice(self) -> Voice:
        """The writer, speaking when the command was written."""
        return Voice(thread=self.row.thread, person=self.row.remark.author, at=self.row.remark.at)

    @property
    def prefix(self) -> str:
        """What a command begins with here."""
        return self.view.configuration.prefix

    @property
    def parts(self) -> tuple[Part, ...]:
        """The environments that the command names and this pull request shows; without names, all that it shows."""
        shown = (*self.view.parts, *self.view.preview)
        names = self.command.environments
        return tuple(p for p in shown if not names or p.environment.id.name in names)


async def judge_all(world: World, view: View, row: CommandRow, commands: Sequence[Command]) -> Decision:
    """Judge a comment's commands; one that is refused refuses them all."""
    texts: list[str] = []
    effects: list[Effect] = []
    for index, command in enumerate(commands):
        order = Order(world=world, view=view, row=row, command=command, earlier=tuple(commands[:index]))
        decision = await VERBS[command.verb](order)
        if not decision.accepted:
            others = answers.ALL_OR_NONE if len(commands) > 1 else ""
            return Decision(text=decision.text + others, accepted=False, command=command.text)
        texts.append(decision.text)
        effects += decision.effects
    return Decision(text=" ".join(texts), accepted=True, effects=tuple(effects))


def refused(text: str) -> Decision:
    """A refusal."""
    return Decision(text=text, accepted=False)


async def has(order: Order, needed: Permission) -> str:
    """ "" if the writer has the permission, else the answer that says so."""
    answer = await may(order.world.forges[order.row.thread.repository.forge], order.row.thread.repository,
                       order.row.remark.author, needed)  # fmt: skip
    return "" if answer else answers.no_right(order.row.remark.author, needed, looked_up=answer is not None)


async def plan(order: Order) -> Decision:
    """Plan again; on a fork's head, the first plan of that very commit."""
    if text := await has(order, Permission.WRITE):
        return refused(text)
    if order.view.phase != "fork":
        return Decision(text=answers.PLANNED, accepted=True)
    head = order.view.pull.head
    if order.command.argument != head:
        return refused(answers.fork_needs(head, order.prefix))
    return Decision(
        text=answers.PLANNED, accepted=True,
        effects=(lambda conn: pulls.allow_fork(conn, order.view.pull.id, head),),
    )  # fmt: skip


async def approve(order: Order) -> Decision:
    """Approve what the last plan before the comment showed, for every named environment (or all one may act on)."""
    if order.view.phase not in ("open", "merged"):
        return refused(answers.nothing_to_approve(order.view.phase))
    named = bool(order.command.environments)
    absent = set(order.command.environments) - {p.environment.id.name for p in order.parts}
    if absent:
        return refused(answers.not_affected(sorted(absent)))
    done: list[str] = []
    effects: list[Effect] = []
    reasons: list[str] = []
    for part in order.parts:
        name = part.environment.id.name
        reason = await not_approvable(order.world, part, order.voice)
        if reason and named:
            return refused(answers.for_environment(name, reason))
        if reason:
            reasons.append(answers.for_environment(name, reason))
            continue
        done.append(name)
        effects += approval_effects(order, part, approval_of(part, order.voice))
    if not done:
        return refused(" ".join(reasons) or answers.nothing_to_approve(order.view.phase))
    return Decision(text=answers.approved(done, reasons), accepted=True, effects=tuple(effects))


def approval_effects(order: Order, part: Part, approval: Approval) -> tuple[Effect, ...]:
    """Write the approval and wake its environment."""
    given = partial(approvals.add, approval=approval, remark=order.row.remark.id)
    return (given, wake(part.environment.id))


def wake(id: EnvironmentId) -> Effect:
    """Wake an environment."""
    return lambda conn: queue.touch(conn, [Wake(key=id, reason="command")])


async def unapprove(order: Order) -> Decision:
    """Take back what the writer gave in this thread, whatever the thread shows by now."""
    thread, person, now = order.row.thread, order.row.remark.author, order.world.clock()
    given = await order.world.store.read(lambda conn: approvals.given(conn, thread, person))
    names = order.command.environments
    taken = {uid: name for uid, name in given.items() if not names or name in names}
    shown = {part.uid: part.environment.id.name for part in order.parts}  # may be given in this very comment
    if any(each.verb in APPROVING for each in order.earlier):
        taken |= shown
    concerned = taken | shown
    effects: list[Effect] = [
        partial(approvals.withdraw, environment=uid, thread=thread, person=person, now=now) for uid in concerned
    ]
    effects += [wake(EnvironmentId(repository=thread.repository, name=name)) for name in concerned.values()]
    return Decision(text=answers.withdrawn(sorted(taken.values())), accepted=True, effects=tuple(effects))


async def approve_deletions(order: Order) -> Decision:
    """Approve by name what an environment's plan destroys: the named objects, or all that the plan lists."""
    if len(order.parts) != 1:
        return refused(answers.not_affected(list(order.command.environments)))
    part = order.parts[0]
    if reason := await not_approvable(order.world, part, order.voice):
        return refused(answers.for_environment(part.environment.id.name, reason))
    assert part.assessment.plan is not None
    destroys = part.assessment.plan.destroys
    found = {name: meant(destroys, name) for name in order.command.names}
    unknown = [name for name, targets in found.items() if not targets]
    if unknown or not destroys:
        return refused(answers.not_destroyed(unknown, sorted(str(id) for id, _ in destroys)))
    if unclear := [name for name, targets in found.items() if len({id for id, _ in targets}) > 1]:
        return refused(answers.ambiguous(unclear, sorted(full_name(id) for name in unclear for id, _ in found[name])))
    chosen = frozenset(each for targets in found.values() for each in targets) if found else destroys
    approval = replace(approval_of(part, order.voice), how="deletions", objects={}, destroys=chosen)
    return Decision(
        text=answers.deletions_approved(sorted(str(id) for id, _ in chosen)), accepted=True,
        effects=approval_effects(order, part, approval),
    )  # fmt: skip


def meant(destroys: frozenset[Destroyed], name: str) -> frozenset[Destroyed]:
    """What a name may mean. Where objects of one kind bear it, one without a namespace bears it in full."""
    found = frozenset(each for each in destroys if named(each[0], name))
    kind = name.partition("/")[0].lower()
    alike = frozenset(each for each in found if each[0].type.lower() == kind) or found
    if len({id.type for id, _ in alike}) > 1:
        return alike
    return frozenset(each for each in alike if not each[0].scope) or alike


def named(id: ResourceId, name: str) -> bool:
    """Whether a name may mean this object: `kind/name` or `kind/namespace/name`, the kind with or without its group."""
    kinds, places = (id.kind, id.type), (id.name, f"{id.scope}/{id.name}")
    return name.lower() in {f"{kind}/{place}".lower() for kind in kinds for place in places}


def full_name(id: ResourceId) -> str:
    """The name that means this object and no other: `Deployment.apps/shop/web`."""
    return f"{id.type}/{id.scope}/{id.name}" if id.scope else f"{id.type}/{id.name}"


async def apply(order: Order) -> Decision:
    """Ask for an apply: of a merged pull request, by somebody with write access; the gate decides."""
    if order.view.phase != "merged":
        return refused(answers.NOT_MERGED)
    if text := await has(order, Permission.WRITE):
        return refused(text)
    if not order.parts:
        return refused(answers.nothing_pending(order.command.environments))
    effects: list[Effect] = []
    for part in order.parts:
        name = part.environment.id.name
        try:
            effects += [await asked(order, part), wake(part.environment.id)]
        except InputError as error:
            return refused(answers.for_environment(name, str(error)))
    names = sorted(part.environment.id.name for part in order.parts)
    return Decision(text=answers.asked(names), accepted=True, effects=tuple(effects))


async def asked(order: Order, part: Part) -> Effect:
    """Record who asked for exactly this state, or for an earlier revision's. InputError: why that cannot be."""
    by, id = order.row.remark.author, part.environment.id
    if order.command.argument:
        repository = await order.world.store.read(partial(repositories.find, id=id.repository))
        if repository is None:
            raise InputError(answers.nothing_pending([id.name]))
        found = await earlier(order.world, repository, id, order.command.argument)
        return lambda conn: environments.ask(conn, part.uid, found.digest, by, found.revision)
    if reason := await not_what_was_shown(order.world, part, order.voice):
        raise InputError(reason)
    head = part.assessment.head
    assert head is not None
    return lambda conn: environments.ask(conn, part.uid, head.digest, by)


async def hold(order: Order) -> Decision:
    """Stop every write to the named environments."""
    by, now = order.row.remark.author, order.world.clock()
    write = partial(holds.add, by=by, reason=order.command.argument, now=now)
    return await hold_or_release(order, write, partial(answers.held, prefix=order.prefix))


async def release(order: Order) -> Decision:
    """End a hold and the stop after a partial apply."""
    return await hold_or_release(order, partial(holds.release, now=order.world.clock()), answers.released)


async def hold_or_release(order: Order, write: Callable[..., object], say: Callable[[Sequence[str]], str]) -> Decision:
    """Holds bind to environments, whether this pull request affects them or not."""
    effects: list[Effect] = []
    for name in order.command.environments:
        environment = order.view.configuration.environment(name)
        if environment is None:
            return refused(answers.not_affected([name]))
        forge = order.world.forges[environment.id.repository.forge]
        member = await belongs(forge, environment.id.repository, order.row.remark.author, environment.approvals)
        if member is not True:
            return refused(answers.for_environment(name, answers.not_an_approver(environment, member is None)))
        row = await order.world.store.read(partial(environments.find, id=environment.id))
        if row is None:
            return refused(answers.not_affected([name]))
        effects += [partial(write, environment=row.uid), wake(environment.id)]
    return Decision(text=say(order.command.environments), accepted=True, effects=tuple(effects))


async def status(order: Order) -> Decision:
    """Look at once, and say where the environments stand."""
    if text := await has(order, Permission.READ):
        return refused(text)
    wanted = order.command.environments
    chosen = [e for e in order.view.configuration.environments if not wanted or e.id.name in wanted]
    rows = await order.world.store.read(lambda conn: [environments.find(conn, each.id) for each in chosen])
    seen = [standing(each.id.name, row) for each, row in zip(chosen, rows, strict=True)]
    wakes = [Wake(key=each.id, reason="status") for each in chosen]
    text = answers.standings(seen, order.prefix)
    return Decision(text=text, accepted=True, effects=(lambda conn: queue.touch(conn, wakes),))


def standing(name: str, row: EnvironmentRow | None) -> Standing:
    """Where an environment stands."""
    applied, looked = (row.applied, row.looked) if row else (None, None)
    return Standing(
        environment=name, revision=applied.revision if applied else "", since=applied.at if applied else None,
        health=row.health if row else "", reason=looked.reason if looked and not (row and row.settled) else "",
        drifted=len(looked.drifted) if looked else 0, seen=looked.at if looked else None,
    )  # fmt: skip


async def help_(order: Order) -> Decision:
    """List the commands."""
    return Decision(text=answers.help_text(reference(), order.prefix), accepted=True)


VERBS: Mapping[str, Callable[[Order], Awaitable[Decision]]] = {
    "plan": plan,
    "approve": approve,
    "unapprove": unapprove,
    "approve-deletions": approve_deletions,
    "apply": apply,
    "hold": hold,
    "release": release,
    "status": status,
    "help": help_,
}
