"""What every target must do, whatever it writes to. An implementation takes part with a `Ground` of its own."""

import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from bot.diff import desired_digest, normalise, object_digest
from bot.errors import PermanentError, StaleLease, StalePlan
from bot.model.environment import Environment, Source
from bot.model.gate import Lease
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.noun import Sha
from bot.model.plan import Action, Applied, Plan
from bot.model.resource import Desired, Resource, ResourceId
from bot.target import Target
from bot.target.directory import Directory

KEY = b"k" * 32
REPOSITORY = RepositoryId(forge="github", number=1, path="acme/shop")
ENVIRONMENT = Environment(
    id=EnvironmentId(repository=REPOSITORY, name="prod"), source=Source(path="prod"), target="t", apply="on-merge"
)
CRASH_PROGRAM = Path(__file__).parent / "directory_crash.py"


def settings(name: str, value: str) -> Resource:
    """A ConfigMap with one value."""
    metadata = {"name": name, "namespace": "shop"}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": value}}
    return Resource(id=ResourceId(type="ConfigMap", scope="shop", name=name), body=body)


class Ground(Protocol):
    """A place to test a target on, with the hands of a stranger."""

    def target(self) -> Target:
        """The target, as a server that was just started would make it."""
        ...

    def write(self, id: ResourceId, text: str) -> None:
        """Change, or make, an object behind the target's back."""
        ...

    def remove(self, id: ResourceId) -> None:
        """Remove an object behind the target's back."""
        ...

    def everything(self) -> Mapping[str, bytes]:
        """All that is there, apart from the target's own notes."""
        ...

    def crashes(self, desired: Desired, epoch: int) -> Sequence["Ground"]:
        """Copies of this ground, on each of which an apply was killed at another moment; the last one got through."""
        ...


class DirectoryGround:
    """A folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def target(self) -> Target:
        return Directory("t", self.path, KEY)

    def file(self, id: ResourceId) -> Path:
        """Where an object is."""
        return self.path / f"config-map_shop_{id.name}.yaml"

    def write(self, id: ResourceId, text: str) -> None:
        self.file(id).write_text(text)

    def remove(self, id: ResourceId) -> None:
        self.file(id).unlink()

    def everything(self) -> Mapping[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.path.iterdir()) if path.name != ".tidegate"}

    def crashes(self, desired: Desired, epoch: int) -> Sequence["DirectoryGround"]:
        results = self.path.with_name("crashed")
        results.mkdir()
        work = pickle.dumps((self.path, results, ENVIRONMENT, desired, KEY, epoch))
        subprocess.run([sys.executable, str(CRASH_PROGRAM)], input=work, check=True, timeout=100)
        return [DirectoryGround(path) for path in sorted(results.iterdir(), key=lambda path: int(path.name))]


@pytest.fixture(params=[DirectoryGround])
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """Every implementation's ground; in memory where the system allows, since every write waits for the disk."""
    make: Callable[[Path], Ground] = request.param
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        yield make(Path(folder) / "ground")


async def desire(target: Target, *resources: Resource) -> Desired:
    """A desired state for the target as it is now."""
    destination = await target.identity(ENVIRONMENT)
    wanted = tuple(normalise(each) for each in resources)
    objects = {each.id: object_digest(each, KEY) for each in wanted}
    return Desired(
        environment=ENVIRONMENT.id, revision=Sha("0" * 40), destination=destination, scope="", resources=wanted,
        objects=objects, digest=desired_digest("d1", objects, REPOSITORY, "main", "u", destination),
    )  # fmt: skip


def lease(epoch: int = 1) -> Lease:
    """The right to work, under some epoch."""
    return Lease(key="k", epoch=epoch, claimed=0, until=datetime.now(UTC) + timedelta(minutes=1))


async def planned(target: Target, desired: Desired) -> Plan:
    """The plan alone."""
    async with target.plan(ENVIRONMENT, desired) as saved:
        return saved.plan


async def reach(target: Target, desired: Desired, epoch: int = 1) -> list[Applied]:
    """Plan and apply."""
    async with target.plan(ENVIRONMENT, desired) as saved:
        return [each async for each in saved.apply(lease(epoch))]


def actions(plan: Plan) -> dict[str, Action]:
    """What happens to each object."""
    return {change.id.name: change.action for change in plan.changes}


async def test_plan_apply_plan_unchanged(ground: Ground) -> None:
    desired = await desire(ground.target(), settings("b", "1"), settings("a", "1"))
    results = await reach(ground.target(), desired)
    assert [(each.id.name, each.state) for each in results] == [
        ("b", "started"), ("b", "done"), ("a", "started"), ("a", "done"),
    ]  # fmt: skip
    plan = await planned(ground.target(), desired)
    assert actions(plan) == {"a": Action.UNCHANGED, "b": Action.UNCHANGED}
    assert (plan.effective, plan.inventory) == ((), 2)
    assert await reach(ground.target(), desired) == []


