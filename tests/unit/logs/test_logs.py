"""The log: text or JSON lines, without what an exception had at hand, and never a reason to stop."""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest
import structlog

from bot import logs
from bot.logs import lossy


class Stream(io.StringIO):
    """Standard error, on a terminal or not."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Other tests log as if none of these had been."""
    yield
    structlog.reset_defaults()


def log(monkeypatch: pytest.MonkeyPatch, stream: TextIO, form: Any) -> Any:
    """A log that is written there in that form."""
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure(form)
    return structlog.get_logger()


@pytest.mark.parametrize(
    ("form", "terminal", "lines"),
    [("text", False, False), ("json", True, True), ("auto", True, False), ("auto", False, True)],
)
def test_it_is_text_for_people_and_json_for_programs(
    monkeypatch: pytest.MonkeyPatch, form: str, terminal: bool, lines: bool
) -> None:
    stream = Stream(terminal)
    said = log(monkeypatch, stream, form)
    said.debug("nobody wants to know")
    said.info("serving", pid=7)
    [line] = stream.getvalue().splitlines()
    assert "serving" in line
    if lines:
        found = json.loads(line)
        assert found.pop("timestamp").endswith("Z")
        assert found == {"event": "serving", "level": "info", "pid": 7}
    else:
        assert not line.startswith("{")


@pytest.mark.parametrize(
    ("form", "terminal", "unwanted", "colours"),
    [("text", False, "", False), ("text", True, "", True), ("auto", True, "", True), ("auto", True, "1", False)],
)
def test_text_has_colours_on_a_terminal_unless_somebody_wants_none(
    monkeypatch: pytest.MonkeyPatch, form: str, terminal: bool, unwanted: str, colours: bool
) -> None:
    monkeypatch.setenv("NO_COLOR", unwanted)
    stream = Stream(terminal)
    log(monkeypatch, stream, form).info("serving")
    assert ("\x1b" in stream.getvalue()) == colours


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_exception_is_told_without_the_values_around_it(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    stream = Stream(terminal=False)
    said = log(monkeypatch, stream, form)
    password = "hunter" + "2"
    try:
        raise ValueError(f"{len(password)} characters")
    except ValueError:
        said.exception("work failed")
    assert "ValueError: 7 characters" in stream.getvalue()
    assert password not in stream.getvalue()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_log_that_cannot_be_written_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w") as full:
        log(monkeypatch, full, "json").error("the disk is full")
        sys.stderr.flush()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it is never closed
def test_a_file_that_nobody_else_holds_stays_open(tmp_path: Path) -> None:
    stream = lossy((tmp_path / "log").open("w"))
    stream.write("still there")
    assert (tmp_path / "log").read_text() == "still there"
