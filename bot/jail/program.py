"""A program of the operator's: where it is, and the digest of its bytes."""

import hashlib
import shutil
from pathlib import Path

from bot.model.noun import Digest, noun

__all__ = ["Program", "locate"]


@noun
class Program:
    """An executable file: its name for people, its absolute path, and `sha256:` of its bytes."""

    name: str
    path: Path
    digest: Digest


def locate(name: str) -> Program | None:
    """The program of that name on PATH, or at that path; None where there is none."""
    found = shutil.which(name)
    if found is None:
        return None
    path = Path(found).resolve()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Program(name=path.name, path=path, digest=Digest(f"sha256:{digest}"))
