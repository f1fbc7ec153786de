"""What is told of an environment's health is what was seen last."""

import pytest
from sqlalchemy import Connection, delete

from bot.flow import verbs
from bot.model.report import Standing
from bot.store import environments, tables
from tests.support.deployed import CONFIGURATION, Place

REPORTED = CONFIGURATION.replace("drift: revert", "drift: report")


@pytest.mark.parametrize("waits", [False, True])
async def test_what_is_missing_is_not_healthy(place: Place, waits: bool) -> None:
    await place.approve(await place.merge("one", REPORTED))
    await place.work()
    assert (await place.row()).health == "healthy"
    if waits:  # for an approval, of a state that is elsewhere
        await place.merge("two", REPORTED + "    scope: eu\n")
    (file,) = place.folder.glob("*.yaml")
    file.rename(place.folder / "away")
    await place.work()
    assert (await place.row()).health == "degraded"
    (place.folder / "away").rename(file)
    await place.work()
    assert (await place.row()).health == "healthy"


async def standing(place: Place) -> Standing:
    return verbs.standing("prod", await place.row())


async def test_a_change_by_hand_is_told_where_somebody_asks(place: Place) -> None:
    await place.approve(await place.merge("one", REPORTED))
    await place.work()
    assert (await standing(place)).drifted == 0
    place.drift()
    await place.work()
    found = await standing(place)
    assert (found.health, found.reason, found.drifted, found.seen) == ("healthy", "", 1, place.world.clock())


async def test_what_becomes_healthy_after_the_apply_lets_others_follow(place: Place) -> None:
    row = await place.row()
    assert row.applied is not None
    digest = row.applied.digest

    def ended_ill(conn: Connection) -> None:
        conn.execute(delete(tables.healthy))
        environments.set_health(conn, row.uid, "progressing")

    await place.world.store.write(ended_ill)
    await place.work()
    assert await place.world.store.read(lambda conn: environments.was_healthy(conn, row.uid, digest))
