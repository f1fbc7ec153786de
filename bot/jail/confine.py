"""What a child does to itself before it becomes the program: limits, rights, files, system calls."""

import math
import os
import resource
from collections.abc import Mapping
from typing import Any

from bot.jail import landlock, seccomp
from bot.jail.kernel import die_with_parent, no_new_privileges

__all__ = ["confine", "missing"]

LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/nix/store")
HARMLESS = ("/usr/share/zoneinfo", "/etc/localtime", "/dev/urandom", "/dev/zero")
OPEN_FILES = 256


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

    `job` is a request of `launcher`; `landlock` is the version to use (0: none), `seccomp` whether there are filters.
    """
    die_with_parent()
    limit(job["limits"])
    no_new_privileges()
    if job["landlock"]:
        landlock.restrict(job["landlock"], rules(job))
    if job["seccomp"]:
        seccomp.restrict()


def limit(limits: Mapping[str, float]) -> None:
    """Resource limits of the process and of each of its children."""
    processor = max(1, math.ceil(limits["processor"]))
    for kind, soft, hard in (
        (resource.RLIMIT_CPU, processor, processor + 1),
        (resource.RLIMIT_AS, int(limits["memory"]), int(limits["memory"])),
        (resource.RLIMIT_FSIZE, int(limits["disk"]), int(limits["disk"])),
        (resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        _, most = resource.getrlimit(kind)
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(kind, (soft, hard))


def rules(job: Mapping[str, Any]) -> list[tuple[str, int]]:
    """What may be done where."""
    found = [(path, landlock.RUN) for path in (*job["programs"], *LIBRARIES)]
    found += [(path, landlock.READ) for path in (*job["inputs"], *HARMLESS)]
    found += [(os.devnull, landlock.READ | landlock.WRITE)]
    if job["scratch"]:
        found.append((job["scratch"], landlock.WRITE))
    return found
