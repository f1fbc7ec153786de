"""The last word to a merged pull request of which nothing was left to apply in an environment."""

from typing import Literal

from sqlalchemy import Connection

from bot.flow.riders import Riders
from bot.model.identity import PullRequestId
from bot.model.noun import Sha
from bot.report.outcome import Superseded, superseded
from bot.store import plans, posted
from bot.store.environments import AppliedState, EnvironmentRow
from bot.store.plans import Published

__all__ = ["LastWord", "is_so_already", "last_word", "say_last_words"]

LastWord = Literal["undone", "there already"]


def say_last_words(conn: Connection, row: EnvironmentRow, revision: Sha, riders: Riders) -> None:
    """Owe it to every rider that showed a change: `revision` renders the state that was applied before all of them."""
    assert row.applied is not None
    numbers = [each.id.number for each in riders.pulls]
    for rider in riders.pulls:
        if shown := plans.last(conn, rider.id, row.uid):
            others = tuple(number for number in numbers if number != rider.id.number)
            there = is_so_already(row.applied, shown)
            what = Superseded(
                environment=row.id.name, revision=revision, digest=row.applied.digest, others=others, there=there
            )
            posted.owe(conn, rider.id, superseded(what, key(row.uid, "there already" if there else "undone")))


def is_so_already(applied: AppliedState, shown: Published) -> bool:
    """Whether everything that a plan shows is so already."""
    gone = {id for id, _ in shown.destroys}
    same = all(applied.objects.get(id) == digest for id, digest in shown.objects.items())
    return bool(shown.objects or gone) and same and not gone & applied.objects.keys()


def last_word(conn: Connection, uid: str, thread: PullRequestId) -> LastWord | None:
    """What was said to the thread about the environment; None: nothing."""
    words: tuple[LastWord, ...] = ("undone", "there already")
    return next((each for each in words if posted.owed(conn, thread, key(uid, each))), None)


def key(uid: str, word: LastWord) -> str:
    """What makes it appear once per thread and environment."""
    return f"{uid}:superseded" if word == "undone" else f"{uid}:there"
