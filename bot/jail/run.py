"""One run of a program."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Literal

from bot.errors import ProgramError
from bot.jail.program import Program
from bot.model.noun import noun

__all__ = ["Done", "Jail", "Job", "Limits"]


@noun
class Limits:
    """What a run may use: wall time in seconds, processor time in seconds, memory and output in bytes."""

    seconds: float = 30.0
    processor: float = 10.0
    memory: int = 1536 * 1024 * 1024
    output: int = 64 * 1024 * 1024


@noun
class Job:
    """What to run. `inputs` are folders and files that it may read; `scratch` is a folder that it may write to.

    `folder` is where it starts. `environment` is all that it finds in its environment.
    """

    program: Program
    arguments: tuple[str, ...]
    folder: Path
    inputs: tuple[Path, ...] = ()
    scratch: Path | None = None
    stdin: bytes = field(default=b"", repr=False)
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = Limits()


@noun
class Done:
    """How a run ended by itself: exit status, standard output and standard error (its end, at most 64 KiB)."""

    status: int
    output: bytes = field(repr=False)
    errors: bytes = field(repr=False)
    seconds: float


class Jail:
    """Runs programs. `required`: a machine that cannot jail them runs none; `best-effort`: it runs them as they are."""

    def __init__(self, mode: Literal["required", "best-effort"] = "required") -> None:
        self.mode = mode

    async def run(self, job: Job) -> Done:
        """Run it to its end. ProgramError: it was stopped by a limit or a signal, or it could not be jailed."""
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            job.program.path, *job.arguments, cwd=job.folder, env=dict(job.environment),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(job.limits.seconds):
                output, errors = await process.communicate(job.stdin)
        except TimeoutError:
            raise ProgramError(f"{job.program.name} did not finish within {job.limits.seconds:.0f} s") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        status = process.returncode or 0
        if status < 0:
            raise ProgramError(f"{job.program.name} was ended by signal {-status}")
        return Done(status=status, output=output, errors=errors[-65536:], seconds=time.monotonic() - began)
