"""System calls that Python has no function for, by number (x86_64 and aarch64)."""

import ctypes
import os
import platform
import signal

__all__ = ["MACHINE", "become_subreaper", "call", "die_with_parent", "no_new_privileges", "prctl"]

MACHINE = platform.machine()

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER = 1, 38, 36

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def call(number: int, *arguments: object) -> int:
    """`syscall(2)`. OSError: it failed."""
    result: int = _libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def prctl(option: int, *arguments: object) -> int:
    """`prctl(2)`. OSError: it failed."""
    padded = [*arguments, *[ctypes.c_ulong(0)] * (4 - len(arguments))]
    result: int = _libc.prctl(option, *padded)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))


def no_new_privileges() -> None:
    """Set-user-ID programs and file capabilities give nothing from here on; filters need it."""
    prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1))


def become_subreaper() -> None:
    """Orphans below this process become its children instead of init's, so that none escapes."""
    prctl(PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1))
