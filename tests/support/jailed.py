"""Small programs to put into the jail: shell and Python scripts of the test's own."""

import sys
from pathlib import Path

import psutil

from bot.jail import Job, Limits, Program
from bot.model.noun import Digest

__all__ = ["gone", "python", "shell"]

INTERPRETER = Path(sys.executable).resolve()
LIBRARY = Path(sys.base_prefix).resolve()
ROOM = Limits()


def shell(folder: Path, script: str, limits: Limits = ROOM, **environment: str) -> Job:
    """`/bin/sh -c script` with `folder` as its scratch space."""
    program = Program(name="sh", path=Path("/bin/sh").resolve(), digest=Digest(""))
    helpers = tuple(
        Program(name=name, path=Path(f"/bin/{name}").resolve(), digest=Digest("")) for name in ("cat", "sleep", "ls")
    )
    return Job(
        program=program, arguments=("-c", script), folder=folder, scratch=folder, helpers=helpers, limits=limits,
        environment=environment,
    )  # fmt: skip


def python(folder: Path, code: str, limits: Limits = ROOM, stdin: bytes = b"", inputs: tuple[Path, ...] = ()) -> Job:
    """Python code with `folder` as its scratch space, and `inputs` beside Python's own library."""
    program = Program(name="python", path=INTERPRETER, digest=Digest(""))
    return Job(
        program=program, arguments=("-I", "-S", "-c", code), folder=folder, scratch=folder, inputs=(LIBRARY, *inputs),
        limits=limits, stdin=stdin,
    )  # fmt: skip


async def gone(process: psutil.Process) -> bool:
    """Whether a process has ended. One that was killed may need a moment for it."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
