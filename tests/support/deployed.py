"""An environment that lives: a repository that git fetches from, a store, and a folder that it is applied to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bot.config import parse
from bot.flow import environment
from bot.flow.assess import Tools, assess
from bot.flow.evaluate import InProcess
from bot.flow.ground import stand
from bot.flow.pending import Before, pending
from bot.flow.world import World
from bot.git import Mirrors
from bot.model.forge import Commit, PullRequest, Remote, Repository
from bot.model.gate import Approval
from bot.model.identity import EnvironmentId, Key, PullRequestId, RepositoryId, Wake, key_text
from bot.model.noun import Digest, Sha
from bot.model.plan import Plan
from bot.render.plain import Plain
from bot.store import approvals, environments, journal, pulls, queue
from bot.store.environments import EnvironmentRow
from bot.store.journal import Intent
from bot.target.directory import Directory
from tests.support.alone import KEY, NOON
from tests.support.git_server import GitServer, git_server
from tests.support.thread import ANA, BO, Members
from tests.support.trees import EMPTY

__all__ = ["CONFIGURATION", "KEY", "MAP", "PROD", "SHOP", "Forge", "Place", "deployed"]

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


@asynccontextmanager
async def deployed(world: World, tmp_path: Path) -> AsyncIterator[Place]:
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
