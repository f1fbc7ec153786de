"""What each verb refuses, and that a refusal writes nothing; asked of a store and a forge."""

from dataclasses import replace

import pytest

from bot.command import Command
from bot.flow.verbs import Decision, judge_all
from bot.flow.view import Part, View
from bot.flow.world import World
from bot.model.environment import Configuration
from bot.model.forge import PullRequest, Remark
from bot.model.identity import Person, key_text
from bot.model.noun import Sha
from bot.report import answers
from bot.report.story import Phase
from bot.store import approvals, environments, holds, queue
from bot.store.commands import CommandRow
from tests.support.alone import NOON
from tests.support.thread import ANA, BO, EVE, GONE, HEAD, PULL, SECOND, TEAM, Members, at, part, show

NOBODY = Members(writers=None, team=None)
FORK = Sha("f" * 40)


def view(*parts: Part, phase: Phase = "open") -> View:
    pull = PullRequest(
        id=PULL, title="a change", url="", base="main", head=FORK if phase == "fork" else HEAD, branch="topic",
        author=BO, fork=phase == "fork", draft=False, state="open", at=NOON, merge_commit=None, merged_at=None,
        commits=(), remarks=(),
    )  # fmt: skip
    known = tuple(each.assessment.environment for each in (part(),))
    return View(pull=pull, phase=phase, parts=parts, configuration=Configuration(environments=known))


async def say(
    world: World, found: View, *commands: Command, by: Person = ANA, forge: Members | None = None, id: str = "comment:1"
) -> Decision:
    """Judge a comment that was written after the plan was shown, and write what comes of it."""
    remark = Remark(id=id, author=by, body="", at=NOON + SECOND)
    row = CommandRow(thread=PULL, remark=remark, origin="signed", found=NOON + SECOND)
    decision = await judge_all(at(world, forge or Members()), found, row, commands)
    for effect in decision.effects:
        await world.store.write(effect)
    return decision


@pytest.fixture
async def uid(world: World) -> str:
    """The id of the environment whose plan, which destroys an object, the thread shows."""
    row = await world.store.write(lambda conn: environments.ensure(conn, part().assessment.environment.id, NOON))
    await show(world, "d1:new", NOON, GONE, uids=("u", row.uid))
    return row.uid


def command(verb: str, *environments: str, argument: str = "", names: tuple[str, ...] = ()) -> Command:
    return Command(verb=verb, environments=environments, argument=argument, names=names)


MEANT = part("d1:new", GONE)
MERGED = view(MEANT, phase="merged")
SHOWN = view(MEANT)
UNCONFIGURED = replace(SHOWN, configuration=Configuration(environments=()))

