"""What somebody else did to a folder between a look at it and the write that follows."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.errors import PermanentError, TemporaryError
from bot.model.environment import Environment, Source
from bot.model.gate import Lease
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.noun import Digest, Sha
from bot.model.resource import Desired, Resource, ResourceId
from bot.target.directory import Directory
from bot.target.directory.inventory import Entry, Inventory, decode, encode
from bot.target.directory.saved import _settle

PROD = Environment(
    id=EnvironmentId(repository=RepositoryId(forge="github", number=1, path="acme/shop"), name="prod"),
    source=Source(path="prod"), target="t", apply="on-merge",
)  # fmt: skip
OTHER = replace(PROD, id=replace(PROD.id, name="other"))
ID = ResourceId(type="ConfigMap", scope="shop", name="web")
LEASE = Lease(key="k", epoch=1, claimed=0, until=datetime.now(UTC))
BODY = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "namespace": "shop"}, "data": {"a": "1"}}


@pytest.fixture
def target(tmp_path: Path) -> Directory:
    """The target."""
    return Directory("t", tmp_path / "prod", b"key")


async def desire(target: Directory, environment: Environment = PROD) -> Desired:
    """One object."""
    return Desired(
        environment=environment.id, revision=Sha("0" * 40), destination=await target.identity(environment), scope="",
        resources=(Resource(id=ID, body=BODY),), digest=Digest("d1:x"), objects={ID: Digest("o1:x")},
    )  # fmt: skip


async def apply(saved: Any) -> None:
    """Carry a plan out."""
    async for _ in saved.apply(LEASE):
        pass


async def test_a_folder_that_another_environment_took_since_the_plan_stays_with_it(
    target: Directory, tmp_path: Path
) -> None:
    async with (
        target.plan(PROD, await desire(target)) as mine,
        target.plan(OTHER, await desire(target, OTHER)) as theirs,
    ):
        await apply(theirs)
        (tmp_path / "prod/config-map_shop_web.yaml").unlink()
        with pytest.raises(PermanentError, match="a folder is for one environment"):
            await apply(mine)


@pytest.mark.parametrize("kind", ["link", "folder"])
async def test_an_inventory_that_is_no_file_is_not_taken_for_none(target: Directory, tmp_path: Path, kind: str) -> None:
    await target.identity(PROD)
    path = tmp_path / "prod/.tidegate/inventory.json"
    path.rename(tmp_path / "moved")
    if kind == "link":
        path.symlink_to(tmp_path / "moved")
    else:
        path.mkdir()
    with pytest.raises(PermanentError, match="not a regular file"):
        await target.identity(PROD)


async def test_a_lock_that_is_a_link_is_not_followed(target: Directory, tmp_path: Path) -> None:
    async with target.plan(PROD, await desire(target)) as saved:
        lock = tmp_path / "prod/.tidegate/lock"
        lock.unlink()
        lock.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(TemporaryError):
            await apply(saved)
    assert not (tmp_path / "elsewhere").exists()


async def test_who_was_overtaken_settles_nothing_of_the_one_who_did(target: Directory, tmp_path: Path) -> None:
    path = tmp_path / "prod/.tidegate/inventory.json"
    async with target.plan(PROD, await desire(target)) as saved:
        found = decode(path.read_bytes())
        begun = Entry(file="config-map_shop_web.yaml", digest=Digest("f1:later"), state="creating")
        newer = encode(Inventory(uuid=found.uuid, epoch=2, environment=found.environment, entries={ID: begun}))
        path.write_bytes(newer)
        work: Any = saved
        _settle(work._work, LEASE.epoch)
    assert path.read_bytes() == newer
