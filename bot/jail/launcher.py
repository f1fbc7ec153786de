"""The launcher: a small process that forks once per job, so that a jail costs no start of an interpreter.

It is started by `bot.jail.link` with one end of a socket as its descriptor 3, and speaks JSON, a message a packet:

    → {id, program, arguments, environment, folder, programs, inputs, scratch, limits, landlock, seccomp}
      with three descriptors: its standard input, output and error
    → {kill: id}
    ← {id, error} | {id, status, signal}

It ends, and every job with it, when the other end is closed.
"""

import contextlib
import json
import os
import select
import signal
import socket
from typing import Any

from bot.jail.confine import confine
from bot.jail.kernel import become_subreaper, die_with_parent

__all__ = ["LONGEST", "main"]

LONGEST = 192 * 1024
"""Bytes of a message; Linux's default limit of a packet is 208 KiB."""

FAILED = 127
Children = dict[int, tuple[int, int]]


def main(descriptor: int) -> None:
    """Serve requests until the other end is closed."""
    die_with_parent()
    become_subreaper()
    link = socket.socket(fileno=descriptor)
    wake, poke = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(poke, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    children: Children = {}
    while True:
        ready, _, _ = select.select([link.fileno(), wake], [], [])
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 4096)
            reap(link, children)
        if link.fileno() in ready and not serve(link, children):
            break
    for pid in children:
        kill(pid)


def serve(link: socket.socket, children: Children) -> bool:
    """Take one message; whether there is still somebody at the other end."""
    data, descriptors, _, _ = socket.recv_fds(link, LONGEST, 3)
    if not data:
        return False
    message = json.loads(data)
    if "kill" in message:
        for pid, (id, _) in children.items():
            if id == message["kill"]:
                kill(pid)
        return True
    told, tell = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        become(message, descriptors, tell)
    for each in (*descriptors, tell):
        os.close(each)
    children[pid] = (message["id"], told)
    return True


def become(job: dict[str, Any], descriptors: list[int], tell: int) -> None:
    """In the child: take the job's descriptors, confine, execute. It never returns."""
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for each in (signal.SIGCHLD, signal.SIGINT, signal.SIGPIPE):
            signal.signal(each, signal.SIG_DFL)
        high = os.dup(tell)  # not one of the first three, which are replaced now
        for target, source in enumerate(descriptors):
            os.dup2(source, target)
        os.dup2(high, 3, inheritable=False)
        os.closerange(4, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") < 65536 else 65536)
        tell = 3
        os.chdir(job["folder"])
        confine(job)
        os.execve(job["program"], job["arguments"], job["environment"])
    except BaseException as error:  # whatever it is, this process must not go on as a second launcher
        with contextlib.suppress(OSError):
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else type(error).__name__
            os.write(tell, reason.encode())
    finally:
        os._exit(FAILED)


def reap(link: socket.socket, children: Children) -> None:
    """Tell of every job that ended, and end what it left behind."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            break
        if pid not in children:
            continue
        id, told = children.pop(pid)
        reason = os.read(told, 200).decode(errors="replace")
        os.close(told)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        answer: dict[str, Any] = {"id": id, "error": reason}
        if not reason:
            ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
            answer = {"id": id, "status": os.WEXITSTATUS(status) if not ended else 0, "signal": ended}
        link.send(json.dumps(answer).encode())
    end_orphans(children)


def end_orphans(children: Children) -> None:
    """Kill what lost its parent and left its group: it was reparented to us, and no job is its own grandchild."""
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
