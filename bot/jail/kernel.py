"""System calls that Python has no function for."""

import contextlib
import ctypes
import fcntl
import os
import signal
import sys

__all__ = [
    "become_subreaper", "call", "drop_privileges", "end_group_with", "end_with_parent", "prctl", "tell_of_parents_end",
]  # fmt: skip

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER, PR_SET_SECUREBITS = 1, 38, 36, 28
NOROOT, NOROOT_LOCKED = 1, 2

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


def tell_of_parents_end(number: int) -> None:
    """Have the kernel send a signal to this process when the thread that started it ends."""
    prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(number))


def end_with_parent() -> None:
    """End this process, whatever it does, when the thread that started it ends; only Linux has this."""
    if sys.platform == "linux":
        tell_of_parents_end(signal.SIGKILL)


def end_group_with(descriptor: int) -> None:
    """Have the kernel kill all of this process's group when the last writer of this pipe ends; nobody may write to it.

    That holds as long as one process has the descriptor open, as those that the group starts do. Source: fcntl(2),
    "Signal-driven I/O".
    """
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_ASYNC)


def drop_privileges() -> None:
    """From the next program on: set-user-ID and file capabilities give nothing, and root has no capability either."""
    with contextlib.suppress(PermissionError):  # who may not say so has no capabilities to lose
        prctl(PR_SET_SECUREBITS, ctypes.c_ulong(NOROOT | NOROOT_LOCKED))
    prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1))


def become_subreaper() -> None:
    """Orphans below this process become its children instead of init's, so that none escapes."""
    prctl(PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1))
