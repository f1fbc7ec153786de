"""What a child does to itself before it becomes the program: limits, rights, files, system calls."""

import math
import os
import resource
from collections.abc import Mapping
from typing import Any

from bot.jail import landlock, seccomp
from bot.jail.kernel import drop_privileges
from bot.jail.landlock import EXECUTE, READ, WRITE
from bot.jail.loading import executed

__all__ = ["confine", "missing"]

LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/nix/store")
HARMLESS = ("/usr/share/zoneinfo", "/etc/localtime", "/dev/urandom", "/dev/zero")
OPEN_FILES = 256
RESERVED = 1 << 30
"""Bytes of addresses beside the memory in use: Go reserves many that it never touches."""


def missing(landlock_abi: int, has_seccomp: bool) -> tuple[str, ...]:
    """What the kernel lacks for a whole jail, in words."""
    found = []
    if landlock_abi < 1:
        found.append("Landlock (Linux 5.13 or newer, with landlock among its security modules)")
    if not has_seccomp:
        found.append("seccomp filters (on x86_64 or aarch64)")
    return tuple(found)


def confine(job: Mapping[str, Any]) -> None:
    """Everything that can be done, in the order in which each step is still allowed. OSError: a step failed.

    `job` is a request of `launcher`; `landlock` is the version to use (0: none), `seccomp` the filter (empty: none).
    """
    limit(job["limits"])
    drop_privileges()
    if job["landlock"]:
        landlock.restrict(job["landlock"], rules(job))
    if job["seccomp"]:
        seccomp.install(job["seccomp"])


def limit(limits: Mapping[str, float]) -> None:
    """Resource limits of the process and of each of its children; for all together `watch` looks."""
    processor, memory, disk = max(1, math.ceil(limits["processor"])), int(limits["memory"]), int(limits["disk"])
    for kind, soft, hard in (
        (resource.RLIMIT_CPU, processor, processor + 1),
        (resource.RLIMIT_DATA, memory, memory),
        (resource.RLIMIT_AS, memory + RESERVED, memory + RESERVED),
        (resource.RLIMIT_FSIZE, disk, disk),
        (resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        _, most = resource.getrlimit(kind)
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(kind, (soft, hard))


def rules(job: Mapping[str, Any]) -> list[tuple[str, int]]:
    """What may be done where. Libraries are read: only what was named, and what starts it, is executed."""
    found = [(path, READ) for path in (*job["inputs"], *LIBRARIES, *HARMLESS)]
    found += [(path, READ | EXECUTE) for named in job["programs"] for path in executed(named)]
    found.append((os.devnull, READ | WRITE))
    if job["scratch"]:
        found.append((job["scratch"], WRITE))
    return found
