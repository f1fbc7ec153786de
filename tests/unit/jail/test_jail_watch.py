"""What processes of one session use is added up."""

import os
import subprocess
import sys

from bot.jail.watch import exceeded, used


def test_the_processes_of_a_session_are_counted_together() -> None:
    burn = "while time.process_time() < 0.2: pass"
    code = f"import os, time\n{burn}\nos.fork() and os.fork()\nprint('up', flush=True)\nos.read(0, 1)"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for _ in range(3):
            process.stdout.readline()
        processes, memory, seconds = used()[process.pid]
        process.stdin.close()
    assert processes == 3
    assert 3_000_000 < memory < 3_000_000_000
    assert 0.15 < seconds < 2
    assert os.getsid(0) in used()


def test_the_limit_that_is_passed_is_named() -> None:
    limits = {"processes": 4, "memory": 1000, "processor": 1.5}
    assert exceeded((4, 1000, 1.5), limits) == ""
    assert exceeded((5, 0, 0), limits) == "processes"
    assert exceeded((1, 1001, 0), limits) == "memory"
    assert exceeded((1, 0, 1.6), limits) == "processor"
