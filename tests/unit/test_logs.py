"""The form of the log: text with colours on a terminal, without them in a file, JSON lines where nobody says."""

import json
import os
import pty
import subprocess
import sys

import pytest

from bot.settings import LogForm

LOGS = """
import sys, structlog
from bot.logs import configure
configure(sys.argv[1])
structlog.get_logger().info("done", of=3)
"""


def logged(form: LogForm, error: int, **more: str) -> None:
    subprocess.run([sys.executable, "-c", LOGS, form], stderr=error, check=True, env={**os.environ, **more})


def in_a_pipe(form: LogForm) -> str:
    reading, writing = os.pipe()
    logged(form, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        return pipe.read()


def on_a_terminal(form: LogForm, **more: str) -> str:
    ours, theirs = pty.openpty()
    try:
        logged(form, theirs, **more)
        return os.read(ours, 4096).decode()
    finally:
        os.close(ours)
        os.close(theirs)


def test_text_in_a_file_has_no_colours() -> None:
    text = in_a_pipe("text")
    assert "done" in text
    assert "\x1b" not in text


def test_nobody_says_and_a_program_reads_lines_of_json() -> None:
    assert json.loads(in_a_pipe("auto"))["of"] == 3


@pytest.mark.parametrize(("unwanted", "colours"), [("", True), ("1", False)])
def test_text_on_a_terminal_has_colours_unless_somebody_wants_none(unwanted: str, colours: bool) -> None:
    text = on_a_terminal("auto", NO_COLOR=unwanted)
    assert "done" in text
    assert ("\x1b" in text) == colours


def test_json_on_a_terminal_is_json() -> None:
    assert json.loads(on_a_terminal("json"))["event"] == "done"
