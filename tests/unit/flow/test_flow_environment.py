"""The work on an environment, with git, a store and a folder: what it is brought to, and what it is not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.config import parse
from bot.flow import environment
from bot.flow.assess import Tools, assess
from bot.flow.evaluate import InProcess
from bot.flow.ground import stand
from bot.flow.pending import Before, pending
from bot.flow.world import World
from bot.git import Mirrors
from bot.model.environment import Environment, Source
from bot.model.examined import Examined
from bot.model.forge import Commit, PullRequest, Remote, Repository
from bot.model.gate import Approval
from bot.model.identity import EnvironmentId, Key, PullRequestId, RepositoryId, Wake, key_text
from bot.model.kubernetes import Kubernetes
from bot.model.noun import Digest, Sha
from bot.model.plan import Finding, Plan
from bot.model.resource import Desired, Rendered
from bot.model.tree import Tree
from bot.render.plain import Plain
from bot.store import approvals, environments, holds, journal, pulls, queue
from bot.store.environments import EnvironmentRow
from bot.store.journal import Intent
from bot.target import SavedPlan
from bot.target.directory import Directory
from tests.support.alone import KEY, NOON
from tests.support.git_server import GitServer, git, git_server
from tests.support.thread import ANA, BO, Members
from tests.support.trees import EMPTY

SHOP, PROD = Repository(id=KEY, default_branch="main"), EnvironmentId(repository=KEY, name="prod")
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata: {a: '%s'}\n"
CONFIGURATION = """
version: 1
environments:
  prod:
    source: {path: prod}
    target: prod
    apply: on-merge
    first_apply: on-merge
    drift: revert
    approvals: {count: 1}
"""


class Forge(Members):
    """A forge that git fetches from."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    async def remote(self, repository: RepositoryId) -> Remote:
        return Remote(url=self.url, token="")

    async def people(self, repository: RepositoryId, base: str, head: str) -> tuple[Commit, ...]:
        return ()


@dataclass
class Place:
    """A server, a repository that it looks after, and the folder that one environment is in."""

    world: World
    served: GitServer
    folder: Path
    merged: int = 0

    async def merge(self, value: str, configuration: str = CONFIGURATION) -> Sha:
        """Merge a pull request; the server has fetched what came of it."""
        made = await self.push(value, configuration)
        await stand(self.world, SHOP)
        return made

    async def push(self, value: str, configuration: str = CONFIGURATION) -> Sha:
        """The same, and nobody has fetched it yet."""
        made = Sha(self.served.commit("shop.git", {"tidegate.yaml": configuration, "prod/a.yaml": MAP % value}))
        self.merged += 1
        pull = PullRequest(
            id=self.pull, title=value, url="", base="main", head=made, branch="topic", author=BO, fork=False,
            draft=False, state="merged", at=NOON, merge_commit=made, merged_at=NOON, commits=(), remarks=(),
        )  # fmt: skip
        await self.world.store.write(lambda conn: pulls.save(conn, pull, NOON))
        return made

    @property
    def pull(self) -> PullRequestId:
        """The pull request that was merged last."""
        return PullRequestId(repository=KEY, number=self.merged)

    async def row(self) -> EnvironmentRow:
        """The environment's row."""
        return await self.world.store.write(lambda conn: environments.ensure(conn, PROD, NOON))

    async def approve(self, revision: Sha, *, ask: bool = False) -> None:
        """Approve all that a revision makes of the environment, or only ask for it to be applied."""
        row = await self.row()
        candidate = await environment.candidate_of(await stand(self.world, SHOP), row, revision)
        assert candidate is not None
        found = await pending(self.world, candidate.ground, candidate.described, Before())
        async with assess(self.world.tools, found.subject, found.facts) as assessed:
            head = assessed.assessment.head
        assert head is not None

        def write(conn: Connection) -> None:
            if ask:
                environments.ask(conn, row.uid, head.digest, ANA, revision)
                return
            approval = Approval(
                environment=row.uid, pull_request=self.pull, desired=head.digest, objects=head.objects, by=ANA,
                how="command", at=NOON,
            )  # fmt: skip
            approvals.add(conn, approval, f"comment:{revision}")

        await self.world.store.write(write)

    async def work(self, world: World | None = None) -> float | None:
        """One piece of work on the environment."""

        def take(conn: Connection) -> Any:
            queue.touch(conn, [Wake(key=PROD, reason="test")])
            return queue.take_key(conn, key_text(PROD), "me", NOON, 3600)

        lease, _ = await self.world.store.write(take)
        again = await environment.work(world or self.world, PROD, lease)
        await self.world.store.write(lambda conn: queue.settle(conn, lease, None))
        return again

    async def woken(self) -> set[Key]:
        """What is to be looked at, which is taken for done."""

        def take(conn: Connection) -> set[Key]:
            taken = queue.take_keys(conn, "other", 9, NOON, 3600)
            for lease, _ in taken:
                queue.settle(conn, lease, None)
            return {key for _, key in taken}

        return await self.world.store.write(take)

    async def applies(self) -> int:
        """How many applies were begun."""
        row = await self.row()
        return len(await self.world.store.read(lambda conn: journal.history(conn, row.uid, 100)))

    async def stop_half_way(self) -> None:
        """As an apply of another state leaves it that was killed: begun, and never ended."""
        row, half = await self.row(), Digest("d1:half")
        plan = Plan(environment=PROD, desired=half, destination="x", changes=(), inventory=0, at=NOON)
        intent = Intent(
            environment=row.uid, epoch=1, revision=Sha("2" * 40), digest=half, plan=plan, riders=(), repair=False
        )
        await self.world.store.write(
            lambda conn: environments.set_partial(conn, row.uid, journal.begin(conn, intent, NOON))
        )

    def drift(self) -> None:
        """Somebody changes by hand what is there."""
        (file,) = self.folder.glob("*.yaml")
        file.write_text(file.read_text().replace("one", "by-hand"))

    def holds(self, value: str) -> bool:
        """Whether the folder has an object with that value."""
        return any(f"a: {value}\n" in each.read_text() for each in self.folder.glob("*.yaml"))


@pytest.fixture
async def place(world: World, tmp_path: Path) -> AsyncIterator[Place]:
    """The first state is there: `one` was approved and applied."""
    async with git_server(tmp_path / "served") as served:
        folder = tmp_path / "prod"
        targets = {"prod": Directory("prod", folder, b"key")}
        tools = Tools(renderers=(Plain(),), evaluator=InProcess((Plain(),), ()), targets=targets, key=b"key")
        forges: Any = {KEY.forge: Forge(f"{served.url}/shop.git")}
        here = replace(
            world, forges=forges, mirrors=Mirrors(tmp_path / "git"), tools=tools, allowed=lambda _: frozenset({"prod"})
        )
        made = Place(here, served, folder)
        first = await made.merge("one")
        (described,) = parse(CONFIGURATION.encode(), KEY, EMPTY).environments
        await here.store.write(lambda conn: environments.activate(conn, described, NOON))
        await made.work()
        assert not made.holds("one")
        await made.approve(first)
        await made.work()
        assert made.holds("one")
        await made.woken()
        yield made


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
