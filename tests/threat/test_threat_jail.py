"""What a hostile program finds in the jail: its inputs, its scratch folder, and nothing else."""

import os
import secrets
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.jail import Jail
from tests_support.jailed import python, shell


@pytest.fixture
async def jail() -> AsyncIterator[Jail]:
    made = Jail()
    yield made
    made.close()


def attempt(code: str) -> str:
    """Code that prints `did` if it succeeds, else the error's name."""
    lines = "\n ".join(code.splitlines())
    return f"import os, socket, ctypes\ntry:\n {lines}\n print('did')\nexcept OSError as e: print(e.strerror)"


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/etc/hostname", "/proc/self/environ", "/proc/1/environ", "/root", "/tmp", "/home", "/"]
)
async def test_row_54_nothing_of_the_machine_can_be_read(jail: Jail, tmp_path: Path, path: str) -> None:
    read = f"os.listdir({path!r})" if Path(path).is_dir() else f"open({path!r}, 'rb').read()"
    done = await jail.run(python(tmp_path, attempt(read)))
    assert done.output.strip() == b"Permission denied", path


async def test_row_54_the_servers_environment_and_memory_are_out_of_reach(jail: Jail, tmp_path: Path) -> None:
    canary = secrets.token_hex(16)
    os.environ["TIDEGATE_CANARY"] = canary
    try:
        for pid in (os.getpid(), "self", os.getppid()):
            for name in ("environ", "mem", "maps", "cmdline"):
                done = await jail.run(python(tmp_path, attempt(f"print(open('/proc/{pid}/{name}', 'rb').read())")))
                assert b"did" not in done.output
                assert canary.encode() not in done.output
    finally:
        del os.environ["TIDEGATE_CANARY"]


async def test_row_54_inputs_can_be_read_and_not_written_and_neighbours_are_not_seen(
    jail: Jail, tmp_path: Path
) -> None:
    scratch, inputs, other = (tmp_path / each for each in ("scratch", "inputs", "other"))
    for each in (scratch, inputs, other):
        each.mkdir()
        (each / "file").write_text(each.name)
    job = python(scratch, f"print(open('{inputs}/file').read())")
    job = type(job)(**{name: getattr(job, name) for name in job.__slots__} | {"inputs": (*job.inputs, inputs)})
    assert (await jail.run(job)).output == b"inputs\n"
    for code in (
        f"open('{inputs}/file', 'w')", f"open('{inputs}/new', 'w')", f"os.unlink('{inputs}/file')",
        f"open('{other}/file').read()", f"os.symlink('{other}/file', 'link'); open('link').read()",
        f"os.rename('{inputs}/file', 'mine')", f"os.link('{other}/file', 'mine')", f"os.truncate('{inputs}/file', 0)",
    ):  # fmt: skip
        job = python(scratch, attempt(code))
        job = type(job)(**{name: getattr(job, name) for name in job.__slots__} | {"inputs": (*job.inputs, inputs)})
        assert b"did" not in (await jail.run(job)).output, code
    assert (inputs / "file").read_text() == "inputs"


@pytest.mark.parametrize(
    "code",
    [
        "socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
        "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        "socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)",
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "socket.socketpair()",
    ],
)
async def test_row_66_no_socket_of_any_kind_can_be_made(jail: Jail, tmp_path: Path, code: str) -> None:
    assert (await jail.run(python(tmp_path, attempt(code)))).output.strip() == b"Operation not permitted"


async def test_row_66_a_listener_on_this_machine_is_not_reached(jail: Jail, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = await jail.run(python(tmp_path, attempt(f"socket.create_connection(('127.0.0.1', {port}), 2)")))
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert b"did" not in done.output


@pytest.mark.parametrize(
    "code",
    [
        "libc = ctypes.CDLL(None)\nif libc.unshare(0x10000000) < 0: raise OSError(1, 'no')",
        "libc = ctypes.CDLL(None)\nif libc.ptrace(16, os.getppid(), 0, 0) < 0: raise OSError(1, 'no')",
        "os.mknod('device', 0o60660, os.makedev(8, 0))",
        "os.chroot('.')",
        "os.kill(os.getppid(), 0)",
        f"os.kill({os.getpid()}, 0)",
    ],
)
async def test_row_54_other_processes_and_the_kernel_are_out_of_reach(jail: Jail, tmp_path: Path, code: str) -> None:
    assert b"did" not in (await jail.run(python(tmp_path, attempt(code)))).output


async def test_row_54_only_named_programs_can_be_executed(jail: Jail, tmp_path: Path) -> None:
    (tmp_path / "own").write_text("#!/bin/sh\necho ran\n")
    (tmp_path / "own").chmod(0o755)
    done = await jail.run(shell(tmp_path, "./own; /usr/bin/env echo ran; cat /dev/null && echo cat"))
    assert done.output == b"cat\n"


async def test_row_54_no_descriptor_of_the_server_is_inherited(jail: Jail, tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w+b") as file:
        os.set_inheritable(file.fileno(), True)
        code = "import os\nfor n in range(3, 300):\n try: print(n, os.fstat(n))\n except OSError: pass"
        done = await jail.run(python(tmp_path, code))
    assert done.output == b""


async def test_row_20_arguments_stay_arguments(jail: Jail, tmp_path: Path) -> None:
    hostile = ["$(touch owned)", "; touch owned", "--upload-pack=touch owned", "a\nb", "*", "`id`"]
    job = python(tmp_path, "import sys; print(sys.argv[1:])")
    job = type(job)(**{name: getattr(job, name) for name in job.__slots__} | {"arguments": (*job.arguments, *hostile)})
    assert (await jail.run(job)).output.decode().strip() == str(hostile)
    assert not (tmp_path / "owned").exists()
