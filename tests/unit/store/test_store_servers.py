"""One toolchain renders for a store, however many servers share it."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, event, text

from bot.cli.demo.walk.browser import eventually
from bot.store import Store, servers

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, NEW = ("helm 3",), ("helm 4",)
SECONDS = 30.0


def present(conn: Connection, owner: str, toolchain: tuple[str, ...], after: float = 0.0) -> None:
    servers.present(conn, owner, toolchain, NOON + timedelta(seconds=after), SECONDS)


def test_the_first_server_renders_and_one_like_it_too(conn: Connection) -> None:
    assert servers.rendering(conn) is None
    present(conn, "first", OLD)
    present(conn, "second", OLD)
    assert servers.rendering(conn) == OLD


def test_another_toolchain_waits_until_nobody_has_the_one_that_renders(conn: Connection) -> None:
    for owner in ("first", "second"):
        present(conn, owner, OLD)
    present(conn, "third", NEW)
    servers.leave(conn, "first")
    present(conn, "third", NEW)
    assert servers.rendering(conn) == OLD
    servers.leave(conn, "second")
    present(conn, "third", NEW)
    assert servers.rendering(conn) == NEW
    present(conn, "first", OLD)
    assert servers.rendering(conn) == NEW


def test_a_server_that_says_nothing_any_more_is_waited_for_and_not_for_ever(conn: Connection) -> None:
    present(conn, "first", OLD)
    present(conn, "second", NEW, after=SECONDS - 1)
    assert servers.rendering(conn) == OLD
    present(conn, "second", NEW, after=SECONDS)
    assert servers.rendering(conn) == NEW


def test_a_server_whose_programs_are_replaced_renders_with_the_new_ones(conn: Connection) -> None:
    present(conn, "first", OLD)
    present(conn, "first", NEW)
    assert servers.rendering(conn) == NEW


async def test_of_servers_that_come_at_once_one_toolchain_renders(store: Store) -> None:
    both = (partial(present, owner=owner, toolchain=each) for owner, each in (("a", OLD), ("b", NEW)))
    await asyncio.gather(*map(store.write, both))
    chosen = await store.read(servers.rendering)
    for owner, each in (("b", NEW), ("a", OLD)):
        await store.write(partial(present, owner=owner, toolchain=each))
        assert await store.read(servers.rendering) == chosen


async def test_a_server_does_not_decide_while_another_one_decides(new_postgresql: str, tmp_path: Path) -> None:
    store = await Store.open(new_postgresql, tmp_path)
    await store.write(partial(present, owner="gone", toolchain=("helm 2",)))
    await store.write(partial(servers.leave, owner="gone"))
    decided, go_on = threading.Event(), threading.Event()

    @event.listens_for(store._write, "after_cursor_execute")
    def seen(conn: object, cursor: object, statement: str, *others: object) -> None:
        if statement.startswith("SELECT meta") and not decided.is_set():
            decided.set()
            assert go_on.wait(20)

    async def waits() -> bool:
        return await store.read(lambda conn: bool(conn.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))))

    one = asyncio.create_task(store.write(partial(present, owner="first", toolchain=OLD)))
    assert await asyncio.to_thread(decided.wait, 20)
    two = asyncio.create_task(store.write(partial(present, owner="second", toolchain=NEW)))
    await eventually(waits, "the second server never waited for the first one")
    go_on.set()
    await asyncio.gather(one, two)
    assert await store.read(servers.rendering) == OLD
    await store.close()