async def test_the_identity_lasts(ground: Ground) -> None:
    first = await ground.target().identity(ENVIRONMENT)
    await reach(ground.target(), await desire(ground.target(), settings("a", "1")))
    assert await ground.target().identity(ENVIRONMENT) == first
    assert (await planned(ground.target(), await desire(ground.target(), settings("a", "1")))).destination == first


async def test_a_plan_writes_nothing(ground: Ground) -> None:
    await planned(ground.target(), await desire(ground.target(), settings("a", "1")))
    assert ground.everything() == {}


async def test_updates_and_deletes_come_last(ground: Ground) -> None:
    await reach(ground.target(), await desire(ground.target(), settings("a", "1"), settings("b", "1")))
    desired = await desire(ground.target(), settings("c", "1"), settings("b", "2"))
    plan = await planned(ground.target(), desired)
    assert actions(plan) == {"a": Action.DELETE, "b": Action.UPDATE, "c": Action.CREATE}
    assert {id.name for id, uid in plan.destroys if uid} == {"a"}
    results = await reach(ground.target(), desired)
    assert [each.id.name for each in results if each.state == "done"] == ["c", "b", "a"]
    assert [each.id.name for each in await ground.target().live(ENVIRONMENT)] == ["b", "c"]


async def test_drift_is_found_and_put_back(ground: Ground) -> None:
    a, b, c = (settings(name, "1") for name in "abc")
    desired = await desire(ground.target(), a, b, c)
    await reach(ground.target(), desired)
    before = ground.everything()
    ground.write(a.id, "kind: [broken")
    ground.remove(b.id)
    assert (await ground.target().health(ENVIRONMENT)).state == "degraded"
    plan = await planned(ground.target(), desired)
    assert actions(plan) == {"a": Action.UPDATE, "b": Action.CREATE, "c": Action.UNCHANGED}
    await reach(ground.target(), desired)
    assert ground.everything() == before
    assert (await ground.target().health(ENVIRONMENT)).state == "healthy"


async def test_only_the_inventory_is_pruned(ground: Ground) -> None:
    stranger = settings("stranger", "1")
    await reach(ground.target(), await desire(ground.target(), settings("a", "1"), settings("b", "1")))
    ground.write(stranger.id, "theirs")
    desired = await desire(ground.target(), settings("b", "1"))
    assert actions(await planned(ground.target(), desired)) == {"a": Action.DELETE, "b": Action.UNCHANGED}
    await reach(ground.target(), desired)
    assert b"theirs" in ground.everything().values()


async def test_what_is_not_ours_is_never_taken(ground: Ground) -> None:
    ground.target()
    stranger = settings("stranger", "1")
    desired = await desire(ground.target(), settings("a", "1"), stranger)
    ground.write(stranger.id, "theirs")
    plan = await planned(ground.target(), desired)
    (conflict,) = (change for change in plan.changes if change.conflict)
    assert (conflict.id, conflict.action) == (stranger.id, Action.CREATE)
    assert "move it away" in conflict.conflict
    before = ground.everything()
    with pytest.raises(PermanentError, match="not Tidegate's"):
        await reach(ground.target(), desired)
    assert ground.everything() == before


@pytest.mark.parametrize("wanted", ["updated", "deleted"])
async def test_a_stale_plan_writes_nothing(ground: Ground, wanted: str) -> None:
    a, b = settings("a", "1"), settings("b", "1")
    await reach(ground.target(), await desire(ground.target(), a, b))
    goal = [settings("a", "2"), settings("b", "2")] if wanted == "updated" else [settings("a", "2")]
    desired = await desire(ground.target(), *goal)
    async with ground.target().plan(ENVIRONMENT, desired) as saved:
        ground.write(b.id, "changed meanwhile")
        before = ground.everything()
        with pytest.raises(StalePlan):
            _ = [each async for each in saved.apply(lease())]
    assert ground.everything() == before


@pytest.mark.parametrize("wanted", ["created", "updated", "deleted"])
async def test_a_change_in_the_middle_of_an_apply_is_not_overwritten(ground: Ground, wanted: str) -> None:
    b = settings("b", "1")
    await reach(
        ground.target(), await desire(ground.target(), settings("a", "1"), *([] if wanted == "created" else [b]))
    )
    goal = [settings("a", "2")] + ([] if wanted == "deleted" else [settings("b", "2")])
    async with ground.target().plan(ENVIRONMENT, await desire(ground.target(), *goal)) as saved:
        with pytest.raises(StalePlan):
            async for each in saved.apply(lease()):
                if (each.id.name, each.state) == ("a", "done"):
                    ground.write(b.id, "changed meanwhile")
    assert b"changed meanwhile" in ground.everything().values()


async def test_what_appeared_before_the_apply_is_not_taken(ground: Ground) -> None:
    a = settings("a", "1")
    async with ground.target().plan(ENVIRONMENT, await desire(ground.target(), a)) as saved:
        ground.write(a.id, "theirs")
        with pytest.raises(StalePlan):
            _ = [each async for each in saved.apply(lease())]
    assert list(ground.everything().values()) == [b"theirs"]


