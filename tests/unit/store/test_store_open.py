"""Opening the store, and what becomes of an answer that the database does not give."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, select, text, update

from bot.errors import SettingsError, StaleLease, TemporaryError
from bot.model.forge import Repository
from bot.model.gate import Lease
from bot.model.identity import RepositoryId, Wake
from bot.store import Store, meta, queue, repositories, servers
from bot.store.blobs import INLINE, blobs_of
from bot.store.tables import meta as rows

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_what_was_written_is_there_after_a_restart(url: str, tmp_path: Path) -> None:
    keys = []
    for _ in range(2):
        store = await Store.open(url, tmp_path / "state")
        keys.append(await store.write(meta.sealing_key))
        assert store.folder == (tmp_path if url.startswith("sqlite") else None)
        await store.close()
    assert keys[0] == keys[1]
    assert len(keys[0]) == 32


async def taken(store: Store, owner: str) -> Lease:
    """The lease of the only work that there is."""
    acme = Repository(id=RepositoryId(forge="github", number=17, path="acme/shop"), default_branch="main")
    await store.write(lambda conn: repositories.adopt(conn, acme, NOW))
    await store.write(lambda conn: queue.touch(conn, [Wake(key=acme.id, reason="test")]))
    [(lease, _)] = await store.write(lambda conn: queue.take_keys(conn, owner, 1, NOW, 3600))
    return lease


async def test_work_that_a_killed_process_held_is_taken_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    store = await Store.open(url, tmp_path)
    lease = await taken(store, "killed")
    await store.close()
    store = await Store.open(url, tmp_path)
    assert await store.read(lambda conn: queue.ready(conn, NOW)) == 1
    with pytest.raises(StaleLease):
        await store.write_leased(lease, meta.sealing_key)
    await store.close()


async def test_what_a_killed_process_rendered_with_is_not_waited_for(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for owner, toolchain in (("killed", ("helm 3",)), ("next", ("helm 4",))):
        store = await Store.open(url, tmp_path)
        await store.write(partial(servers.present, owner=owner, toolchain=toolchain, now=now, seconds=3600))
        assert await store.read(servers.rendering) == toolchain
        await store.close()


async def test_the_file_is_free_again_after_closing_or_failing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    await (await Store.open(url, tmp_path)).close()
    (tmp_path / "store.db").write_bytes(b"this is no database, and long enough to be seen as none" * 100)
    for _ in range(2):
        with pytest.raises(SettingsError, match="cannot be opened: file is not a database"):
            await Store.open(url, tmp_path)


async def test_a_file_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store.db").symlink_to(tmp_path / "not mounted" / "store.db")
    with pytest.raises(SettingsError, match=r"^store: \S+ cannot be opened: .*No such file"):
        await Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path)


async def test_all_that_was_written_is_in_the_one_file_after_closing(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path)
    await store.write(meta.sealing_key)
    assert await store.read(meta.sealing_key_exists)
    await store.close()
    assert {path.name for path in tmp_path.glob("store.db*")} == {"store.db", "store.db.lock"}


async def test_closing_waits_for_what_runs(url: str, tmp_path: Path) -> None:
    store = await Store.open(url, tmp_path / "state")
    begun, go_on = threading.Event(), threading.Event()

    def write(conn: Connection) -> bytes:
        begun.set()
        assert go_on.wait(timeout=20)
        return meta.sealing_key(conn)

    writing = asyncio.create_task(store.write(write))
    await asyncio.to_thread(begun.wait, 20)
    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0)  # it has begun
    too_early = closing.done()
    go_on.set()
    assert not too_early
    assert len(await writing) == 32
    await closing


async def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path)
    await store.write(meta.sealing_key)
    made = [tmp_path / f"store.db{suffix}" for suffix in ("", "-wal", "-shm")]
    assert [oct(os.stat(path).st_mode & 0o077) for path in made] == ["0o0"] * 3
    await store.close()


async def test_sqlite_waits_for_the_disk_at_every_commit(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path)

    def pragmas(conn: Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return {name: conn.execute(text(f"PRAGMA {name}")).scalar() for name in names}

    assert await store.write(pragmas) == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    await store.close()


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("nonsense", "is not a URL; write sqlite:///FILE or postgresql"),
        ("sqlite://", "sqlite:// cannot be used; write sqlite:///FILE"),
        ("sqlite:///", "sqlite:/// cannot be used; write sqlite:///FILE"),
        ("sqlite:///:memory:", "cannot be used; write sqlite:///FILE"),
        ("mysql://me:hush@db/x", "mysql://me:***@db/x cannot be used; write sqlite:///FILE"),
        ("postgresql://me:hush@db/x", "postgresql://me:***@db/x cannot be used; .*postgresql[+]psycopg://"),
        (
            "sqlite:////there/is/no/such/folder.db",
            "folder.db cannot be used: No such file or directory; make its folder",
        ),
        (
            "postgresql+psycopg://me:hush@127.0.0.1:1/x",
            "postgresql[+]psycopg://me:[*]+@127.0.0.1:1/x cannot be opened: ",
        ),
    ],
)
async def test_a_url_that_is_no_use_is_refused_without_its_password(url: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=problem.replace("***", "[*]+")) as caught:
        await Store.open(url, tmp_path)
    assert len(str(caught.value).splitlines()) == 1
    assert "hush" not in str(caught.value)


async def test_a_state_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(SettingsError, match=r"state_dir: .*state cannot be written"):
        await Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "state")


async def test_a_database_of_a_newer_version_is_left_alone(url: str, tmp_path: Path) -> None:
    store = await Store.open(url, tmp_path)
    await store.write(lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    await store.close()
    with pytest.raises(SettingsError, match=r"^store: \S+ was used by a newer version of Tidegate; run that version"):
        await Store.open(url, tmp_path)


async def test_servers_that_start_together_make_the_tables_once(new_postgresql: str, tmp_path: Path) -> None:
    stores = await asyncio.gather(*(Store.open(new_postgresql, tmp_path) for _ in range(4)))
    keys = await asyncio.gather(*(store.write(meta.sealing_key) for store in stores))
    assert len(set(keys)) == 1
    for store in stores:
        await store.close()


async def test_a_server_that_comes_takes_nothing_from_those_that_are_there(new_postgresql: str, tmp_path: Path) -> None:
    one = await Store.open(new_postgresql, tmp_path)
    lease = await taken(one, "one")
    other = await Store.open(new_postgresql, tmp_path)
    await one.write_leased(lease, meta.sealing_key)
    await one.close()
    await other.close()


async def test_who_reads_cannot_write(store: Store) -> None:
    with pytest.raises(TemporaryError, match=r"read-?only"):
        await store.read(lambda conn: conn.execute(rows.insert().values(key="a", value="b")))
    assert await store.read(lambda conn: conn.execute(select(rows)).fetchall()) == []


async def test_a_reader_sees_one_state_while_others_write(store: Store) -> None:
    await store.write(lambda conn: conn.execute(rows.insert().values(key="a", value="1")))
    looked, written = threading.Event(), threading.Event()

    def look_twice(conn: Connection) -> list[str]:
        first = conn.execute(select(rows.c.value)).scalar_one()
        looked.set()
        assert written.wait(timeout=20)
        return [first, conn.execute(select(rows.c.value)).scalar_one()]

    reading = asyncio.create_task(store.read(look_twice))
    await asyncio.to_thread(looked.wait, 20)
    await store.write(lambda conn: conn.execute(update(rows).values(value="2")))
    written.set()
    assert await reading == ["1", "1"]


async def test_a_database_that_is_busy_is_a_temporary_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.database.BUSY_SECONDS", 0)
    store = await Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path)
    intruder = create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    with intruder.connect() as conn:
        conn.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(TemporaryError, match="the store does not answer: database is locked"):
            await store.write(meta.sealing_key)
    intruder.dispose()
    assert len(await store.write(meta.sealing_key)) == 32
    await store.close()


async def test_a_full_disk_is_a_temporary_error(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path)

    tries: list[str] = []

    def fill(conn: Connection) -> None:
        tries.append("one")
        conn.exec_driver_sql("PRAGMA max_page_count = 1")
        conn.execute(rows.insert().values(key="large", value="x" * 2_000_000))

    with pytest.raises(TemporaryError, match="the store does not answer: database or disk is full"):
        await store.write(fill)
    assert tries == ["one"]
    assert await store.read(lambda conn: conn.execute(select(rows)).fetchall()) == []
    await store.close()


async def test_a_large_text_that_cannot_be_written_is_a_temporary_error(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "state")
    (tmp_path / "state" / "blobs").rmdir()
    (tmp_path / "state" / "blobs").write_text("in the way")

    def write(conn: Connection) -> None:
        meta.sealing_key(conn)
        blobs_of(conn).put("x" * (INLINE + 1))

    with pytest.raises(TemporaryError, match="the store's files cannot be used: Not a directory"):
        await store.write(write)
    assert not await store.read(meta.sealing_key_exists)
    await store.close()


async def test_servers_that_share_a_database_need_no_folder_in_common(new_postgresql: str, tmp_path: Path) -> None:
    text = "x" * (INLINE + 1)
    one, other = [await Store.open(new_postgresql, tmp_path / name) for name in ("one", "other")]
    stored = await one.write(lambda conn: blobs_of(conn).put(text))
    assert await other.read(lambda conn: blobs_of(conn).get(stored)) == text
    await one.close()
    await other.close()


async def test_a_lost_connection_is_a_temporary_error_and_the_next_one_is_new(
    new_postgresql: str, tmp_path: Path
) -> None:
    store = await Store.open(new_postgresql, tmp_path)
    with pytest.raises(TemporaryError, match="the store does not answer: "):
        await store.write(lambda conn: conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())")))
    assert len(await store.write(meta.sealing_key)) == 32
    await store.close()


async def test_connections_that_were_lost_while_they_did_nothing_are_replaced(
    new_postgresql: str, tmp_path: Path
) -> None:
    one, other = [await Store.open(new_postgresql, tmp_path) for _ in range(2)]
    await one.write(meta.sealing_key)
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    await other.write(lambda conn: conn.execute(text(f"{others} AND pid <> pg_backend_pid()")))
    assert len(await one.write(meta.sealing_key)) == 32
    await one.close()
    await other.close()


async def test_a_process_that_is_frozen_in_a_transaction_does_not_keep_its_locks(
    new_postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await Store.open(new_postgresql, tmp_path)
    monkeypatch.setattr("bot.store.database.IDLE_IN_TRANSACTION_MS", 100)
    frozen = await Store.open(new_postgresql, tmp_path)
    await other.write(lambda conn: conn.execute(rows.insert().values(key="a", value="1")))
    holds, go_on = threading.Event(), threading.Event()

    def hold(conn: Connection) -> None:
        conn.execute(update(rows).where(rows.c.key == "a").values(value="frozen"))
        holds.set()
        assert go_on.wait(timeout=20)
        conn.execute(select(rows))

    holding = asyncio.create_task(frozen.write(hold))
    await asyncio.to_thread(holds.wait, 20)
    try:
        async with asyncio.timeout(10):
            await other.write(lambda conn: conn.execute(update(rows).where(rows.c.key == "a").values(value="2")))
    finally:
        go_on.set()
        await asyncio.wait([holding])
    with pytest.raises(TemporaryError, match="idle-in-transaction timeout"):
        await holding
    await frozen.close()
    await other.close()


async def test_a_database_that_never_answers_is_not_waited_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.database.BUSY_SECONDS", 2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        async with asyncio.timeout(20):
            with pytest.raises(SettingsError, match="cannot be opened: connection timeout expired"):
                await Store.open(f"postgresql+psycopg://me@127.0.0.1:{silent.getsockname()[1]}/x", tmp_path)


async def test_a_driver_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SettingsError, match=r"needs the Python package psycopg .*; install psycopg\[binary\]"):
        await Store.open("postgresql+psycopg://me@127.0.0.1:1/x", tmp_path)


def test_a_driver_without_its_library_is_told_in_a_line() -> None:
    code = "from bot.store.database import connect; connect('postgresql+psycopg://me@127.0.0.1:1/x')"
    environ = {**os.environ, "PSYCOPG_IMPL": "none"}  # as where it finds none
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environ)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("bot.errors.SettingsError: store: ")
    assert last.endswith("; install psycopg[binary], which is both")


async def test_transactions_that_wait_for_each_other_both_succeed(new_postgresql: str, tmp_path: Path) -> None:
    store = await Store.open(new_postgresql, tmp_path)
    await store.write(lambda conn: conn.execute(rows.insert(), [{"key": k, "value": ""} for k in ("left", "right")]))
    both_hold_one = threading.Barrier(2, timeout=20)
    runs: list[str] = []

    def lock(first: str, second: str, conn: Connection) -> None:
        runs.append(first)
        against = len(runs) <= 2
        # who is run again comes behind the other one: against it, the two could collide once more
        one, two = (first, second) if against else (second, first)
        conn.execute(update(rows).where(rows.c.key == one).values(value=rows.c.value + first[0]))
        if against:
            both_hold_one.wait()
        conn.execute(update(rows).where(rows.c.key == two).values(value=rows.c.value + first[0]))

    await asyncio.gather(
        store.write(lambda conn: lock("left", "right", conn)), store.write(lambda conn: lock("right", "left", conn))
    )
    assert len(runs) == 3, "nothing collided, so nothing was shown"
    values = await store.read(lambda conn: conn.execute(select(rows.c.value).where(rows.c.key.in_(["left", "right"]))))
    assert [sorted(value) for value in values.scalars()] == [["l", "r"], ["l", "r"]]
    await store.close()


def test_importing_the_store_leaves_alembic_and_drivers_alone() -> None:
    code = "import sys, bot.store, bot.store.queue; print([m for m in ('alembic', 'psycopg') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


async def test_a_start_on_a_database_that_needs_no_change_leaves_alembic_alone(tmp_path: Path) -> None:
    await (await Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path)).close()
    code = (
        "import asyncio, sys; from pathlib import Path; from bot.store import Store\n"
        "asyncio.run(Store.open('sqlite:///store.db', Path())); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.strip() == "False"
