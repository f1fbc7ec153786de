"""The launcher: a small process that forks once per job, so that a jail costs no start of an interpreter.

It is started by `bot.jail.link` with one end of a socket, and speaks JSON, a message a packet:

    → {id, program, arguments, environment, folder, programs, inputs, scratch, limits, landlock, seccomp}
      with three descriptors: its standard input, output and error
    → {kill: id}
    ← {id, pid}, then {id, error} | {id, status, signal, stopped}

It ends, and every job with it, when the other end is closed.
"""

import contextlib
import fcntl
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any, NamedTuple

from bot.jail.confine import confine
from bot.jail.kernel import become_subreaper, end_group_with, tell_of_parents_end
from bot.jail.watch import exceeded, used

__all__ = ["LONGEST", "main"]

LONGEST = 192 * 1024
"""Bytes of a message; Linux's default limit of a packet is 208 KiB."""

LOOK_EVERY = 0.1
FAILED = 127
FREE_FROM = 5
"""The first number that no descriptor of a job has: its three, what it ends with, and what closes when it starts."""

DEFAULTS = (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ)
"""Signals that this process, or Python, handles or ignores; a program starts without that."""


class Child(NamedTuple):
    """A job that runs; `told` is a pipe that says why it could not be started. `stopped` gets the limit it passed.

    `held` is the end of a pipe with which all its processes end.
    """

    id: int
    told: int
    held: int
    limits: dict[str, float]
    stopped: list[str]


Children = dict[int, Child]


def main(descriptor: int) -> None:
    """Serve requests until the other end is closed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    tell_of_parents_end(signal.SIGTERM)
    become_subreaper()
    link = socket.socket(fileno=descriptor)
    wake, poke = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(poke, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # a child that collects would copy this process page by page
    children: Children = {}
    looked = time.monotonic()
    try:
        while True:
            ready, _, _ = select.select([descriptor, wake], [], [], LOOK_EVERY if children else None)
            if wake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake, 4096)
                reap(link, children)
            if descriptor in ready and not serve(link, children):
                break
            if children and time.monotonic() - looked >= LOOK_EVERY:
                look(children)
                looked = time.monotonic()
    finally:
        for pid in children:
            kill(pid)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, 0):
                pass


def serve(link: socket.socket, children: Children) -> bool:
    """Take one message; whether there is still somebody at the other end."""
    data, descriptors, _, _ = socket.recv_fds(link, LONGEST, 3)
    if not data:
        return False
    message = json.loads(data)
    if "kill" in message:
        for pid, child in children.items():
            if child.id == message["kill"]:
                kill(pid)
        return True
    (told, tell), (bound, held) = os.pipe2(os.O_CLOEXEC), os.pipe2(os.O_CLOEXEC)
    own = os.getpid()
    try:
        pid = os.fork()
    except OSError as error:
        os.close(told)
        os.close(held)
        answer(link, id=message["id"], error=os.strerror(error.errno or 0))
    else:
        if pid == 0:
            become(message, [*descriptors, bound], tell, own)
        children[pid] = Child(message["id"], told, held, message["limits"], [])
        answer(link, id=message["id"], pid=pid)
    finally:
        for each in (*descriptors, tell, bound):
            os.close(each)
    return True


def answer(link: socket.socket, **message: Any) -> None:
    """Tell the server, if it is still there: where it is not, that is seen when the next message is read."""
    with contextlib.suppress(OSError):
        link.send(json.dumps(message).encode())


def become(job: dict[str, Any], descriptors: list[int], tell: int, launcher: int) -> None:
    """In the child: take the job's descriptors, confine, execute. It never returns.

    The last descriptor is what all its processes end with.
    """
    try:
        os.setsid()
        tell_of_parents_end(signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        for each in DEFAULTS:
            signal.signal(each, signal.SIG_DFL)
        end_group_with(descriptors[-1])
        # first to numbers that none of them is to get
        high = [fcntl.fcntl(each, fcntl.F_DUPFD, FREE_FROM) for each in (*descriptors, tell)]
        tell = FREE_FROM - 1
        for target, source in enumerate(high):
            os.dup2(source, target, inheritable=target < tell)
        os.closerange(FREE_FROM, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") < 65536 else 65536)
        os.umask(0o077)
        os.chdir(job["folder"])
        confine(job)
        if os.getppid() == launcher:
            os.execve(job["program"], job["arguments"], job["environment"])
    except BaseException as error:  # whatever it is, this process must not go on as a second launcher
        with contextlib.suppress(OSError):
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else type(error).__name__
            os.write(tell, reason.encode())
    finally:
        os._exit(FAILED)


def reap(link: socket.socket, children: Children) -> None:
    """Tell of every job that ended, when all that it left behind has ended too."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            break
        if pid not in children:
            continue
        child = children.pop(pid)
        reason = os.read(child.told, 200).decode(errors="replace")
        os.close(child.told)
        os.close(child.held)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-pid, 0):  # orphans are ours, as subreaper
                pass
        if reason:
            answer(link, id=child.id, error=reason)
            continue
        ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        stopped = child.stopped[0] if child.stopped else ""
        answer(link, id=child.id, status=0 if ended else os.WEXITSTATUS(status), signal=ended, stopped=stopped)
    end_orphans(children)


def look(children: Children) -> None:
    """Kill each job whose processes use more together than it may."""
    usage = used()
    for pid, child in children.items():
        if pid in usage and (limit := exceeded(usage[pid], child.limits)):
            child.stopped.append(limit)
            kill(pid)


def end_orphans(children: Children) -> None:
    """Kill what lost its parent and left its session, as it can where there is no filter: it was reparented to us."""
    own = os.getpid()
    with contextlib.suppress(OSError), open(f"/proc/{own}/task/{own}/children") as file:
        for pid in map(int, file.read().split()):
            if pid not in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def kill(pid: int) -> None:
    """Kill a job with all of its group."""
    for send in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            send(pid, signal.SIGKILL)
