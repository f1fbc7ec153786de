"""Why a comment is answered and not obeyed: it was edited, or it was found too late."""

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from bot.command import parse
from bot.flow.commands import not_obeyed
from bot.model.forge import Remark
from bot.model.identity import Person, PullRequestId, RepositoryId
from bot.store.commands import CommandRow

NOON = datetime(2030, 1, 31, 12, tzinfo=UTC)
THREAD = PullRequestId(repository=RepositoryId(forge="github", number=1, path="acme/shop"), number=7)
HOUR = timedelta(hours=1)


def answer(text: str, late: timedelta, origin: Literal["signed", "listed"] = "listed", edited: bool = False) -> str:
    """What is said about a comment that was found that late."""
    remark = Remark(id="comment:1", author=Person(id=2, login="ana"), body=text, at=NOON, edited=edited)
    row = CommandRow(thread=THREAD, remark=remark, origin=origin, found=NOON + late)
    return not_obeyed(row, parse(text, "/gate"))


@pytest.mark.parametrize("text", ["/gate approve prod", "/gate apply prod", "/gate plan", "/gate release prod"])
def test_what_is_found_after_more_than_an_hour_is_not_obeyed(text: str) -> None:
    assert answer(text, HOUR) == ""
    assert answer(text, HOUR + timedelta(seconds=1)) != ""


@pytest.mark.parametrize("text", ["/gate hold prod it burns", "/gate unapprove", "/gate hold prod\n/gate unapprove"])
def test_what_stops_something_is_obeyed_however_late(text: str) -> None:
    assert answer(text, 100 * HOUR) == ""


def test_one_late_command_that_is_not_obeyed_keeps_the_others_from_it() -> None:
    assert answer("/gate hold prod\n/gate approve prod", 2 * HOUR) != ""


def test_an_edited_comment_counts_only_as_it_was_signed() -> None:
    assert answer("/gate approve prod", timedelta(), edited=True) != ""
    assert answer("/gate approve prod", timedelta(), origin="signed", edited=True) == ""
