"""The filter, run as the kernel would run it: what it answers to each call, on both machines."""

import base64
import errno
import fcntl
import os
import platform
import struct
from collections.abc import Callable

import pytest
from seccompy.syscalls import AARCH64_SYSCALLS, AUDIT_ARCH_AARCH64, AUDIT_ARCH_X86_64, X86_64_SYSCALLS

from bot.jail.seccomp import REFUSED, made

Ask = Callable[..., str]
MACHINES = {"x86_64": (AUDIT_ARCH_X86_64, X86_64_SYSCALLS), "aarch64": (AUDIT_ARCH_AARCH64, AARCH64_SYSCALLS)}
LOAD, AND, JUMP, EQUAL, GREATER, AT_LEAST, RETURN = 0x20, 0x54, 0x05, 0x15, 0x25, 0x35, 0x06


def answered(code: bytes, machine: int, number: int, arguments: tuple[int, ...]) -> int:
    """The classic BPF of seccomp(2), over one `struct seccomp_data`."""
    data = struct.pack("<IIQ6Q", number, machine, 0, *arguments, *[0] * (6 - len(arguments)))
    at = value = 0
    while True:
        code_, yes, no, k = struct.unpack_from("<HBBI", code, at * 8)
        at += 1
        if code_ == RETURN:
            return int(k)
        if code_ == LOAD:
            (value,) = struct.unpack_from("<I", data, k)
        elif code_ == AND:
            value &= k
        elif code_ == JUMP:
            at += k
        else:
            test = {EQUAL: value == k, GREATER: value > k, AT_LEAST: value >= k}[code_]
            at += yes if test else no


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(platform, "machine", lambda: request.param)
    return str(request.param)


def asking(machine: str, landlock: int = 7) -> Ask:
    """A function from a call, by name or number, to `allow`, `kill` or an error's name."""
    code, (architecture, table) = base64.b64decode(made.__wrapped__(landlock)), MACHINES[machine]

    def ask(call: str | int, *arguments: int, architecture: int = architecture) -> str:
        result = answered(code, architecture, table[call] if isinstance(call, str) else call, arguments)
        known = {0x7FFF0000: "allow", 0x80000000: "kill"}
        return known[result] if result in known else errno.errorcode[result & 0xFFFF]

    return ask


def test_every_refused_call_is_refused_and_the_usual_ones_are_not(machine: str) -> None:
    ask, table = asking(machine), MACHINES[machine][1]
    assert {name: ask(name) for name in REFUSED.split() if name in table and ask(name) != "EPERM"} == {}
    for name in ("read", "write", "openat", "mmap", "execve", "exit_group", "futex", "rt_sigaction", "tgkill", "wait4"):
        assert ask(name) == "allow", name


def test_names_are_those_of_real_calls() -> None:
    assert {each for each in REFUSED.split() if each not in X86_64_SYSCALLS and each not in AARCH64_SYSCALLS} <= {
        "umount"
    }


def test_what_is_not_known_does_not_exist(machine: str) -> None:
    ask = asking(machine)
    assert [ask(number) for number in (1000, 41 | 0x40000000, 198 | 0x40000000, 0xFFFFFFFF)] == ["ENOSYS"] * 4
    assert ask("clone3") == "ENOSYS"


def test_another_machines_calls_kill(machine: str) -> None:
    assert asking(machine)("read", architecture=0x40000003) == "kill"


def test_processes_and_threads_are_made_but_no_namespaces(machine: str) -> None:
    ask = asking(machine)
    assert ask("clone", 0x003D0F00) == "allow"  # a thread of glibc
    for flag in (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert ask("clone", flag | 17) == "EPERM"


def test_only_what_is_its_own_is_changed(machine: str) -> None:
    ask = asking(machine)
    assert (ask("prlimit64", 0, 7), ask("prlimit64", 4242, 7), ask("prlimit64", 1 << 32, 7)) == (
        "allow",
        "EPERM",
        "EPERM",
    )
    assert (ask("sched_setaffinity", 0), ask("sched_setaffinity", 1)) == ("allow", "EPERM")
    assert (ask("setpriority", 0, 0), ask("setpriority", 2, 0), ask("setpriority", 0, 9)) == ("allow", "EPERM", "EPERM")


def test_it_holds_what_an_older_landlock_does_not(machine: str) -> None:
    new, old = asking(machine, landlock=6), asking(machine, landlock=2)
    assert (new("kill", 9), old("kill", 9), old("kill", 0), old("tgkill", 9)) == ("allow", "EPERM", "allow", "EPERM")
    assert (new("truncate"), old("truncate"), old("openat2"), new("openat2")) == ("allow", "EPERM", "ENOSYS", "allow")
    owning = (fcntl.F_SETOWN, 15, fcntl.F_SETOWN | 1 << 32, fcntl.F_SETFL)
    assert [old("fcntl", 3, each) for each in owning] == ["EPERM", "EPERM", "EPERM", "allow"]
    assert {new("fcntl", 3, each) for each in owning} == {"allow"}
    assert old("openat", 0, 0, os.O_TRUNC | os.O_RDONLY | os.O_CLOEXEC) == "EACCES"
    assert old("openat", 0, 0, os.O_TRUNC | os.O_WRONLY) == old("openat", 0, 0, os.O_RDONLY) == "allow"
    assert new("openat", 0, 0, os.O_TRUNC) == "allow"