REFUSED: dict[str, tuple[View, Command, Person, Members]] = {
    "plan without write access": (SHOWN, command("plan"), BO, Members()),
    "plan by who cannot be looked up": (SHOWN, command("plan"), ANA, NOBODY),
    "plan of a fork without its commit": (view(phase="fork"), command("plan"), ANA, Members()),
    "plan of another commit of a fork": (view(phase="fork"), command("plan", argument=HEAD), ANA, Members()),
    "approve of what was closed": (view(MEANT, phase="closed"), command("approve"), ANA, Members()),
    "approve of nothing": (view(), command("approve"), ANA, Members()),
    "approve of what is not affected": (SHOWN, command("approve", "prod", "dev"), ANA, Members()),
    "approve by who is not asked": (SHOWN, command("approve", "prod"), EVE, Members()),
    "approve of all by who is not asked": (SHOWN, command("approve"), EVE, Members()),
    "approve by who opened it": (SHOWN, command("approve", "prod"), BO, Members(team=(1, 2))),
    "approve by who cannot be looked up": (SHOWN, command("approve", "prod"), ANA, NOBODY),
    "approve of another state": (view(part("d1:newer")), command("approve", "prod"), ANA, Members()),
    "approve-deletions of what is not affected": (view(), command("approve-deletions", "prod"), ANA, Members()),
    "approve-deletions by who is not asked": (SHOWN, command("approve-deletions", "prod"), EVE, Members()),
    "approve-deletions of what stays": (
        SHOWN, command("approve-deletions", "prod", names=("ConfigMap/b", "ConfigMap/a")), ANA, Members(),
    ),
    "approve-deletions where nothing goes": (view(part()), command("approve-deletions", "prod"), ANA, Members()),
    "apply while it is open": (SHOWN, command("apply", "prod"), ANA, Members()),
    "apply without write access": (MERGED, command("apply", "prod"), BO, Members()),
    "apply by who cannot be looked up": (MERGED, command("apply", "prod"), ANA, NOBODY),
    "apply of nothing": (view(phase="merged"), command("apply", "prod"), ANA, Members()),
    "apply of another state": (view(part("d1:newer"), phase="merged"), command("apply", "prod"), ANA, Members()),
    "hold by who is not asked": (SHOWN, command("hold", "prod"), EVE, Members()),
    "hold by who cannot be looked up": (SHOWN, command("hold", "prod"), ANA, NOBODY),
    "hold of what is not described": (SHOWN, command("hold", "prod", "dev"), ANA, Members()),
    "hold without a configuration": (UNCONFIGURED, command("hold", "prod"), ANA, Members()),
    "release by who is not asked": (SHOWN, command("release", "prod"), EVE, Members()),
    "status by who cannot be looked up": (SHOWN, command("status"), ANA, NOBODY),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
async def test_what_is_refused_and_leaves_no_trace(world: World, uid: str, what: str) -> None:
    found, given, by, forge = REFUSED[what]
    decision = await say(world, found, given, by=by, forge=forge)
    assert not decision.accepted
    assert decision.text
    assert decision.effects == ()


async def test_what_is_approved_is_what_the_plan_shows(world: World, uid: str) -> None:
    for named in ((), ("prod",)):
        assert (await say(world, SHOWN, command("approve", *named))).accepted
    (given,) = await world.store.read(lambda conn: approvals.of(conn, "u"))
    assert (given.by, given.how, given.desired, given.at) == (ANA, "command", "d1:new", NOON + SECOND)
    assert given.destroys == {(GONE.id, GONE.uid)}


async def test_without_names_only_that_is_approved_which_the_writer_may(world: World, uid: str) -> None:
    mine, theirs = MEANT, part("d1:new", rules=(replace(TEAM, approvers=("team:acme/others", "user:eve")),))
    other = replace(theirs.assessment.environment, id=replace(theirs.assessment.environment.id, name="dev"))
    theirs = replace(theirs, uid="v", assessment=replace(theirs.assessment, environment=other))
    decision = await say(world, view(mine, theirs), command("approve"))
    assert decision.accepted
    assert "dev" in decision.text
    assert len(await world.store.read(lambda conn: approvals.of(conn, "u"))) == 1
    assert await world.store.read(lambda conn: approvals.of(conn, "v")) == ()
    assert not (await say(world, view(mine, theirs), command("approve", "prod", "dev"))).accepted


async def test_deletions_are_approved_by_name_and_nothing_else_is(world: World, uid: str) -> None:
    assert (await say(world, SHOWN, command("approve-deletions", "prod", names=("configmap/B",)))).accepted
    (given,) = await world.store.read(lambda conn: approvals.of(conn, "u"))
    assert (given.how, dict(given.objects)) == ("deletions", {})
    assert given.destroys == {(GONE.id, GONE.uid)}
    other = replace(GONE, id=replace(GONE.id, name="other"))
    await show(world, "d1:new", NOON, GONE, other)
    more = view(part("d1:new", GONE, other))
    assert (
        await say(world, more, command("approve-deletions", "prod", names=("configmap/other",)), id="comment:2")
    ).accepted
    _, given = await world.store.read(lambda conn: approvals.of(conn, "u"))
    assert given.destroys == {(other.id, other.uid)}


async def test_a_name_that_several_objects_bear_is_not_enough_to_destroy_them(world: World, uid: str) -> None:
    gone = replace(GONE, id=replace(GONE.id, scope="shop"))
    twin = replace(GONE, id=replace(GONE.id, scope="elsewhere"), uid="f1:twin")
    await show(world, "d1:new", NOON, gone, twin)
    both = view(part("d1:new", gone, twin))
    refused = await say(world, both, command("approve-deletions", "prod", names=("configmap/B",)))
    assert not refused.accepted
    assert "may mean ConfigMap/elsewhere/b, ConfigMap/shop/b" in refused.text
    whole = command("approve-deletions", "prod", names=("configmap/elsewhere/b",))
    assert (await say(world, both, whole, id="comment:2")).accepted
    (given,) = await world.store.read(lambda conn: approvals.of(conn, "u"))
    assert given.destroys == {(twin.id, twin.uid)}


@pytest.mark.parametrize(
    ("name", "types", "meant"),
    [
        ("ingress/b", ("Ingress.extensions", "Ingress.networking.k8s.io"), None),
        ("Ingress.extensions/b", ("Ingress.extensions", "Ingress.networking.k8s.io"), 0),
        ("ingress.networking.k8s.io/shop/b", ("Ingress.extensions", "Ingress.networking.k8s.io"), 1),
        ("event/b", ("Event", "Event.events.k8s.io"), 0),
        ("event.events.k8s.io/b", ("Event", "Event.events.k8s.io"), 1),
    ],
)
@pytest.mark.parametrize("scopes", [("shop", "shop"), ("", "shop")])
async def test_a_kind_of_several_groups_is_written_with_its_group(
    world: World, uid: str, name: str, types: tuple[str, str], meant: int | None, scopes: tuple[str, str]
) -> None:
    ids = [replace(GONE.id, type=type, scope=scope) for type, scope in zip(types, scopes, strict=True)]
    gone = [replace(GONE, id=id, uid=id.type) for id in ids]
    await show(world, "d1:new", NOON, *gone)
    decision = await say(world, view(part("d1:new", *gone)), command("approve-deletions", "prod", names=(name,)))
    given = await world.store.read(lambda conn: approvals.of(conn, "u"))
    if meant is None:
        assert decision.text.count(types[0]) == decision.text.count(types[1]) == 1
        assert given == ()
    else:
        assert [each.destroys for each in given] == [{(ids[meant], types[meant])}]


async def test_a_name_in_full_is_of_the_object_without_a_namespace_alone(world: World, uid: str) -> None:
    twin = replace(GONE, id=replace(GONE.id, scope="elsewhere"), uid="f1:twin")
    await show(world, "d1:new", NOON, GONE, twin)
    bare = command("approve-deletions", "prod", names=("configmap/B",))
    assert (await say(world, view(part("d1:new", GONE, twin)), bare)).accepted
    (given,) = await world.store.read(lambda conn: approvals.of(conn, "u"))
    assert given.destroys == {(GONE.id, GONE.uid)}


async def test_what_is_taken_back_is_ones_own(world: World, uid: str) -> None:
    given = part_of(uid)
    await say(world, view(given), command("approve"))
    taken = await say(world, view(given), command("unapprove", "prod"), by=EVE)
    assert (taken.accepted, taken.text) == (True, answers.withdrawn([]))
    assert len(await world.store.read(lambda conn: approvals.of(conn, uid))) == 1
    assert (await say(world, view(), command("unapprove", "dev"))).accepted
    assert len(await world.store.read(lambda conn: approvals.of(conn, uid))) == 1
    assert (await say(world, view(), command("unapprove"))).text == answers.withdrawn(["prod"])
    assert await world.store.read(lambda conn: approvals.of(conn, uid)) == ()


async def test_what_is_given_and_taken_back_in_one_comment_is_not_given(world: World, uid: str) -> None:
    decision = await say(world, view(part_of(uid)), command("approve"), command("unapprove"))
    assert decision.text.endswith(answers.withdrawn(["prod"]))
    assert await world.store.read(lambda conn: approvals.of(conn, uid)) == ()


@pytest.mark.parametrize("verb", ["approve", "unapprove", "approve-deletions", "apply", "hold", "release", "status"])
async def test_what_is_obeyed_wakes_its_environment(world: World, uid: str, verb: str) -> None:
    assert (await say(world, view(part_of(uid), phase="merged"), command(verb, "prod"))).accepted
    taken = await world.store.write(lambda conn: queue.take_keys(conn, "me", 9, NOON, 3600))
    assert key_text(MEANT.environment.id) in {lease.key for lease, _ in taken}


async def test_an_apply_is_asked_for_the_state_that_was_shown(world: World, uid: str) -> None:
    assert (await say(world, view(part_of(uid), phase="merged"), command("apply", "prod"))).accepted
    row = await world.store.read(lambda conn: environments.find(conn, MEANT.assessment.environment.id))
    assert row is not None
    assert row.asked is not None
    assert (row.asked.by, row.asked.digest, row.asked_revision) == (ANA, "d1:new", None)


async def test_a_hold_is_held_until_it_is_released(world: World, uid: str) -> None:
    assert (await say(world, SHOWN, command("hold", "prod", argument="the fair"))).accepted
    held = await world.store.read(lambda conn: holds.current(conn, uid))
    assert held is not None
    assert (held.by, held.reason) == ("ana", "the fair")
    assert (await say(world, SHOWN, command("release", "prod"))).accepted
    assert await world.store.read(lambda conn: holds.current(conn, uid)) is None


async def test_one_refusal_refuses_all_of_a_comment(world: World, uid: str) -> None:
    decision = await say(world, SHOWN, command("approve", "prod"), command("apply", "prod"))
    assert (decision.accepted, decision.effects) == (False, ())
    assert answers.ALL_OR_NONE in decision.text
    assert await world.store.read(lambda conn: approvals.of(conn, "u")) == ()


def part_of(uid: str) -> Part:
    """The part whose rows are the environment's own; its thread shows the same plan."""
    return replace(MEANT, uid=uid)
