"""What an apply looks at again at the moment that it begins."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.flow.carry_out import still_stands
from bot.flow.world import World
from bot.model.gate import Approval
from bot.model.identity import EnvironmentId, Person, PullRequestId
from bot.model.noun import Digest
from bot.store import approvals, environments, holds
from tests.support.alone import KEY, NOON

ANA, BO = Person(id=2, login="ana"), Person(id=3, login="bo")
PROD = EnvironmentId(repository=KEY, name="prod")
THREADS = [PullRequestId(repository=KEY, number=number) for number in (3, 4)]


def given(conn: Connection) -> tuple[str, list[Approval]]:
    """An approval by each person in each thread, as they are read before an apply."""
    uid = environments.ensure(conn, PROD, NOON).uid
    for minute, (thread, person) in enumerate((thread, person) for thread in THREADS for person in (ANA, BO)):
        approval = Approval(
            environment=uid, pull_request=thread, desired=Digest("d1:a"), objects={}, by=person, how="command",
            at=NOON + timedelta(minutes=minute),
        )  # fmt: skip
        approvals.add(conn, approval, f"comment:{minute}")
    return uid, [each for thread in THREADS for each in approvals.counting(conn, uid, thread)]


@pytest.mark.parametrize("ended", ["held", "taken back", "spent"])
async def test_what_ended_since_the_facts_were_read_stops_an_apply(world: World, ended: str) -> None:
    def play(conn: Connection) -> None:
        uid, read = given(conn)
        assert still_stands(conn, uid, read)
        match ended:
            case "held":
                holds.add(conn, uid, ANA, "an incident", NOON)
            case "taken back":
                approvals.withdraw(conn, uid, THREADS[1], BO, NOON)
            case _:
                approvals.spend(conn, uid, Digest("d1:a"), NOON)
        assert not still_stands(conn, uid, read)

    await world.store.write(play)


async def test_what_came_since_does_not(world: World) -> None:
    def play(conn: Connection) -> None:
        uid, read = given(conn)
        assert still_stands(conn, uid, read[:1])
        assert still_stands(conn, uid, [])

    await world.store.write(play)
