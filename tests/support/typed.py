"""The command `tidegate` as a person types it, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

__all__ = ["tidegate"]


def tidegate(
    *arguments: str, cwd: Path, stdout: int | IO[str] = subprocess.PIPE, **environ: str
) -> subprocess.CompletedProcess[str]:
    """What became of it: the exit status, and what it said. `environ` is beside what is set already."""
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments], cwd=cwd, stdout=stdout, stderr=subprocess.PIPE, text=True,
        check=False, timeout=120, env={**os.environ, **environ},
    )  # fmt: skip
