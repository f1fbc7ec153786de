"""The work on an environment, with git, a store and a folder: what it is brought to, and what it is not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from bot.flow import environment
from bot.flow.evaluate import InProcess
from bot.flow.ground import stand
from bot.flow.pending import Before, pending
from bot.flow.world import World
from bot.model.environment import Environment, Source
from bot.model.examined import Examined
from bot.model.kubernetes import Kubernetes
from bot.model.noun import Sha
from bot.model.plan import Finding
from bot.model.resource import Desired, Rendered
from bot.model.tree import Tree
from bot.render.plain import Plain
from bot.store import approvals, environments, holds
from bot.target import SavedPlan
from bot.target.directory import Directory
from tests.support.alone import KEY, NOON
from tests.support.deployed import CONFIGURATION, PROD, SHOP, Place
from tests.support.git_server import git
from tests.support.thread import ANA


async def test_the_head_is_applied_when_it_is_approved_and_once(place: Place) -> None:
    second = await place.merge("two")
    await place.work()
    assert place.holds("one")
    await place.approve(second)
    await place.work()
    await place.work()
    assert place.holds("two")
    assert await place.applies() == 2
    row = await place.row()
    assert row.applied is not None
    given = await place.world.store.read(lambda conn: approvals.of(conn, row.uid))
    assert {each.desired for each in given} == {row.applied.digest}, "what was left is approved no longer"


async def test_what_is_asked_for_by_its_revision_needs_its_approvals_too(place: Place) -> None:
    second = await place.merge("two")
    pull = place.pull
    await place.merge("three")
    await place.approve(second, ask=True)
    await place.work()
    assert place.holds("one")
    place.merged = pull.number
    await place.approve(second)
    await place.work()
    assert place.holds("two")


async def test_what_was_asked_for_and_is_no_longer_on_the_branch_is_not_applied(place: Place) -> None:
    second = await place.merge("two")
    await place.approve(second)
    await place.approve(second, ask=True)
    git("reset", "--quiet", "--hard", "HEAD~1", folder=place.served.root / "shop.git.work")
    await place.merge("three")
    await place.work()
    assert place.holds("one")


async def test_what_was_asked_for_and_is_nowhere_any_more_is_no_obstacle(place: Place) -> None:
    row, second = await place.row(), await place.merge("two")
    assert row.applied is not None
    digest = row.applied.digest
    await place.approve(second)
    await place.world.store.write(lambda conn: environments.ask(conn, row.uid, digest, ANA, Sha("f" * 40)))
    await place.work()
    assert place.holds("two")


class Held(Directory):
    """A folder whose environment somebody holds while a plan for it is made."""

    world: World
    uid: str

    @asynccontextmanager
    async def plan(self, environment: Environment, desired: Desired) -> AsyncIterator[SavedPlan]:
        async with super().plan(environment, desired) as saved:
            await self.world.store.write(lambda conn: holds.add(conn, self.uid, ANA, "stop", NOON))
            yield saved


async def test_who_holds_it_before_the_apply_begins_stops_it(place: Place) -> None:
    await place.approve(await place.merge("two"))
    held = Held("prod", place.folder, b"key")
    held.world, held.uid = place.world, (await place.row()).uid
    await place.work(replace(place.world, tools=replace(place.world.tools, targets={"prod": held})))
    assert place.holds("one")
    assert await place.applies() == 1


async def test_what_was_asked_for_and_is_there_already_is_not_applied_again(place: Place) -> None:
    row = await place.row()
    assert row.applied is not None
    await place.approve(row.applied.revision, ask=True)
    await place.work()
    assert await place.applies() == 1


@pytest.mark.parametrize("ask", [False, True])
async def test_nothing_is_applied_of_a_branch_that_has_moved_since(place: Place, ask: bool) -> None:
    second = await place.merge("two")
    await place.approve(second)
    if ask:
        await place.approve(second, ask=True)
    await place.push("three")
    await place.work()
    assert place.holds("one")
    assert await place.woken() == {KEY, PROD}


async def test_a_candidate_is_judged_by_the_policies_of_what_is_applied_too(place: Place) -> None:
    row, second = await place.row(), await place.merge("two")
    candidate = await environment.candidate_of(await stand(place.world, SHOP), row, second)
    assert candidate is not None
    assert row.applied is not None
    found = await pending(place.world, candidate.ground, candidate.described, Before())
    assert [each.tree.revision for each in found.subject.rulings] == [second, row.applied.revision]


async def test_drift_is_put_back_while_the_head_waits_but_not_beside_half_an_apply(place: Place) -> None:
    await place.merge("two")
    row = await place.row()
    place.drift()
    await place.stop_half_way()
    await place.work()
    assert place.holds("by-hand")
    await place.world.store.write(lambda conn: environments.set_partial(conn, row.uid, ""))
    await place.work()
    assert place.holds("one")


async def test_what_was_left_half_way_is_remembered_until_nothing_of_it_is_there(place: Place) -> None:
    await place.stop_half_way()
    await place.merge("two")
    await place.work()
    assert (await place.row()).partial
    await place.merge("one")
    await place.work()
    assert not (await place.row()).partial
    assert await place.applies() == 2, "that of the beginning, and the one that stopped"


async def test_drift_is_put_back_where_the_branch_says_nothing_usable(place: Place) -> None:
    await place.merge("two", "environments: [")
    place.drift()
    await place.work()
    assert place.holds("one")


class Upgraded(Plain):
    """A renderer that makes something else of the same files."""

    async def render(self, tree: Tree, source: Source, kubernetes: Kubernetes) -> Rendered:
        found = await super().render(tree, source, kubernetes)
        (one,) = found.resources
        return replace(found, resources=(replace(one, body={**one.body, "data": {"a": "other"}}),))


async def test_what_renders_to_another_state_than_the_applied_one_is_no_repair(place: Place) -> None:
    place.drift()
    tools = replace(place.world.tools, renderers=(Upgraded(),), evaluator=InProcess((Upgraded(),), ()))
    await place.work(replace(place.world, tools=tools))
    assert place.holds("by-hand")


async def test_a_merge_that_changes_no_state_moves_the_revision_and_no_rule_that_nobody_agreed_to(place: Place) -> None:
    loose = await place.merge("one", CONFIGURATION.replace("count: 1", "count: 0"))
    await place.work()
    applied = (await place.row()).applied
    assert applied is not None
    assert (applied.revision, applied.rule.count) == (loose, 1)
    assert place.pull in await place.woken()
    await place.merge("two", CONFIGURATION.replace("count: 1", "count: 0"))
    await place.work()
    applied = (await place.row()).applied
    assert applied is not None
    assert (applied.revision, applied.rule.count) == (loose, 1)


class Comparing:
    """A check that keeps what it is shown as the state before."""

    name, subject = "comparing", "desired"

    def __init__(self) -> None:
        self.before: list[object] = []

    async def run(self, examined: Examined) -> tuple[Finding, ...]:
        self.before.append(examined.before)
        return ()


async def test_what_is_to_be_applied_is_compared_with_what_was_applied(place: Place) -> None:
    check: Any = Comparing()
    tools = replace(place.world.tools, evaluator=InProcess((Plain(),), (check,)))
    await place.merge("two")
    await place.work(replace(place.world, tools=tools))
    (before,) = {tuple(each.body["data"]["a"] for each in found) for found in check.before}
    assert before == ("one",)


async def test_a_repository_that_no_setting_matches_any_more_is_left_alone(place: Place) -> None:
    second = await place.merge("two")
    await place.approve(second)
    assert await place.work(replace(place.world, allowed=lambda _: None)) is None
    assert place.holds("one")


async def test_an_environment_that_is_no_longer_described_is_left_alone(place: Place) -> None:
    second = await place.merge("two")
    await place.approve(second)
    await place.world.store.write(lambda conn: environments.detach_others(conn, KEY, []))
    assert await place.work() is None
    assert place.holds("one")
