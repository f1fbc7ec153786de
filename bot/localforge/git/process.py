"""Running the `git` program: argv only, no configuration of the machine or its user, no hooks, no prompts."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["GitError", "environment", "run"]

SETTINGS = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.quotePath=false",
    "-c",
    "gc.auto=0",
    "-c",
    "protocol.ext.allow=never",
)


class GitError(Exception):
    """git ended with a status that was not expected."""

    def __init__(self, command: str, status: int, text: str) -> None:
        super().__init__(f"git {command} ended with {status}: {text.strip()}")
        self.status = status


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What git sees of the world."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        **(extra or {}),
    }


async def run(
    folder: Path,
    *arguments: str,
    stdin: bytes = b"",
    extra: Mapping[str, str] | None = None,
    expected: tuple[int, ...] = (0,),
) -> bytes:
    """What one git command prints, run in `folder`. GitError: its exit status is not one of `expected`."""
    process = await asyncio.create_subprocess_exec(
        "git",
        *SETTINGS,
        *arguments,
        cwd=folder,
        env=environment(extra),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(stdin)
    if process.returncode not in expected:
        raise GitError(arguments[0], process.returncode or 0, err.decode(errors="replace"))
    return out
