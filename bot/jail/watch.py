"""What the processes of each job use together; the kernel's own limits are for each process. Source: proc(5)."""

import contextlib
import os
from collections.abc import Mapping

__all__ = ["Usage", "exceeded", "used"]

Usage = tuple[int, int, float]
"""Processes, bytes in memory (what several share is counted for each), seconds of processor time."""

PAGE, TICK = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
SESSION, TIMES, RESIDENT = 3, slice(11, 15), 21
"""Fields of /proc/<pid>/stat behind the name: a job is a session, which no filtered program can leave."""


def used() -> dict[int, Usage]:
    """What every session of this machine uses."""
    found: dict[int, Usage] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else []:
        if name.isdigit():
            # it may have ended meanwhile, or be hidden since it is somebody else's
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
                processes, memory, seconds = found.get(session := int(fields[SESSION]), (0, 0, 0.0))
                memory += int(fields[RESIDENT]) * PAGE
                found[session] = (processes + 1, memory, seconds + sum(map(int, fields[TIMES])) / TICK)
    return found


def exceeded(usage: Usage, limits: Mapping[str, float]) -> str:
    """Which limit is passed: `processes`, `memory` or `processor`; empty: none."""
    names = ("processes", "memory", "processor")
    return next((name for name, value in zip(names, usage, strict=True) if value > limits[name]), "")
