"""What is removed when a server starts: what no thread shows any more, and never what something still names."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from bot.model.identity import EnvironmentId, PullRequestId, RepositoryId
from bot.model.noun import Digest, Sha
from bot.model.plan import Plan
from bot.store import Store, journal, plans
from bot.store.blobs import INLINE

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LATER = datetime.now(UTC) + DAY
"""After everything that this file does, also on the clock of the file system."""
ACME = RepositoryId(forge="github", number=17, path="acme/shop")
PULL = PullRequestId(repository=ACME, number=4)
HEAD = Sha("a" * 40)


def large(digest: str) -> Plan:
    where = digest + "x" * INLINE
    return Plan(
        environment=EnvironmentId(repository=ACME, name="prod"), desired=Digest(digest), destination=where, changes=(),
        inventory=1, at=NOON,
    )  # fmt: skip


def show(conn: Connection, digest: str, at: datetime) -> None:
    """Have the thread show a plan."""
    published = plans.Published(
        thread=PULL, environment="prod", digest=Digest(digest), objects={}, destroys=frozenset(), plan=large(digest),
        head=HEAD,
    )  # fmt: skip
    plans.propose(conn, PULL, [published], at)
    plans.mark_published(conn, PULL, at)


def apply(conn: Connection, digest: str) -> None:
    """Write an apply down."""
    journal.begin(
        conn,
        journal.Intent(
            environment="prod", epoch=1, revision=HEAD, digest=Digest(digest), plan=large(digest), riders=(4,),
            repair=False,
        ),
        NOON,
    )  # fmt: skip


def files(folder: Path) -> int:
    return sum(path.is_file() for path in (folder / "blobs").rglob("*"))


async def test_files_of_plans_that_nothing_names_any_more_are_removed(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path)
    for day, digest in enumerate(["d1:a", "d1:b", "d1:c"]):
        await store.write(partial(show, digest=digest, at=NOON + day * DAY))
    await store.write(lambda conn: apply(conn, "d1:b"))
    assert files(tmp_path) == 3
    await store.tidy(NOON)
    assert files(tmp_path) == 3
    await store.tidy(LATER)
    assert files(tmp_path) == 2
    [shown] = await store.read(lambda conn: plans.latest(conn, PULL))
    [applied] = await store.read(lambda conn: journal.history(conn, "prod", 9))
    assert [shown.plan, applied.plan] == [large("d1:c"), large("d1:b")]
    await store.close()


async def test_files_are_left_alone_where_a_database_keeps_its_texts_itself(
    new_postgresql: str, tmp_path: Path
) -> None:
    one = await Store.open(f"sqlite:///{tmp_path / 'store.db'}", tmp_path)
    await one.write(lambda conn: show(conn, "d1:a", NOON))
    await one.close()
    other = await Store.open(new_postgresql, tmp_path)
    await other.tidy(LATER)
    assert files(tmp_path) == 1, "they belong to the database that was used before"
    await other.close()
