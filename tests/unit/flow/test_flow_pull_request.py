"""The facts of a pull request and its commands: nothing is forgotten, and all is judged by what was so when it came."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import pytest
from sqlalchemy import Connection

from bot.errors import AbsentError, InputError, PermanentError, TemporaryError
from bot.flow.pull_request import LOOKS, facts, settle
from bot.flow.world import World
from bot.model.forge import PullRequest, Remark, Remote, Repository
from bot.model.gate import Approval, Lease
from bot.model.identity import Person, PullRequestId, RepositoryId, Wake, key_text
from bot.model.noun import Digest, Sha
from bot.store import approvals, pulls, queue
from tests.support.alone import KEY, NOON

ID = PullRequestId(repository=KEY, number=4)
PULL = PullRequest(
    id=ID, title="a change", url="", base="main", head=Sha("a" * 40), branch="topic", author=Person(id=1, login="bo"),
    fork=False, draft=False, state="open", at=NOON, merge_commit=None, merged_at=None, commits=(), remarks=(),
)  # fmt: skip


class Refusing:
    """A forge that answers every question about a pull request with an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def pull_request(self, id: PullRequestId) -> PullRequest:
        raise self.error


async def ask(world: World, error: Exception) -> PullRequest | None:
    forges: Any = {"hub": Refusing(error)}
    ((lease, _),) = await world.store.write(lambda conn: queue.take_keys(conn, "me", 1, NOON, 3600))
    assert isinstance(lease, Lease)
    repository = Repository(id=KEY, default_branch="main")
    return await facts(replace(world, forges=forges), repository, ID, lease)


async def test_a_refusal_is_no_absence(world: World) -> None:
    with pytest.raises(PermanentError, match="403"):
        await ask(world, PermanentError("GitHub answered 403"))


async def test_what_was_there_is_looked_for_again(world: World) -> None:
    await world.store.write(lambda conn: pulls.save(conn, PULL, NOON))
    with pytest.raises(TemporaryError, match="not to be seen"):
        await ask(world, AbsentError("GitHub answered 404"))


async def test_what_never_was_there_is_done(world: World) -> None:
    assert await ask(world, AbsentError("GitHub answered 404")) is None


class Telling:
    """A forge that tells of a pull request, with one remark more each time until there are `most`."""

    def __init__(self, pull: PullRequest, most: int = 0) -> None:
        self.pull, self.most, self.asked = pull, most, 0

    async def pull_request(self, id: PullRequestId) -> PullRequest:
        self.asked += 1
        remarks = [
            Remark(id=f"comment:{number}", author=self.pull.author, body="/gate help", at=NOON)
            for number in range(min(self.asked, self.most))
        ]
        return replace(self.pull, remarks=(*self.pull.remarks, *remarks))

    async def remote(self, repository: RepositoryId) -> Remote:
        raise InputError("nothing is fetched here")


async def tell(world: World, forge: Telling, do: Any) -> tuple[Any, set[str]]:
    """What comes of it, and the keys that it wakes."""
    forges: Any = {"hub": forge}
    ((lease, _),) = await world.store.write(lambda conn: queue.take_keys(conn, "me", 1, NOON, 3600))
    found = await do(replace(world, forges=forges), Repository(id=KEY, default_branch="main"), ID, lease)

    def woken(conn: Connection) -> set[str]:
        queue.settle(conn, lease, None)
        taken = [each for each, _ in queue.take_keys(conn, "me", 9, NOON, 3600)]
        for each in taken:
            queue.settle(conn, each, None)
        queue.touch(conn, [Wake(key=KEY, reason="test")])
        return {each.key for each in taken}

    return found, await world.store.write(woken)


ELSEWHERE = replace(PULL, base="other")  # which needs no git


async def test_a_command_is_judged_by_what_was_looked_at_after_it_came(world: World) -> None:
    forge = Telling(ELSEWHERE, most=1)
    seen, woken = await tell(world, forge, settle)
    assert ([each.remark.id for each in seen.waiting], seen.late) == (["comment:0"], False)
    assert (forge.asked, woken) == (2, set())


async def test_a_thread_in_which_somebody_writes_all_the_time_is_looked_at_again(world: World) -> None:
    forge = Telling(ELSEWHERE, most=99)
    seen, woken = await tell(world, forge, settle)
    assert [each.remark.id for each in seen.waiting] == ["comment:0", "comment:1"]
    assert (forge.asked, woken) == (LOOKS, {key_text(ID)})


SAID = Remark(id="comment:9", author=PULL.author, body="/gate help", at=NOON)


@pytest.mark.parametrize(
    "more",
    [{"own": True}, {"author": replace(PULL.author, bot=True)}, {"at": NOON - timedelta(seconds=1)}, {"body": "help"}],
)
async def test_what_nobody_says_to_this_server_is_no_command(world: World, more: dict[str, Any]) -> None:
    forge = Telling(replace(ELSEWHERE, remarks=(replace(SAID, **more),)))
    seen, _ = await tell(world, forge, settle)
    assert (seen.waiting, forge.asked) == ((), 1)


def approval(how: Literal["command", "review"]) -> Approval:
    return Approval(
        environment="u", pull_request=ID, desired=Digest("d1:a"), objects={}, by=PULL.author, how=how, at=NOON
    )


APPROVES = Remark(id="review:1", author=PULL.author, body="", at=NOON, approves=PULL.head)


@pytest.mark.parametrize(
    ("state", "remarks", "left"),
    [("open", (APPROVES,), {"command", "review"}), ("open", (replace(APPROVES, approves=None),), {"command"}),
     ("merged", (), {"command"}), ("closed", (APPROVES,), set())],
)  # fmt: skip
async def test_what_is_no_longer_so_is_approved_no_longer(
    world: World, state: Literal["open", "merged", "closed"], remarks: tuple[Remark, ...], left: set[str]
) -> None:
    await world.store.write(lambda conn: approvals.add(conn, approval("review"), "review:1"))
    await world.store.write(lambda conn: approvals.add(conn, approval("command"), "comment:1"))
    await tell(world, Telling(replace(PULL, state=state, remarks=remarks)), facts)
    assert {each.how for each in await world.store.read(lambda conn: approvals.of(conn, "u"))} == left


async def test_a_merge_wakes_its_repository_once(world: World) -> None:
    assert (await tell(world, Telling(PULL), facts))[1] == set()
    merged = replace(PULL, state="merged", merge_commit=PULL.head, merged_at=NOON)
    assert (await tell(world, Telling(merged), facts))[1] == {key_text(KEY)}
    assert (await tell(world, Telling(merged), facts))[1] == set()
