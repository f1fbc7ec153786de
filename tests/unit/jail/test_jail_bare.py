"""Where there is no Linux, a program runs without a jail, but still within time and output, and is killed with all."""

import asyncio
from functools import partial
from pathlib import Path

import psutil
import pytest

from bot.cli.demo.walk.browser import eventually
from bot.errors import ProgramError
from bot.jail import Limits, bare
from tests.support.jailed import gone, python, shell


async def test_status_output_and_errors_come_back(tmp_path: Path) -> None:
    done = await bare.run(shell(tmp_path, "read word; echo $word; echo $ONE >&2; exit 3", ONE="1"))
    assert (done.status, done.output, done.errors) == (3, b"\n", b"1\n")


async def test_what_is_given_to_read_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    data = b"x" * 2_000_000
    code = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
    assert (await bare.run(python(tmp_path, code, stdin=data))).output == data
    assert (await bare.run(shell(tmp_path, "exec 0<&-; echo fine"))).output == b"fine\n"


@pytest.mark.parametrize(
    ("script", "limits", "words"),
    [
        ("sleep 600", Limits(seconds=0.5), "did not finish"),
        ("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done", Limits(output=10_000), "printed more than 10000"),
        ("kill -9 $$", Limits(), "stopped: signal 9"),
    ],
)
async def test_a_limit_that_is_passed_ends_the_run(tmp_path: Path, script: str, limits: Limits, words: str) -> None:
    with pytest.raises(ProgramError, match=words):
        await bare.run(shell(tmp_path, script, limits))


async def test_the_end_of_a_flood_that_nobody_reads_any_more_is_seen(tmp_path: Path) -> None:
    flood = "import os\nwhile True: os.write(1, b'x' * 1_000_000)"
    # many at once: while one is looked at, the others' pipes fill up
    runs = [bare.run(python(tmp_path, flood, Limits(output=10_000))) for _ in range(24)]
    async with asyncio.timeout(60):
        ended = await asyncio.gather(*runs, return_exceptions=True)
    assert {str(each) for each in ended} == {"python printed more than 10000 bytes"}


async def test_only_the_end_of_a_flood_of_errors_is_kept(tmp_path: Path) -> None:
    done = await bare.run(python(tmp_path, "import sys; sys.stderr.write('x' * 3_000_000 + 'end')"))
    assert (len(done.errors), done.errors[-3:]) == (64 * 1024, b"end")


async def test_a_run_that_is_cancelled_leaves_no_process(tmp_path: Path) -> None:
    running = asyncio.create_task(bare.run(shell(tmp_path, "sleep 600 & echo $! > new; mv new pid; wait")))

    async def started() -> int:
        return int((tmp_path / "pid").read_text()) if (tmp_path / "pid").exists() else 0

    process = psutil.Process(await eventually(started, "it never began"))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await eventually(partial(gone, process), "it lives on")


async def test_a_program_that_is_gone_is_said(tmp_path: Path) -> None:
    job = shell(tmp_path, "")
    gone = type(job.program)(name="gone", path=tmp_path / "gone", digest=job.program.digest)
    with pytest.raises(ProgramError, match="gone could not be started: No such file"):
        await bare.run(type(job)(program=gone, arguments=(), folder=tmp_path))
