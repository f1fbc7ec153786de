"""Which system calls a jailed program may make. https://docs.kernel.org/userspace-api/seccomp_filter.html

Every call that is known by name is allowed but those below; one that is not known (of a newer kernel, or x86's x32
numbers) does not exist for the program. The filter is made by the server and installed by the child.
"""

import base64
import ctypes
import errno
import fcntl
import os
from functools import cache

from bot.jail.kernel import prctl

__all__ = ["available", "install", "made"]

REFUSED = """
socket socketpair connect accept accept4 bind listen
io_uring_setup io_uring_enter io_uring_register io_setup io_submit
ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp
pidfd_open pidfd_getfd pidfd_send_signal setsid setpgid
chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat file_setattr
utime utimes futimesat utimensat
setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat
mknod mknodat name_to_handle_at open_by_handle_at inotify_init inotify_init1 inotify_add_watch
fanotify_init fanotify_mark lookup_dcookie quotactl quotactl_fd acct sync
memfd_create memfd_secret shmget shmat shmctl semget semop semtimedop semctl msgget msgsnd msgrcv msgctl
mq_open mq_unlink
mount umount umount2 pivot_root chroot unshare setns open_tree open_tree_attr move_mount mount_setattr
fsopen fsconfig fsmount fspick statmount listmount listns swapon swapoff
bpf perf_event_open userfaultfd add_key request_key keyctl
sched_setscheduler sched_setparam sched_setattr ioprio_set migrate_pages move_pages
init_module finit_module delete_module create_module kexec_load kexec_file_load reboot syslog vhangup
settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname
iopl ioperm modify_ldt personality uselib nfsservctl _sysctl sysfs ustat uprobe uretprobe
lsm_set_self_attr
"""
"""Answered with EPERM, by name: what reaches the network, other processes, the kernel, memory that no limit counts, and
what Landlock leaves alone (modes, owners, times and attributes of any file, watching folders)."""

ABSENT = frozenset({"clone3"})
"""Answered with ENOSYS, so that callers fall back: its flags are behind a pointer, out of a filter's sight."""

NAMESPACES = 0x7E020080
"""CLONE_NEW* of `clone`: time, mount, cgroup, uts, ipc, user, pid and net."""

OWN_ONLY = {"prlimit64": (0,), "sched_setaffinity": (0,), "setpriority": (0, 1)}
"""Calls that may only be about the caller itself, and which arguments say so by being 0."""

SIGNALS_SCOPED_SINCE, TRUNCATION_SINCE = 6, 3
PR_SET_SECCOMP, MODE_FILTER = 22, 2
F_SETOWN_EX = 15


class Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def available() -> bool:
    """Whether the kernel has filters and this machine's calls are known by name."""
    from seccompy import UnsupportedError
    from seccompy.syscalls import audit_arch

    try:
        audit_arch()
        prctl(PR_SET_SECCOMP, ctypes.c_ulong(MODE_FILTER), ctypes.c_void_p(None))
    except UnsupportedError:
        return False
    except OSError as error:
        return error.errno == errno.EFAULT  # it would have taken a filter
    return False


@cache
def made(landlock: int) -> str:
    """The filter beside that version of Landlock (0: none), base64; it does what older versions cannot."""
    from seccompy import Action, CmpOp, Filter
    from seccompy.syscalls import AARCH64_SYSCALLS, X86_64_SYSCALLS, arch

    table = X86_64_SYSCALLS if arch() == "x86_64" else AARCH64_SYSCALLS
    refused, special = set(REFUSED.split()), {"clone", *OWN_ONLY, *ABSENT}
    filter = Filter(Action.ERRNO | errno.ENOSYS)
    filter.allow("clone", args=[(0, CmpOp.MASKED_EQ, 0, NAMESPACES)])
    filter.errno("clone", errno.EPERM)
    for name, arguments in OWN_ONLY.items():
        filter.allow(name, args=dict.fromkeys(arguments, 0))
        filter.errno(name, errno.EPERM)
    if landlock < SIGNALS_SCOPED_SINCE:
        # a signal to anybody but the own group might go to the server
        filter.allow("kill", args={0: 0})
        refused |= {"tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"}
        filter.errno("kill", errno.EPERM)
        for command in (fcntl.F_SETOWN, F_SETOWN_EX):  # whom the kernel signals when a descriptor is ready
            filter.errno("fcntl", errno.EPERM, args=[(1, CmpOp.MASKED_EQ, command, 0xFFFFFFFF)])
        special.add("kill")
    if landlock < TRUNCATION_SINCE:
        refused |= {"truncate", "truncate64"}
        special.add("openat2")
        for name, argument in (("open", 1), ("openat", 2)):
            if name in table:  # reading and truncating at once is asked for as reading
                filter.errno(
                    name, errno.EACCES, args=[(argument, CmpOp.MASKED_EQ, os.O_TRUNC, os.O_TRUNC | os.O_ACCMODE)]
                )
    numbers = {table[name] for name in refused if name in table}
    left = set(table.values()) - numbers - {table[name] for name in special if name in table}
    for number in sorted(numbers):
        filter.errno(number, errno.EPERM)
    for number in sorted(left):
        filter.allow(number)
    return base64.b64encode(filter.program).decode()


def install(filter: str) -> None:
    """Bind this process, and all that it executes, to a filter. OSError: the kernel refused."""
    code = base64.b64decode(filter)
    program = Program(len(code) // 8, code)
    prctl(PR_SET_SECCOMP, ctypes.c_ulong(MODE_FILTER), ctypes.byref(program))
