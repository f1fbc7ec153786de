"""A folder as a target: what is particular to files."""

import json
import os
import resource as limits
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.diff import normalise, object_digest
from bot.document import load_documents
from bot.errors import PermanentError, StalePlan, TemporaryError
from bot.model.environment import Environment, Source
from bot.model.gate import Lease
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.noun import Digest, Sha
from bot.model.plan import Action, Applied, Plan
from bot.model.resource import Desired, Resource, ResourceId
from bot.target.directory import Directory
from bot.target.directory.folder import Folder

KEY = b"k" * 32
CANARY = "c4n4ry"
ENVIRONMENT = Environment(
    id=EnvironmentId(repository=RepositoryId(forge="github", number=1, path="acme/shop"), name="prod"),
    source=Source(path="prod"), target="t", apply="on-merge",
)  # fmt: skip
FILE = "config-map_shop_web.yaml"
SECRET_FILE = "secret_shop_db.yaml"


def settings(value: Any = "1", name: str = "web") -> Resource:
    """A ConfigMap with one value."""
    metadata = {"name": name, "namespace": "shop"}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": value}}
    return Resource(id=ResourceId(type="ConfigMap", scope="shop", name=name), body=body)


def secret(value: str = CANARY) -> Resource:
    """A Secret with one value."""
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"password": value}}
    return Resource(id=ResourceId(type="Secret", scope="shop", name="db"), body=body)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder; it is not there yet."""
    return tmp_path / "prod"


@pytest.fixture
def target(folder: Path) -> Directory:
    """The target."""
    return Directory("t", folder, KEY)


async def desire(target: Directory, *resources: Resource, environment: Environment = ENVIRONMENT) -> Desired:
    """A desired state."""
    return Desired(
        environment=environment.id, revision=Sha("0" * 40), destination=await target.identity(environment),
        scope=environment.scope, resources=resources, digest=Digest("d1:x"),
        objects={each.id: object_digest(each, KEY) for each in resources},
    )  # fmt: skip


async def planned(target: Directory, *resources: Resource, environment: Environment = ENVIRONMENT) -> Plan:
    """The plan."""
    async with target.plan(environment, await desire(target, *resources, environment=environment)) as saved:
        return saved.plan


async def reach(target: Directory, *resources: Resource, environment: Environment = ENVIRONMENT) -> list[Applied]:
    """Plan and apply."""
    lease = Lease(key="k", epoch=1, claimed=0, until=datetime.now(UTC))
    async with target.plan(environment, await desire(target, *resources, environment=environment)) as saved:
        return [each async for each in saved.apply(lease)]


def inventory(folder: Path) -> dict[str, Any]:
    """The inventory as it is on the disk."""
    found: dict[str, Any] = json.loads((folder / ".tidegate/inventory.json").read_bytes())
    return found


def names(folder: Path) -> set[str]:
    """All that is in a folder."""
    return {path.name for path in folder.iterdir()}


def turn_into_link(path: Path, moved: Path) -> None:
    """Move a folder away and leave a link to it."""
    path.rename(moved)
    path.symlink_to(moved)


async def test_the_files(target: Directory, folder: Path) -> None:
    await reach(target, settings("no"), secret())
    assert names(folder) == {".tidegate", FILE, SECRET_FILE}
    assert load_documents((folder / FILE).read_bytes())[0].value == settings("no").body
    stored = load_documents((folder / SECRET_FILE).read_bytes())[0].value
    assert stored == normalise(secret()).body
    assert stat.S_IMODE((folder / SECRET_FILE).stat().st_mode) == 0o600


async def test_the_folder_is_claimed_before_any_plan(target: Directory, folder: Path) -> None:
    identity = await target.identity(ENVIRONMENT)
    assert identity == f"directory:t::{inventory(folder)['uuid']}"
    assert inventory(folder)["entries"] == []


async def test_a_lost_inventory_is_a_new_destination_whose_files_are_strangers(target: Directory, folder: Path) -> None:
    await reach(target, settings())
    before = await target.identity(ENVIRONMENT)
    (folder / ".tidegate/inventory.json").unlink()
    assert await target.identity(ENVIRONMENT) != before
    (change,) = (await planned(target, settings())).changes
    assert (change.action, bool(change.conflict)) == (Action.CREATE, True)
    (change,) = (await planned(target, settings(name="other"))).changes
    assert change.id.name == "other"


@pytest.mark.parametrize("content", [b"", b"{}", b"null", b"[" * 100_000])
async def test_a_damaged_inventory_stops_everything(target: Directory, folder: Path, content: bytes) -> None:
    await reach(target, settings())
    (folder / ".tidegate/inventory.json").write_bytes(content)
    with pytest.raises(PermanentError, match="Restore it from a backup"):
        await target.identity(ENVIRONMENT)
    assert (await target.health(ENVIRONMENT)).state == "unknown"
    assert not (await target.diagnose())[0].ok
    assert (folder / FILE).exists()


async def test_the_inventory_tells_no_secret(target: Directory, folder: Path) -> None:
    await reach(target, secret())
    digest = inventory(folder)["entries"][0]["digest"]
    other = Directory("t", folder.with_name("other"), b"another key")
    await reach(other, secret())
    assert inventory(folder.with_name("other"))["entries"][0]["digest"] != digest
    assert CANARY not in (folder / ".tidegate/inventory.json").read_text()


async def test_a_plan_shows_no_secret(target: Directory) -> None:
    await reach(target, secret())
    for plan in (await planned(target, secret(f"{CANARY}2")), await planned(target, settings())):
        assert CANARY not in repr([(each, each.before, each.after, each.fields) for each in plan.changes])


async def test_a_secret_put_into_another_object_s_file_is_not_shown(target: Directory, folder: Path) -> None:
    await reach(target, secret())
    (folder / SECRET_FILE).write_text(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: db}}\ndata: {{a: {CANARY}}}\n"
    )
    plan = await planned(target, settings())
    assert CANARY not in repr([(each.before, each.after, each.fields) for each in plan.changes])
    assert "cannot be read" in (await target.health(ENVIRONMENT)).reasons[0]


GARBAGE = [
    b"",
    b"a: [",
    b"\xff\xfe",
    b"null",
    b"- 1",
    b"a: 1\na: 2",
    b"[" * 100_000,
    b"x" * 100,
    b"---\na: 1\n---\nb: 1\n",
]


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_garbage_in_a_file_is_drift(target: Directory, folder: Path, garbage: bytes) -> None:
    await reach(target, settings())
    (folder / FILE).write_bytes(garbage)
    (change,) = (await planned(target, settings())).changes
    assert (change.action, change.fields[0].before) == (Action.UPDATE, "(unreadable)")
    assert await target.live(ENVIRONMENT) == []
    await reach(target, settings())
    assert load_documents((folder / FILE).read_bytes())[0].value == settings().body


async def test_drift_is_shown_field_by_field(target: Directory, folder: Path) -> None:
    await reach(target, settings("1"))
    path = folder / FILE
    path.write_text(path.read_text().replace('"1"', '"2"').replace("'1'", "'2'"))
    (change,) = (await planned(target, settings("1"))).changes
    assert [(each.path, each.before, each.after) for each in change.fields] == [("/data/value", "2", "1")]


async def test_what_only_looks_different_is_unchanged(target: Directory, folder: Path) -> None:
    await reach(target, settings())
    path = folder / FILE
    path.write_text("# by hand\n" + path.read_text())
    assert (await planned(target, settings())).effective == ()


async def test_a_file_too_large_to_read_is_drift(target: Directory, folder: Path) -> None:
    await reach(target, settings())
    with (folder / FILE).open("r+b") as file:
        file.truncate(64 * 1024 * 1024)
    assert (await planned(target, settings())).changes[0].action is Action.UPDATE


async def test_a_link_in_the_place_of_a_file_is_not_followed(target: Directory, folder: Path, tmp_path: Path) -> None:
    await reach(target, settings())
    outside = tmp_path / "outside.yaml"
    outside.write_bytes((folder / FILE).read_bytes())
    (folder / FILE).unlink()
    (folder / FILE).symlink_to(outside)
    for goal in (settings("2"), settings(name="other")):
        plan = await planned(target, goal)
        assert "symbolic link" in next(each.conflict for each in plan.changes if each.conflict)
        with pytest.raises(PermanentError, match="symbolic link"):
            await reach(target, goal)
    assert (await target.health(ENVIRONMENT)).state == "degraded"
    assert "value: " in outside.read_text()
    assert '"2"' not in outside.read_text()
    assert (folder / FILE).is_symlink()


@pytest.mark.parametrize("kind", ["folder", "pipe", "link"])
async def test_whatever_has_the_name_of_a_new_object_is_in_the_way(target: Directory, folder: Path, kind: str) -> None:
    await target.identity(ENVIRONMENT)
    path = folder / FILE
    make: dict[str, Callable[[], None]] = {
        "folder": path.mkdir, "pipe": lambda: os.mkfifo(path), "link": lambda: path.symlink_to("nowhere"),
    }  # fmt: skip
    make[kind]()
    (change,) = (await planned(target, settings())).changes
    assert "not Tidegate's" in change.conflict


@pytest.mark.parametrize("kind", ["folder", "pipe"])
async def test_what_took_the_place_of_a_file_is_left_alone(target: Directory, folder: Path, kind: str) -> None:
    await reach(target, settings())
    path = folder / FILE
    path.unlink()
    {"folder": path.mkdir, "pipe": lambda: os.mkfifo(path)}[kind]()
    for goal in (settings("2"), settings(name="other")):
        assert [each for each in (await planned(target, goal)).changes if "move it away" in each.conflict]
    assert not path.is_file()


async def test_a_hard_link_s_other_name_keeps_its_bytes(target: Directory, folder: Path, tmp_path: Path) -> None:
    await reach(target, settings("1"))
    other = tmp_path / "other"
    other.hardlink_to(folder / FILE)
    before = other.read_bytes()
    await reach(target, settings("2"))
    assert other.read_bytes() == before
    assert (folder / FILE).read_bytes() != before


@pytest.mark.parametrize("inside", ["", ".tidegate", "teams", "teams/shop"])
async def test_a_folder_that_became_a_link_is_refused(folder: Path, tmp_path: Path, inside: str) -> None:
    environment = replace(ENVIRONMENT, scope="teams/shop" if "teams" in inside else "")
    target = Directory("t", folder, KEY)
    await reach(target, settings(), environment=environment)
    turn_into_link(folder / inside, tmp_path / "moved")
    with pytest.raises(PermanentError, match="symbolic link"):
        await planned(target, settings("2"), environment=environment)


async def test_a_folder_swapped_for_a_link_after_the_plan_is_refused(
    target: Directory, folder: Path, tmp_path: Path
) -> None:
    async with target.plan(ENVIRONMENT, await desire(target, settings())) as saved:
        turn_into_link(folder, tmp_path / "moved")
        with pytest.raises(PermanentError, match="symbolic link"):
            _ = [each async for each in saved.apply(Lease(key="k", epoch=1, claimed=0, until=datetime.now(UTC)))]
    assert names(tmp_path / "moved") == {".tidegate"}


async def refused_after(target: Directory, meanwhile: Callable[[], object], goal: Resource, match: str) -> None:
    """Something happens between the plan and the apply, which is then stale."""
    async with target.plan(ENVIRONMENT, await desire(target, goal)) as saved:
        meanwhile()
        with pytest.raises(StalePlan, match=match):
            _ = [each async for each in saved.apply(Lease(key="k", epoch=1, claimed=0, until=datetime.now(UTC)))]


async def test_a_missing_file_that_came_back_after_the_plan_is_not_forgotten(target: Directory, folder: Path) -> None:
    await reach(target, settings())
    content = (folder / FILE).read_bytes()
    (folder / FILE).unlink()
    await refused_after(target, lambda: (folder / FILE).write_bytes(content), settings(name="other"), "appeared")
    assert [each.action for each in (await planned(target, settings(name="other"))).effective] == [
        Action.DELETE,
        Action.CREATE,
    ]


async def test_an_inventory_that_was_replaced_after_the_plan_is_refused(target: Directory, folder: Path) -> None:
    path = folder / ".tidegate/inventory.json"

    def replace_it() -> None:
        path.write_text(path.read_text().replace(inventory(folder)["uuid"], "7b0c1c1e-3c2a-4a39-9a5b-0f2f5c5a7d11"))

    await refused_after(target, replace_it, settings(), "inventory.json was replaced")
    await refused_after(target, path.unlink, settings(), "inventory.json was replaced")
    assert names(folder) == {".tidegate"}


async def test_a_folder_that_was_removed_after_the_plan_is_not_made_again(target: Directory, folder: Path) -> None:
    await refused_after(target, lambda: shutil.rmtree(folder), settings(), "was removed")
    assert "prod" not in names(folder.parent)


async def test_scopes_are_apart(target: Directory, folder: Path) -> None:
    other = replace(ENVIRONMENT, scope="teams/shop", id=replace(ENVIRONMENT.id, name="shop"))
    await reach(target, settings("1"))
    await reach(target, settings("2"), environment=other)
    assert (folder / "teams/shop" / FILE).exists()
    assert (await target.identity(other)).startswith("directory:t:teams/shop:")
    assert (await planned(target, settings("1"))).effective == ()
    with pytest.raises(PermanentError, match="scope"):
        await target.identity(replace(other, scope="../elsewhere"))


async def test_left_over_temporary_files_are_removed(target: Directory, folder: Path) -> None:
    await target.identity(ENVIRONMENT)
    ours = [folder / f".tidegate-{'a' * 16}.tmp", folder / ".tidegate" / f".tidegate-{'0' * 16}.tmp"]
    theirs = folder / ".tidegate-notes.tmp"
    for path in (*ours, theirs):
        path.write_text("x")
    await reach(target, settings())
    assert not any(path.exists() for path in ours)
    assert theirs.exists()


@contextmanager
def small_files() -> Iterator[None]:
    """No file may become larger than 4 KB, as on a full disk; the test's own report, too, so it ends with the apply."""
    before = limits.getrlimit(limits.RLIMIT_FSIZE)
    limits.setrlimit(limits.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        limits.setrlimit(limits.RLIMIT_FSIZE, before)


async def test_a_disk_that_refuses_is_told_and_nothing_is_half_written(target: Directory, folder: Path) -> None:
    with small_files():
        results = await reach(target, settings("1", "a"), settings("x" * 10_000, "b"), settings("1", "c"))
    assert [(each.id.name, each.state) for each in results] == [
        ("a", "started"), ("a", "done"), ("b", "started"), ("b", "failed"),
    ]  # fmt: skip
    assert results[-1].error == f"{folder}: File too large; look at that folder and its disk"
    assert names(folder) == {".tidegate", "config-map_shop_a.yaml"}
    plan = await planned(target, settings("1", "a"), settings("1", "b"), settings("1", "c"))
    assert [each.action for each in plan.changes] == [Action.CREATE, Action.CREATE, Action.UNCHANGED]


async def test_an_inventory_that_cannot_be_written_stops_the_apply_before_it_began(
    target: Directory, folder: Path
) -> None:
    with small_files(), pytest.raises(TemporaryError, match="File too large"):
        await reach(target, *(settings("1", f"{n:060}") for n in range(50)))
    assert names(folder) == {".tidegate"}
    assert inventory(folder)["entries"] == []


async def test_what_yaml_cannot_hold_waits(target: Directory, folder: Path) -> None:
    (change,) = (await planned(target, settings(2**70))).changes
    assert "YAML cannot hold" in change.conflict


async def test_a_held_lock_is_waited_for_and_then_told(
    target: Directory, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.target.directory.folder.PATIENCE", 0.05)
    await target.identity(ENVIRONMENT)
    refused = pytest.raises(TemporaryError, match="held by another process")
    with Folder.open(folder / ".tidegate", create=False) as own, own.lock(), refused:
        await reach(target, settings())
    assert not (folder / FILE).exists()
    await reach(target, settings())
    assert (folder / FILE).exists()


async def test_health_names_a_few_and_counts_the_rest(target: Directory, folder: Path) -> None:
    await reach(target, *(settings("1", f"n{number}") for number in range(8)))
    for name in names(folder) - {".tidegate"}:
        (folder / name).unlink()
    health = await target.health(ENVIRONMENT)
    assert health.state == "degraded"
    assert health.reasons[0] == "ConfigMap shop/n0 is missing"
    assert health.reasons[-1] == "and 3 more"
