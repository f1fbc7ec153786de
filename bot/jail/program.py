"""A program of the operator's: where it is, and the digest of its bytes."""

import hashlib
import os
import shutil
from dataclasses import field
from pathlib import Path

from bot.model.noun import Digest, noun

__all__ = ["Program", "is_current", "locate", "relocated"]


@noun
class Program:
    """An executable file: its name for people, its absolute path, and `sha256:` of its bytes.

    `asked` is the name that it was located by; `file` tells by inode, size and time whether it is still the same.
    """

    name: str
    path: Path
    digest: Digest
    asked: str = field(default="", compare=False)
    file: tuple[int, int, int] = field(default=(0, 0, 0), compare=False, repr=False)


def locate(name: str) -> Program | None:
    """The program of that name on PATH, or at that path; None where there is none."""
    path = place_of(name)
    if path is None:
        return None
    with path.open("rb") as file:
        seen = os.fstat(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Program(name=path.name, path=path, digest=Digest(f"sha256:{digest}"), asked=name, file=told_by(seen))


def is_current(program: Program) -> bool:
    """Whether its name still means this very file, as it was when it was located: an upgrade may come at any time."""
    try:
        return place_of(program.asked) == program.path and told_by(program.path.stat()) == program.file
    except OSError:
        return False


def relocated(known: Program | None, *names: str) -> Program | None:
    """`known` as long as it is what it was; else the first program of those names, None where there is none."""
    if known is not None and is_current(known):
        return known
    return next((found for each in names if (found := locate(each))), None)


def place_of(name: str) -> Path | None:
    """Where the program of that name is, behind all links."""
    found = shutil.which(name)
    return Path(found).resolve() if found else None


def told_by(seen: os.stat_result) -> tuple[int, int, int]:
    """What tells a file from one that took its place."""
    return seen.st_ino, seen.st_size, seen.st_mtime_ns
