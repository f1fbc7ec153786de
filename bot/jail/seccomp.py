"""A seccomp filter that refuses sockets and what reaches past a jail. https://docs.kernel.org/userspace-api/seccomp_filter.html"""

import ctypes
import errno
import struct

from bot.jail.kernel import MACHINE, prctl

__all__ = ["available", "restrict"]

PR_GET_SECCOMP, PR_SET_SECCOMP, MODE_FILTER = 21, 22, 2
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32 = 0x40000000

REFUSED: dict[str, dict[str, int]] = {
    "x86_64": {
        "socket": 41, "connect": 42, "accept": 43, "bind": 49, "listen": 50, "socketpair": 53, "accept4": 288,
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "pidfd_getfd": 438,
        "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272, "setns": 308,
        "mknod": 133, "mknodat": 259, "name_to_handle_at": 303, "open_by_handle_at": 304, "bpf": 321,
        "perf_event_open": 298, "userfaultfd": 323, "add_key": 248, "request_key": 249, "keyctl": 250,
        "init_module": 175, "finit_module": 313, "delete_module": 176, "kexec_load": 246, "kexec_file_load": 320,
        "reboot": 169, "swapon": 167, "swapoff": 168, "settimeofday": 164, "clock_settime": 227,
    },
    "aarch64": {
        "socket": 198, "socketpair": 199, "bind": 200, "listen": 201, "accept": 202, "connect": 203, "accept4": 242,
        "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "pidfd_getfd": 438,
        "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "unshare": 97, "setns": 268,
        "mknodat": 33, "name_to_handle_at": 264, "open_by_handle_at": 265, "bpf": 280,
        "perf_event_open": 241, "userfaultfd": 282, "add_key": 217, "request_key": 218, "keyctl": 219,
        "init_module": 105, "finit_module": 273, "delete_module": 106, "kexec_load": 104, "kexec_file_load": 294,
        "reboot": 142, "swapon": 224, "swapoff": 225, "settimeofday": 170, "clock_settime": 112,
    },
}  # fmt: skip
"""System calls by machine (the kernel's `unistd` tables)."""

SINCE_5 = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442,
}  # fmt: skip
"""Those that have the same number on every machine."""

LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER_AT, ARCHITECTURE_AT = 0, 4


class Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def available() -> bool:
    """Whether the kernel has filters and this machine's table is known."""
    if MACHINE not in REFUSED:
        return False
    try:
        prctl(PR_GET_SECCOMP)
    except OSError:
        return False
    return True


def restrict() -> None:
    """Refuse the calls with EPERM from now on, also for all that is executed. OSError: the kernel refused."""
    code = assemble(MACHINE)
    program = Program(len(code) // 8, code)
    prctl(PR_SET_SECCOMP, ctypes.c_ulong(MODE_FILTER), ctypes.byref(program))


def assemble(machine: str) -> bytes:
    """The filter as classic BPF: another architecture's calls kill, refused ones answer EPERM, the rest is allowed."""
    numbers = sorted({*REFUSED[machine].values(), *SINCE_5.values()})
    count = len(numbers)
    lines = [(LOAD, 0, 0, ARCHITECTURE_AT), (EQUAL, 1, 0, ARCHITECTURES[machine]), (RETURN, 0, 0, KILL)]
    lines.append((LOAD, 0, 0, NUMBER_AT))
    if machine == "x86_64":
        lines.append((AT_LEAST, count + 1, 0, X32))
    lines += [(EQUAL, count - index, 0, number) for index, number in enumerate(numbers)]
    lines += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE | errno.EPERM)]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)