async def test_a_lower_epoch_is_refused(ground: Ground) -> None:
    await reach(ground.target(), await desire(ground.target(), settings("a", "1")), epoch=7)
    before = ground.everything()
    desired = await desire(ground.target(), settings("a", "2"))
    with pytest.raises(StaleLease, match="epoch 7"):
        await reach(ground.target(), desired, epoch=6)
    assert ground.everything() == before
    assert {each.state for each in await reach(ground.target(), desired, epoch=7)} == {"started", "done"}


async def test_a_worker_that_was_overtaken_writes_nothing_more(ground: Ground) -> None:
    slow = await desire(ground.target(), settings("a", "slow"), settings("b", "slow"))
    quick = await desire(ground.target(), settings("a", "quick"), settings("b", "quick"))
    async with ground.target().plan(ENVIRONMENT, slow) as saved:
        with pytest.raises(StaleLease):
            async for each in saved.apply(lease(1)):
                if (each.id.name, each.state) == ("a", "done"):
                    await reach(ground.target(), quick, epoch=2)
                    before = ground.everything()
    assert ground.everything() == before
    assert (await planned(ground.target(), quick)).effective == ()


async def test_a_state_for_another_destination_is_refused(ground: Ground) -> None:
    desired = replace(await desire(ground.target(), settings("a", "1")), destination="elsewhere")
    with pytest.raises(StalePlan, match="elsewhere"):
        await planned(ground.target(), desired)


async def test_a_place_is_for_one_environment(ground: Ground) -> None:
    desired = await desire(ground.target(), settings("a", "1"))
    await reach(ground.target(), desired)
    other = replace(ENVIRONMENT, id=replace(ENVIRONMENT.id, name="staging"))
    with pytest.raises(PermanentError, match=r"prod.*scope"):
        await ground.target().identity(other)
    assert (await ground.target().health(other)).state == "unknown"


async def test_health_is_unknown_before_anything_was_applied(ground: Ground) -> None:
    assert (await ground.target().health(ENVIRONMENT)).state == "unknown"
    await ground.target().identity(ENVIRONMENT)
    assert (await ground.target().health(ENVIRONMENT)).state == "unknown"


async def test_an_apply_that_is_not_followed_to_its_end_is_resumed(ground: Ground) -> None:
    desired = await desire(ground.target(), *(settings(name, "1") for name in "abc"))
    async with ground.target().plan(ENVIRONMENT, desired) as saved:
        applying: Any = saved.apply(lease())
        assert (await anext(applying)).state == "started"
        assert (await anext(applying)).state == "done"
        await applying.aclose()
    plan = await planned(ground.target(), desired)
    assert actions(plan) == {"a": Action.UNCHANGED, "b": Action.CREATE, "c": Action.CREATE}
    await reach(ground.target(), desired)
    assert (await planned(ground.target(), desired)).effective == ()


async def test_killed_at_any_moment(ground: Ground) -> None:
    stranger = settings("stranger", "1")
    first = await desire(ground.target(), settings("gone", "1"), settings("turned", "1"), settings("kept", "1"))
    await reach(ground.target(), first)
    ground.write(stranger.id, "theirs")
    second = await desire(ground.target(), settings("made", "1"), settings("turned", "2"), settings("kept", "1"))
    grounds = ground.crashes(second, epoch=2)
    wanted = grounds[-1].everything()
    assert len(grounds) > 20
    assert len(wanted) == 4
    for each in grounds:
        target = each.target()
        assert b"theirs" in each.everything().values()
        plan = await planned(target, second)
        assert not [change for change in plan.changes if change.conflict]
        await reach(target, second, epoch=3)
        assert each.everything() == wanted
        assert (await planned(target, second)).effective == ()
        # Whatever the crash left is known: a later state without those objects removes them all.
        await reach(target, await desire(target, settings("kept", "1")), epoch=4)
        assert set(each.everything()) == {"config-map_shop_kept.yaml", "config-map_shop_stranger.yaml"}


async def test_killed_and_then_something_else_wanted(ground: Ground) -> None:
    await reach(ground.target(), await desire(ground.target(), settings("gone", "1"), settings("kept", "1")))
    second = await desire(ground.target(), settings("made", "1"), settings("kept", "1"))
    for each in ground.crashes(second, epoch=2):
        target = each.target()
        await reach(target, await desire(target, settings("kept", "1")), epoch=3)
        left = {name for name in each.everything() if name.endswith(".yaml")}
        assert left == {"config-map_shop_kept.yaml"}


async def test_killed_and_then_a_stranger_takes_a_free_name(ground: Ground) -> None:
    kept = settings("kept", "1")
    await reach(ground.target(), await desire(ground.target(), settings("gone", "1"), kept))
    second = await desire(ground.target(), settings("made", "1"), kept)
    for each in ground.crashes(second, epoch=2):
        there = each.everything()
        free = [
            i for i in (settings("made", "").id, settings("gone", "").id) if not any(i.name in name for name in there)
        ]
        for id in free:
            each.write(id, "theirs")
        target = each.target()
        await reach(target, await desire(target, kept), epoch=3)
        assert len(each.everything()) >= 1 + len(free)
        assert list(each.everything().values()).count(b"theirs") == len(free)
