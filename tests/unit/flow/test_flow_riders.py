"""Riders: which commits a merged pull request answers for, judged by git and not by what the forge says."""

import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.errors import TemporaryError
from bot.flow.ground import Ground
from bot.flow.landing import landing
from bot.flow.riders import UNVERIFIED_MERGE, carried, riders_between
from bot.flow.world import World
from bot.git.mirror import Mirror
from bot.model.forge import Commit, PullRequest, Remote, Repository
from bot.model.identity import Person, PullRequestId, RepositoryId
from bot.model.noun import Sha
from bot.store import pulls
from bot.store.pulls import PullRow

REPOSITORY = RepositoryId(forge="hub", number=7, path="acme/shop")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Attributing:
    """A forge that says who wrote the commits that nobody's pull request brought."""

    def __init__(self, *commits: Commit) -> None:
        self.commits, self.fetched = commits, False

    async def people(self, repository: RepositoryId, base: str, head: str) -> tuple[Commit, ...]:
        return self.commits

    async def remote(self, repository: RepositoryId) -> Remote:
        self.fetched = True
        raise TemporaryError("the branch is gone")


@dataclass
class Work:
    """A repository whose main got a branch with two commits."""

    top: Path

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"]
        done = subprocess.run(["git", *who, *arguments], cwd=self.top, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, name: str, text: str, *amend: str) -> Sha:
        (self.top / name).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", name, *amend)
        return Sha(self.git("rev-parse", "HEAD"))

    async def carried(self, since: Sha, merge: Sha | None = None, proposed: Sha | None = None) -> set[Sha]:
        head = Sha(self.git("rev-parse", "main"))
        mirror = Mirror(self.top / ".git")
        ground = Ground(repository=Repository(id=REPOSITORY, default_branch="main"), mirror=mirror, base=head)
        rider = PullRow(
            id=PullRequestId(repository=REPOSITORY, number=1), title="", state="merged", head=proposed or head,
            base="main",
            merge_commit=merge or head, merged_at=datetime.now(UTC), author=Person(id=1, login="bo"),
            people=frozenset(), strangers=(), planned_fork=None,
        )  # fmt: skip
        return await carried(ground, rider, await mirror.commits(since, head))


@pytest.fixture
def work(tmp_path: Path) -> Work:
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(tmp_path)], check=True)
    return Work(tmp_path)


async def test_a_merge_commit_counts_for_its_pull_request_only_if_git_would_make_it(work: Work) -> None:
    start = work.commit("a", "1\n")
    work.git("checkout", "--quiet", "-b", "topic")
    ours = {work.commit("b", "1\n"), work.commit("b", "2\n")}
    work.git("checkout", "--quiet", "main")
    direct = work.commit("c", "1\n")
    work.git("merge", "--quiet", "--no-ff", "--no-edit", "topic")
    merge = Sha(work.git("rev-parse", "HEAD"))
    assert await work.carried(start) == ours | {merge}
    evil = work.commit("a", "smuggled\n", "--amend")
    assert evil != merge
    found = await work.carried(start)
    assert found == ours
    assert not found & {evil, direct}


async def test_a_squashed_pull_request_is_one_commit(work: Work) -> None:
    start = work.commit("a", "1\n")
    direct = work.commit("b", "1\n")
    squashed = work.commit("c", "1\n")
    found = await work.carried(start)
    assert found == {squashed}
    assert direct not in found
    assert await work.carried(start, merge=start) == set()


async def test_a_rebased_pull_request_is_every_commit_that_it_proposed(work: Work) -> None:
    start = work.commit("a", "1\n")
    work.git("checkout", "--quiet", "-b", "topic")
    work.commit("b", "1\n")
    proposed = work.commit("b", "2\n")
    work.git("checkout", "--quiet", "main")
    direct = work.commit("c", "1\n")
    work.git("-c", "user.email=bo@example.org", "cherry-pick", "topic~1", "topic")
    made = set(work.git("rev-list", f"{direct}..main").split())
    assert await work.carried(start, proposed=proposed) == made
    assert len(made) == 2


@pytest.mark.parametrize("merge", [False, True])
async def test_a_commit_that_is_made_to_look_like_a_proposed_one_was_not_brought_by_it(work: Work, merge: bool) -> None:
    start = work.commit("a", "1\n")
    work.git("checkout", "--quiet", "-b", "topic")
    work.commit("b", "1\n")
    proposed = work.commit("b", "2\n")
    work.git("checkout", "--quiet", "-b", "side", start)
    work.commit("c", "1\n")
    work.git("checkout", "--quiet", "main")
    work.git(*(["merge", "--no-ff", "--no-edit"] if merge else ["cherry-pick"]), "side")
    model, rebased = ("topic", ["topic~1"]) if merge else ("topic~1", ["topic~1", "topic"])
    work.git("commit", "--quiet", "--amend", "--reuse-message", model)
    alike = work.git("rev-parse", "main")
    work.git("cherry-pick", *rebased)
    made = set(work.git("rev-list", f"{alike}..main").split())
    assert await work.carried(start, proposed=proposed) == made


async def test_a_branch_that_was_pushed_as_it_stands_put_all_its_commits_there(work: Work) -> None:
    work.commit("a", "1\n")
    own = [work.commit("b", "1\n"), work.commit("b", "2\n"), work.commit("b", "3\n")]
    mirror = Mirror(work.top / ".git")
    assert await landing(mirror, own[2], own[2], frozenset(own)) == tuple(reversed(own))
    assert await landing(mirror, own[2], own[2], frozenset(own[1:])) == (own[2], own[1])
    assert await landing(mirror, own[2], own[2]) == (own[2],)


async def test_everybody_who_wrote_since_is_an_author(world: World, work: Work) -> None:
    start, direct = work.commit("a", "1\n"), work.commit("b", "1\n")
    unknown, merged = work.commit("c", "1\n"), work.commit("d", "1\n")
    pull = PullRequest(
        id=PullRequestId(repository=REPOSITORY, number=1), title="", url="", base="main", head=Sha("f" * 40),
        branch="topic", author=Person(id=1, login="bo"), fork=False, draft=False, state="merged", at=NOON,
        merge_commit=merged, merged_at=NOON, remarks=(),
        commits=(Commit(sha=merged, people=frozenset({5}), strangers=("x@example.org",)),),
    )  # fmt: skip
    await world.store.write(lambda conn: pulls.save(conn, pull, NOON))
    wrote = Commit(sha=direct, people=frozenset({9}), strangers=("y@example.org",))
    forge = Attributing(wrote, Commit(sha=merged, people=frozenset({8})))
    forges: Any = {"hub": forge}
    ground = Ground(
        repository=Repository(id=REPOSITORY, default_branch="main"), mirror=Mirror(work.top / ".git"), base=merged
    )
    found = await riders_between(replace(world, forges=forges), ground, start, merged)
    assert forge.fetched, "its own commits, which are nowhere any more"
    assert [each.id for each in found.pulls] == [pull.id]
    assert found.authors == {1, 5, 9}, "whoever pressed the button wrote nothing"
    assert found.openers == {1}
    assert found.strangers == (UNVERIFIED_MERGE, "x@example.org", "y@example.org"), unknown
    first = await riders_between(replace(world, forges=forges), ground, None, merged)
    assert first.authors == {1, 5}
    assert first.strangers == ("x@example.org",)
