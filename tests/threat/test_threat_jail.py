"""What a hostile program finds in the jail: its inputs, its scratch folder, and nothing else."""

import asyncio
import os
import platform
import secrets
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from seccompy.syscalls import syscall_nr

from bot.errors import ProgramError
from bot.jail import Done, Jail, Job, Limits, locate
from bot.jail.loading import executed
from bot.jail.run import Mechanisms
from tests.support.jailed import python, shell
from tests.support.programs import program


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
    job = python(scratch, f"print(open('{inputs}/file').read())", inputs=(inputs,))
    assert (await jail.run(job)).output == b"inputs\n"
    for code in (
        f"open('{inputs}/file', 'w')", f"open('{inputs}/new', 'w')", f"os.unlink('{inputs}/file')",
        f"open('{other}/file').read()", f"os.symlink('{other}/file', 'link'); open('link').read()",
        f"os.rename('{inputs}/file', 'mine')", f"os.link('{other}/file', 'mine')", f"os.truncate('{inputs}/file', 0)",
    ):  # fmt: skip
        job = python(scratch, attempt(code), inputs=(inputs,))
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


def call(name: str, *arguments: object) -> str:
    """Code that makes a system call by its name."""
    words = ", ".join(str(each) for each in (syscall_nr(name), *arguments))
    return (
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        f"if libc.syscall({words}) < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))"
    )


@pytest.mark.parametrize(
    "code",
    [
        call("unshare", 0x10000000),
        call("clone", 0x10000000 | 17, 0, 0, 0, 0),
        call("clone3", 0, 0),
        call("ptrace", 16, "os.getppid()", 0, 0),
        call("pidfd_open", "os.getppid()", 0),
        call("process_vm_readv", "os.getppid()", 0, 0, 0, 0, 0),
        call("bpf", 0, 0, 0),
        call("keyctl", 0, -3, 1),
        call("userfaultfd", 1),
        call("io_uring_setup", 1, "ctypes.create_string_buffer(200)"),
        call("perf_event_open", 0, 0, 0, 0, 0),
        call("mount", "b'none'", "b'.'", "b'tmpfs'", 0, 0),
        call("name_to_handle_at", -100, "b'/'", "bytes(200)", "bytes(8)", 0),
        call("memfd_create", "b'x'", 0),
        call("shmget", 0, 4096, 0o1600),
        call("inotify_init1", 0),
        call("syslog", 3, "bytes(100)", 100),
        "os.mknod('device', 0o60660, os.makedev(8, 0))",
        "os.chroot('.')",
        "os.setsid()",
        "socket.sethostname('x')",
        "os.kill(os.getppid(), 0)",
        "os.kill(SERVER, 0)",
        "import resource; resource.prlimit(SERVER, resource.RLIMIT_CORE)",
        "os.sched_setaffinity(SERVER, [0])",
        "os.setpriority(os.PRIO_PROCESS, SERVER, 0)",
    ],
)
async def test_row_54_other_processes_and_the_kernel_are_out_of_reach(jail: Jail, tmp_path: Path, code: str) -> None:
    done = await jail.run(python(tmp_path, attempt(code.replace("SERVER", str(os.getpid())))))
    assert done.output.strip() in (b"Operation not permitted", b"Function not implemented"), done.errors


@pytest.mark.skipif(platform.machine() != "x86_64", reason="x32 calls are x86_64's")
async def test_row_66_no_socket_can_be_made_by_another_number_of_the_same_call(jail: Jail, tmp_path: Path) -> None:
    code = call("socket", 2, 1, 0).replace(f"({syscall_nr('socket')}, ", f"({syscall_nr('socket') | 0x40000000}, ")
    assert (await jail.run(python(tmp_path, attempt(code)))).output.strip() == b"Function not implemented"


@pytest.mark.parametrize(
    "change",
    [
        "os.chmod('{0}', 0o777)", "os.chown('{0}', -1, -1)", "os.utime('{0}', (1, 1))",
        "os.setxattr('{0}', 'user.a', b'b')", "os.fchmod(os.open('{1}', os.O_RDONLY), 0)", "os.truncate('{0}', 0)",
    ],
)  # fmt: skip
async def test_row_54_modes_owners_and_times_of_files_are_left_alone(jail: Jail, tmp_path: Path, change: str) -> None:
    scratch, other, inputs = tmp_path / "scratch", tmp_path / "other", tmp_path / "inputs"
    scratch.mkdir()
    for each in (other, inputs):
        each.write_text("x")
    before = [os.stat(each) for each in (other, inputs)]
    job = python(scratch, attempt(change.format(other, inputs)), inputs=(inputs,))
    assert (await jail.run(job)).output.strip() in (b"Operation not permitted", b"Permission denied")
    after = [os.stat(each) for each in (other, inputs)]
    assert [(each.st_mode, each.st_mtime, each.st_size) for each in after] == [
        (each.st_mode, each.st_mtime, each.st_size) for each in before
    ]


