"""A program of the operator's: where it is, and the digest of its bytes."""

import hashlib
import os
import shutil
from dataclasses import field
from pathlib import Path

from bot.model.noun import Digest, noun

__all__ = ["Program", "is_current", "locate"]


@noun
class Program:
    """An executable file: its name for people, its absolute path, and `sha256:` of its bytes.

    `file` tells by inode, size and time whether it is still the one that was read.
    """

    name: str
    path: Path
    digest: Digest
    file: tuple[int, int, int] = field(default=(0, 0, 0), compare=False, repr=False)


def locate(name: str) -> Program | None:
    """The program of that name on PATH, or at that path; None where there is none."""
    found = shutil.which(name)
    if found is None:
        return None
    path = Path(found).resolve()
    with path.open("rb") as file:
        seen = os.fstat(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Program(name=path.name, path=path, digest=Digest(f"sha256:{digest}"), file=told_by(seen))


def is_current(name: str, program: Program) -> bool:
    """Whether that name still means this very file, as it was when it was located: an upgrade may come at any time."""
    found = shutil.which(name)
    try:
        return (
            found is not None and Path(found).resolve() == program.path and told_by(program.path.stat()) == program.file
        )
    except OSError:
        return False


def told_by(seen: os.stat_result) -> tuple[int, int, int]:
    """What tells a file from one that took its place."""
    return seen.st_ino, seen.st_size, seen.st_mtime_ns
