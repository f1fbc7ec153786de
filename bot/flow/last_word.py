"""The last word to a merged pull request whose change was undone before an environment got it."""

from sqlalchemy import Connection

from bot.flow.riders import Riders
from bot.model.identity import PullRequestId
from bot.model.noun import Sha
from bot.report.outcome import Superseded, superseded
from bot.store import plans, posted
from bot.store.environments import EnvironmentRow

__all__ = ["is_superseded", "say_superseded"]


def say_superseded(conn: Connection, row: EnvironmentRow, revision: Sha, riders: Riders) -> None:
    """Owe it to every rider that showed a change: `revision` renders the state that was applied before all of them."""
    assert row.applied is not None
    numbers = [each.id.number for each in riders.pulls]
    for rider in riders.pulls:
        if plans.concerns(conn, rider.id, row.uid):
            others = tuple(number for number in numbers if number != rider.id.number)
            what = Superseded(environment=row.id.name, revision=revision, digest=row.applied.digest, others=others)
            posted.owe(conn, rider.id, superseded(what, key(row.uid)))


def is_superseded(conn: Connection, uid: str, thread: PullRequestId) -> bool:
    """Whether that was said to the thread about the environment."""
    return posted.owed(conn, thread, key(uid))


def key(uid: str) -> str:
    """What makes it appear once per thread and environment."""
    return f"{uid}:superseded"