@pytest.mark.parametrize(
    "code",
    [
        "os.open('{0}', os.O_RDONLY | os.O_TRUNC)", "os.truncate('{0}', 0)", "os.truncate('{1}', 0)",
        "os.kill({2}, 0)", "import threading, signal; signal.pthread_kill(threading.get_ident(), 0)",
        "import socket; socket.socket()", "import fcntl; fcntl.fcntl(os.pipe()[0], fcntl.F_SETOWN, {2})",
        "import fcntl, struct; fcntl.fcntl(os.pipe()[0], 15, struct.pack('ii', 1, {2}))",
    ],
)  # fmt: skip
async def test_row_54_what_an_older_kernel_cannot_hold_is_held_by_the_filter(tmp_path: Path, code: str) -> None:
    jail = Jail("required", lambda: Mechanisms(landlock=1, seccomp=True))
    scratch, inputs, other = tmp_path / "scratch", tmp_path / "inputs", tmp_path / "other"
    scratch.mkdir()
    for each in (inputs, other):
        each.write_text("kept")
    job = python(scratch, attempt(code.format(inputs, other, os.getpid())), inputs=(inputs,))
    assert (await jail.run(job)).output.strip() in (b"Operation not permitted", b"Permission denied")
    assert (inputs.read_text(), other.read_text()) == ("kept", "kept")
    jail.close()


async def test_row_54_the_superuser_has_no_capability_in_there(jail: Jail, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only the superuser has capabilities to lose")
    code = "header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()\n"
    code += call("capget", "header", "data") + "\nprint(list(data)[:2], list(data)[3:5])"
    assert (await jail.run(python(tmp_path, attempt(code)))).output.splitlines()[0] == b"[0, 0] [0, 0]"


async def test_row_54_only_named_programs_can_be_executed(jail: Jail, tmp_path: Path) -> None:
    (tmp_path / "own").write_text("#!/bin/sh\necho ran\n")
    (tmp_path / "own").chmod(0o755)
    libraries = (each for each in sorted(Path("/usr/lib").glob("*/*")) if os.access(each, os.X_OK) and each.is_file())
    inside = next(each for each in libraries if len(executed(str(each))) == 2 and each.read_bytes()[:4] == b"\x7fELF")
    done = await jail.run(shell(tmp_path, f"./own; /usr/bin/env echo ran; {inside}; cat /dev/null && echo cat"))
    assert done.output == b"cat\n"
    for each in ("./own", "/usr/bin/env", inside):
        assert f"{each}: Permission denied".encode() in done.errors


async def test_row_54_nobody_gains_anything_from_a_set_user_id_program() -> None:
    """As somebody other than root, with a `id` that belongs to root and says so outside the jail."""
    if os.geteuid() != 0:
        pytest.skip("only the superuser can make such a program")
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        program = folder / "id"
        shutil.copy(shutil.which("id") or "", program)
        program.chmod(0o4755)
        scratch = folder / "scratch"
        scratch.mkdir()
        os.chown(scratch, NOBODY, NOBODY)
        answer = as_nobody([str(program), "-u"])
        if answer.stdout.strip() != "0":
            pytest.skip("set-user-ID programs have no effect on this file system")
        interpreter = next((each for each in INTERPRETERS if usable(each)), None)
        if interpreter is None:
            pytest.skip("there is no Python that somebody other than root may run with these packages")
        code = UNPRIVILEGED.format(path=PATHS, program=str(program), scratch=str(scratch))
        answer = as_nobody([interpreter, "-c", code])
    assert answer.stdout.splitlines() == [str(NOBODY), "Permission denied", "Operation not permitted"], answer.stderr


NOBODY = 65534
INTERPRETERS = [sys.executable, f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"]
PATHS = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1]), sysconfig.get_path("purelib")]
UNPRIVILEGED = """
import asyncio, sys
sys.path[:0] = {path}
from pathlib import Path
from bot.jail import Jail, Job, Program
from tests.support.jailed import python
async def main():
    jail, scratch = Jail(), Path({scratch!r})
    program = Program(name="id", path=Path({program!r}), digest="")
    print((await jail.run(Job(program=program, arguments=("-u",), folder=scratch))).output.decode().strip())
    for code in ("open('/etc/passwd')", "import socket; socket.socket()"):
        code = f"try: {{code}}\\nexcept OSError as e: print(e.strerror)"
        print((await jail.run(python(scratch, code))).output.decode().strip())
    jail.close()
asyncio.run(main())
"""


