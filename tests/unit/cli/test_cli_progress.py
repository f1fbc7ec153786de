"""How far a checkup is: told on a terminal, where it takes a while, and nowhere else."""

import sys
from io import StringIO

import pytest

from bot.cli.check import progress as room
from bot.cli.check.progress import progress
from bot.flow.checkup import Task

TASKS = [Task(environment="prod"), Task(environment="qa")]


class Screen(StringIO):
    """What somebody looks at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "quiet", "told"), [(Screen(), -1.0, True), (Screen(), 60.0, False), (StringIO(), -1.0, False)]
)
def test_only_who_looks_long_enough_is_told(
    monkeypatch: pytest.MonkeyPatch, stream: StringIO, quiet: float, told: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(room, "QUIET", quiet)
    with progress() as start:
        tell = start(TASKS)
        for each in TASKS:
            tell(each)
    assert ("checking prod" in stream.getvalue(), "1/2" in stream.getvalue()) == (told, told)
    if told:  # the cursor is there again
        assert stream.getvalue().rfind("\x1b[?25h") > stream.getvalue().rfind("\x1b[?25l") > -1
    else:
        assert stream.getvalue() == ""
