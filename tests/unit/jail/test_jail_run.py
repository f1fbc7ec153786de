"""A run's status and output come back; whatever passes a limit is stopped, and nothing is left behind."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from bot.cli.demo.walk.browser import eventually
from bot.errors import ProgramError
from bot.jail import Jail, Job, Limits, locate
from bot.jail.run import Mechanisms, filled, mechanisms
from bot.model.noun import Digest
from tests.support.jailed import gone, python, shell


@pytest.fixture
async def jail() -> AsyncIterator[Jail]:
    made = Jail()
    yield made
    made.close()


async def started(folder: Path) -> psutil.Process | None:
    """The process that wrote its number into a file, once it has."""
    return psutil.Process(int((folder / "pid").read_text())) if (folder / "pid").exists() else None


async def test_status_output_and_errors_come_back(jail: Jail, tmp_path: Path) -> None:
    done = await jail.run(shell(tmp_path, "echo out; echo err >&2; exit 3"))
    assert (done.status, done.output, done.errors) == (3, b"out\n", b"err\n")


async def test_its_environment_is_what_the_job_says_and_nothing_else(jail: Jail, tmp_path: Path) -> None:
    done = await jail.run(python(tmp_path, "import os; print(dict(os.environ))"))
    assert done.output in (b"{}\n", b"{'LC_CTYPE': 'C.UTF-8'}\n")  # the second is Python's own doing
    assert (await jail.run(shell(tmp_path, 'echo "$ONE"', ONE="1"))).output == b"1\n"


async def test_it_may_open_few_files_and_leaves_no_core(jail: Jail, tmp_path: Path) -> None:
    code = "from resource import *; print(getrlimit(RLIMIT_NOFILE), getrlimit(RLIMIT_CORE), getrlimit(RLIMIT_AS)[1])"
    done = await jail.run(python(tmp_path, code, Limits(memory=2**30)))
    assert done.output.decode().split(") ") == ["(256, 256", "(0, 0", f"{2**31}\n"]


async def test_what_is_given_to_read_is_read_whole(jail: Jail, tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    done = await jail.run(python(tmp_path, "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())", stdin=data))
    assert done.output == data


async def test_only_the_end_of_a_flood_of_errors_is_kept(jail: Jail, tmp_path: Path) -> None:
    code = "import sys; sys.stderr.write('x' * 5_000_000 + 'end')"
    done = await jail.run(python(tmp_path, code))
    assert len(done.errors) == 64 * 1024
    assert done.errors.endswith(b"end")


@pytest.mark.parametrize(
    ("code", "limits", "words"),
    [
        ("import threading; threading.Event().wait()", Limits(seconds=1), "did not finish within 1 s"),
        ("while True: pass", Limits(processor=1, seconds=60), "used up its processor time"),
        ("while True: print('x' * 1000)", Limits(output=1_000_000), "printed more than 1000000 bytes"),
        # whoever sees it first, the kernel or the look at the folder, says so
        ("open('big', 'wb').write(b'x' * 9_000_000)", Limits(disk=4_000_000), "too large a file|more than 4000000"),
        (
            "for i in range(10**6): open(str(i), 'wb').write(b'x' * 1_000_000)",
            Limits(disk=40_000_000, seconds=60), "wrote more than 40000000 bytes",
        ),
        (
            "import os, time\nfor _ in range(8):\n if os.fork() == 0: x = bytearray(90_000_000); time.sleep(600)\n"
            "time.sleep(600)",
            Limits(memory=200_000_000, seconds=60), "used too much memory",
        ),
        (
            "import mmap, time\nx = mmap.mmap(-1, 600_000_000)\nfor i in range(0, len(x), 4096): x[i] = 1\n"
            "time.sleep(600)",
            Limits(memory=200_000_000, seconds=60), "used too much memory",
        ),
        (
            "import os, time\nfor _ in range(40):\n if os.fork() == 0: time.sleep(600)\ntime.sleep(600)",
            Limits(processes=20, seconds=60), "started too many processes",
        ),
        (
            "import os, time\nwhile True:\n pid = os.fork()\n if pid == 0:\n  end = time.process_time() + 0.4\n"
            "  while time.process_time() < end: pass\n  os._exit(0)\n os.waitpid(pid, 0)",
            Limits(processor=1, seconds=90), "used up its processor time",
        ),
    ],
)  # fmt: skip
async def test_a_limit_that_is_passed_ends_the_run(
    jail: Jail, tmp_path: Path, code: str, limits: Limits, words: str
) -> None:
    with pytest.raises(ProgramError, match=words):
        await jail.run(
            python(tmp_path, f"import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n{code}", limits)
        )
    assert (await jail.run(shell(tmp_path, "echo fine"))).output == b"fine\n"


@pytest.mark.parametrize(
    ("blocks", "free", "few"), [(10**6, 16_000, True), (10**6, 17_000, False), (10**4, 600, False)]
)
def test_a_disk_with_little_space_left_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocks: int, free: int, few: bool
) -> None:
    """What was deleted and is still open is seen by that alone. Blocks of 4 KiB: 64 MiB, or a twentieth of the disk."""
    seen = os.statvfs_result((4096, 4096, blocks, free, free, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda path: seen)
    assert filled(tmp_path, 10**9) == ("left too little space on the disk" if few else "")


@pytest.mark.parametrize("what", ["file", "folder"])
def test_very_many_files_end_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.setattr("bot.jail.run.MOST_FILES", 3)
    for number in range(4):
        assert filled(tmp_path, 10**9) == ""
        path = tmp_path / str(number)
        path.mkdir() if what == "folder" else path.touch()
    assert filled(tmp_path, 10**9) == "made more than 3 files"


async def test_memory_is_bounded_and_costs_only_the_eater(jail: Jail, tmp_path: Path) -> None:
    eater = python(tmp_path, "x = bytearray(800_000_000)", Limits(memory=400_000_000))
    eaten, fine = await asyncio.gather(jail.run(eater), jail.run(shell(tmp_path, "echo fine")))
    assert (eaten.status, b"MemoryError" in eaten.errors) == (1, True)
    assert fine.output == b"fine\n"


async def test_a_program_that_is_killed_is_no_result(jail: Jail, tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="it was killed"):
        await jail.run(shell(tmp_path, "kill -9 $$"))


@pytest.mark.parametrize("kernel", [mechanisms(), Mechanisms(landlock=0, seccomp=False)], ids=["jailed", "best effort"])
async def test_what_a_program_leaves_running_ends_with_it(tmp_path: Path, kernel: Mechanisms) -> None:
    escape = (
        "import os, time\nif os.fork() == 0:\n try: os.setsid()\n except PermissionError: pass\n"
        " if os.fork() == 0:\n  x = bytearray(200_000_000)\n  open('new', 'w').write(str(os.getpid()))\n"
        "  [os.close(n) for n in (0, 1, 2)]\n"
        "  os.rename('new', 'pid'); time.sleep(600)\n os._exit(0)\n"
        "while not os.path.exists('pid'): time.sleep(0.01)"
    )
    jail = Jail("best-effort", lambda: kernel)
    await jail.run(python(tmp_path, escape))
    left = int((tmp_path / "pid").read_text())
    if kernel.seccomp:
        assert not psutil.pid_exists(left)  # it was in the job's session, and gone before the run had ended
    elif psutil.pid_exists(left):
        _, alive = psutil.wait_procs([psutil.Process(left)], timeout=10)
        assert alive == []
    jail.close()


TWO = (
    "import os, time\nif os.fork() == 0: open('new', 'w').write(str(os.getpid())); os.rename('new', 'pid')\n"
    "time.sleep(600)"
)
"""A program that starts another; the file `pid` says which."""


@pytest.mark.parametrize("how", ["cancel", "time", "close", "launcher"])
async def test_a_run_that_is_ended_leaves_no_process(jail: Jail, tmp_path: Path, how: str) -> None:
    limits = Limits(seconds=1 if how == "time" else 100)
    running = asyncio.create_task(jail.run(python(tmp_path, TWO, limits)))
    process = await eventually(lambda: started(tmp_path), "it never began")
    if how == "cancel":
        running.cancel()
    elif how == "close":
        jail.close()
    elif how == "launcher":
        launcher = next(each for each in process.parents() if "bot.jail" in " ".join(each.cmdline()))
        launcher.kill()
    (result,) = await asyncio.gather(running, return_exceptions=True)
    assert isinstance(result, (ProgramError, asyncio.CancelledError))
    if how == "launcher":  # its jobs are everybody's orphans then: killed, and collected by the first process
        await eventually(lambda: gone(process), "it lives on")
    else:
        assert not process.is_running()


@pytest.mark.parametrize("lost", ["server", "launcher of a server that hangs"])
async def test_a_server_that_is_killed_takes_launcher_and_jobs_along(tmp_path: Path, lost: str) -> None:
    code = (
        f"import asyncio, sys\nsys.path[:0] = {sys.path!r}\nfrom pathlib import Path\nfrom bot.jail import Jail\n"
        f"from tests.support.jailed import python\nasyncio.run(Jail().run(python(Path({str(tmp_path)!r}), {TWO!r})))"
    )
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    process = await eventually(lambda: started(tmp_path), "it never began")
    launcher = next(each for each in process.parents() if "bot.jail" in " ".join(each.cmdline()))
    if lost == "server":
        server.kill()
        await server.wait()
        for each in (process, launcher):
            await eventually(partial(gone, each), "it lives on")
    else:  # there is nobody but the kernel to end the job then
        server.send_signal(signal.SIGSTOP)
        launcher.kill()
        await eventually(partial(gone, process), "it lives on")
        server.kill()
        await server.wait()


def newest_launcher() -> psutil.Process:
    """The launcher that was started last; those of other jails may still be there."""
    found = [each for each in psutil.Process().children() if "bot.jail" in " ".join(each.cmdline())]
    return max(found, key=lambda each: each.create_time())


async def test_many_runs_leave_nothing_behind(jail: Jail, tmp_path: Path) -> None:
    await jail.run(shell(tmp_path, "true"))
    before = psutil.Process().num_fds()
    launcher = newest_launcher()
    descriptors = launcher.num_fds()
    for _ in range(20):
        await asyncio.gather(*(jail.run(shell(tmp_path, "true")) for _ in range(10)))
    assert psutil.Process().num_fds() == before
    assert launcher.num_fds() == descriptors
    assert launcher.children(recursive=True) == []


async def test_a_launcher_that_is_killed_is_replaced(jail: Jail, tmp_path: Path) -> None:
    await jail.run(shell(tmp_path, "true"))
    launcher = newest_launcher()
    launcher.kill()
    psutil.wait_procs([launcher], timeout=10)
    assert (await jail.run(shell(tmp_path, "echo fine"))).output == b"fine\n"


async def test_a_launcher_that_hangs_is_replaced_and_its_jobs_are_ended(jail: Jail, tmp_path: Path) -> None:
    running = asyncio.create_task(jail.run(python(tmp_path, TWO, Limits(seconds=3))))
    process = await eventually(lambda: started(tmp_path), "it never began")
    launcher = next(each for each in process.parents() if "bot.jail" in " ".join(each.cmdline()))
    launcher.suspend()
    with pytest.raises(ProgramError, match="did not finish within 3 s"):
        await running
    await eventually(lambda: gone(process), "it lives on")
    assert not launcher.is_running()
    assert (await jail.run(shell(tmp_path, "echo fine"))).output == b"fine\n"


async def test_more_jobs_than_fit_into_the_socket_are_all_run(jail: Jail, tmp_path: Path) -> None:
    await asyncio.gather(*(jail.run(shell(tmp_path, "true", PADDING="x" * 60_000)) for _ in range(30)))


async def test_a_job_that_says_too_much_is_refused(jail: Jail, tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="arguments are too long"):
        await jail.run(shell(tmp_path, "true", PADDING="x" * 300_000))


@pytest.mark.parametrize("offered", [Mechanisms(landlock=0, seccomp=True), Mechanisms(landlock=7, seccomp=False)])
async def test_a_machine_without_a_jail_runs_nothing_where_one_is_required(tmp_path: Path, offered: Mechanisms) -> None:
    strict, lenient = Jail("required", lambda: offered), Jail("best-effort", lambda: offered)
    with pytest.raises(ProgramError, match="cannot jail programs: it lacks"):
        await strict.run(shell(tmp_path, "echo ran > proof"))
    assert not (tmp_path / "proof").exists()
    with capture_logs() as logged:
        for _ in range(2):
            assert (await lenient.run(shell(tmp_path, "echo ran"))).output == b"ran\n"
    assert [each["log_level"] for each in logged] == ["warning"]
    lenient.close()
    assert (strict.diagnose().ok, strict.diagnose().needed) == (False, True)
    assert "render.jail: best-effort" in strict.diagnose().fix
    assert lenient.diagnose().needed is False


async def test_a_program_that_is_gone_is_said(jail: Jail, tmp_path: Path) -> None:
    job = shell(tmp_path, "true")
    gone = Job(
        program=type(job.program)(name="gone", path=tmp_path / "gone", digest=Digest("")), arguments=(), folder=tmp_path
    )
    with pytest.raises(ProgramError, match="gone could not be started: No such file"):
        await jail.run(gone)


def test_a_program_is_known_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("#!/bin/sh\n")
    assert locate(str(tmp_path / "tool")) is None  # it cannot be executed
    (tmp_path / "tool").chmod(0o755)
    found = locate(str(tmp_path / "tool"))
    assert found is not None
    assert found.digest == "sha256:" + "a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf"


def test_a_jail_that_nobody_closed_leaves_no_launcher(tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    asyncio.run(Jail().run(shell(tmp_path, "true")))
    gc.collect()
    assert set(psutil.Process().children()) == before