def as_nobody(command: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run a command as somebody without rights."""
    return subprocess.run(
        command, capture_output=True, text=True, user=NOBODY, group=NOBODY, extra_groups=[], cwd="/", check=False
    )


def usable(interpreter: str) -> bool:
    """Whether somebody without rights may run this Python with this server's packages."""
    try:
        return as_nobody([interpreter, "-c", f"import sys; sys.path[:0] = {PATHS}; import bot.jail"]).returncode == 0
    except OSError:
        return False


async def test_rows_27_and_65_kustomize_renders_in_there_with_little_memory(jail: Jail, tmp_path: Path) -> None:
    """Go reserves far more addresses than it uses: only what is used counts."""
    inputs, scratch = tmp_path / "inputs", tmp_path / "scratch"
    inputs.mkdir()
    scratch.mkdir()
    (inputs / "kustomization.yaml").write_text("resources: [a.yaml]\nnamePrefix: x-\n")
    (inputs / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    found = locate(str(program("kustomize")))
    assert found is not None
    job = Job(
        program=found, arguments=("build", "."), folder=inputs, inputs=(inputs,), scratch=scratch,
        limits=Limits(memory=320 * 1024 * 1024),
    )  # fmt: skip
    done = await jail.run(job)
    assert (done.status, b"name: x-a" in done.output) == (0, True), done.errors
    (inputs / "kustomization.yaml").write_text("resources: [http://127.0.0.1:9/base]\n")
    done = await jail.run(job)
    assert done.status != 0
    (inputs / "kustomization.yaml").write_text("resources: [/etc/passwd]\n")
    done = await jail.run(job)
    assert done.status != 0
    assert b"root:" not in done.output + done.errors


async def test_row_57_what_lies_in_the_shared_temporary_folder_is_not_read_or_written(
    jail: Jail, tmp_path: Path
) -> None:
    with tempfile.NamedTemporaryFile(dir="/tmp", prefix="osrcp-", suffix=".json") as planted:
        for code in (f"open({planted.name!r})", f"open({planted.name!r}, 'w')", "open('/tmp/osrcp-new.json', 'w')"):
            assert (await jail.run(python(tmp_path, attempt(code)))).output.strip() == b"Permission denied"


async def test_row_65_what_is_given_to_read_cannot_grow_in_memory(jail: Jail, tmp_path: Path) -> None:
    for code in ("os.write(0, b'x')", "os.ftruncate(0, 10**6)"):
        done = await jail.run(python(tmp_path, attempt(code), stdin=b"given"))
        assert done.output.strip() == b"Operation not permitted"


async def test_row_65_a_child_that_eats_everything_costs_only_itself(jail: Jail, tmp_path: Path) -> None:
    greedy = {
        "memory": ("x = bytearray(10**9)", Limits(memory=200_000_000)),
        "time": ("import time; time.sleep(600)", Limits(seconds=2)),
        "disk": ("open('big', 'wb').write(bytes(10**8))", Limits(disk=10**6)),
        "processes": (
            "import os, time\nfor _ in range(60): os.fork() or time.sleep(600)\ntime.sleep(600)",
            Limits(processes=8),
        ),
        "output": ("while True: print('x' * 9999)", Limits(output=10**6)),
    }
    for name in (*greedy, "fine"):
        (tmp_path / name).mkdir()
    jobs = [jail.run(python(tmp_path / name, *what)) for name, what in greedy.items()]
    *lost, fine = await asyncio.gather(
        *jobs, jail.run(python(tmp_path / "fine", "print('fine')")), return_exceptions=True
    )
    assert isinstance(fine, Done) and fine.output == b"fine\n"
    for name, result in zip(greedy, lost, strict=True):
        stopped = isinstance(result, ProgramError) or (isinstance(result, Done) and result.status != 0)
        assert stopped, (name, result)


async def test_row_54_no_descriptor_of_the_server_is_inherited(jail: Jail, tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w+b") as file:
        os.set_inheritable(file.fileno(), True)
        code = (
            "import os, fcntl\nfor n in range(3, 300):\n try: print(n, oct(os.fstat(n).st_mode), "
            "fcntl.fcntl(n, fcntl.F_GETFL) & os.O_ACCMODE)\n except OSError: pass"
        )
        done = await jail.run(python(tmp_path, code))
    assert done.output == b"3 0o10600 0\n"  # the reading end of the pipe that it ends with


async def test_row_20_arguments_stay_arguments(jail: Jail, tmp_path: Path) -> None:
    hostile = ["$(touch owned)", "; touch owned", "--upload-pack=touch owned", "a\nb", "*", "`id`"]
    job = python(tmp_path, "import sys; print(sys.argv[1:])")
    job = replace(job, arguments=(*job.arguments, *hostile))
    assert (await jail.run(job)).output.decode().strip() == str(hostile)
    assert not (tmp_path / "owned").exists()
