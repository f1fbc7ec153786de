"""One run of a program, from its request to how it ended."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal

from bot.errors import ProgramError
from bot.jail import landlock, seccomp
from bot.jail.confine import missing
from bot.jail.link import Link
from bot.jail.pipes import Bounded, Tail, reading
from bot.jail.program import Program
from bot.model.forge import Diagnosis
from bot.model.noun import noun

__all__ = ["Done", "Jail", "Job", "Limits", "Mechanisms", "mechanisms"]

ERRORS_KEPT = 64 * 1024
LOOK_EVERY = 0.2


@noun
class Limits:
    """What a run may use: wall time and processor time in seconds; memory, output and scratch space in bytes."""

    seconds: float = 30.0
    processor: float = 10.0
    memory: int = 1536 * 1024 * 1024
    output: int = 64 * 1024 * 1024
    disk: int = 256 * 1024 * 1024


@noun
class Job:
    """What to run. `inputs` are folders and files that it may read; `scratch` is a folder that it may write to.

    `helpers` are programs that it may execute. `folder` is where it starts. `environment` is all that it finds there.
    """

    program: Program
    arguments: tuple[str, ...]
    folder: Path
    inputs: tuple[Path, ...] = ()
    scratch: Path | None = None
    helpers: tuple[Program, ...] = ()
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


@noun
class Mechanisms:
    """What the kernel offers: Landlock's version (0: none), and whether there are seccomp filters."""

    landlock: int
    seccomp: bool


def mechanisms() -> Mechanisms:
    """What this machine's kernel offers."""
    return Mechanisms(landlock=landlock.abi(), seccomp=seccomp.available())


class Jail:
    """Runs programs. `required`: a machine that cannot jail them runs none; `best-effort`: with what it has.

    Every run has its own session, an empty environment and no descriptors but its three; it ends with the server.
    """

    def __init__(
        self,
        mode: Literal["required", "best-effort"] = "required",
        probe: Callable[[], Mechanisms] = mechanisms,
    ) -> None:
        self.mode = mode
        self._probe = probe
        self._offered: Mechanisms | None = None
        self._link = Link()

    def offered(self) -> Mechanisms:
        """What the kernel offers. ProgramError: too little, and a jail is required."""
        if self._offered is None:
            found = self._probe()
            if lacks := missing(found.landlock, found.seccomp):
                words = " and ".join(lacks)
                if self.mode == "required":
                    raise ProgramError(f"this machine cannot jail programs: it lacks {words}; {REMEDY}")
                import structlog  # imported when it is needed: commands start quickly

                structlog.get_logger(__name__).warning("programs run without a whole jail", missing=words)
            self._offered = found
        return self._offered

    def diagnose(self) -> Diagnosis:
        """Whether programs can be jailed here, for readiness and `doctor`."""
        found = self._probe()
        lacks = missing(found.landlock, found.seccomp)
        detail = f"lacks {' and '.join(lacks)}" if lacks else f"Landlock {found.landlock}, seccomp"
        return Diagnosis(
            subject="jail", ok=not lacks, detail=detail, fix=REMEDY if lacks else "", needed=self.mode == "required"
        )

    async def run(self, job: Job) -> Done:
        """Run it to its end. ProgramError: it was stopped by a limit or a signal, or it could not be jailed."""
        request = self._request(job)
        began = time.monotonic()
        output, errors = Bounded(job.limits.output), Tail(ERRORS_KEPT)
        async with contextlib.AsyncExitStack() as stack:
            stdin = stack.enter_context(given(job.stdin))
            out, out_ended = await reading(stack, output)
            err, err_ended = await reading(stack, errors)
            running = asyncio.create_task(self._link.run(request, (stdin, out, err)))
            stack.push_async_callback(ended, running)
            await asyncio.sleep(0)  # the request is on its way with these descriptors: ours are no longer needed
            os.close(out)
            os.close(err)
            answer = await watched(job, running, output)
            await asyncio.gather(out_ended, err_ended)
        if output.full:
            raise ProgramError(f"{job.program.name} printed more than {job.limits.output} bytes")
        return done(job, answer, output.data, errors.data, time.monotonic() - began)

    def _request(self, job: Job) -> dict[str, Any]:
        offered = self.offered()
        limits = {"processor": job.limits.processor, "memory": job.limits.memory, "disk": job.limits.disk}
        return {
            "program": str(job.program.path), "arguments": [job.program.name, *job.arguments],
            "environment": dict(job.environment), "folder": str(job.folder),
            "programs": [str(each.path) for each in (job.program, *job.helpers)],
            "inputs": [str(each) for each in job.inputs], "scratch": str(job.scratch) if job.scratch else "",
            "limits": limits, "landlock": offered.landlock, "seccomp": offered.seccomp,
        }  # fmt: skip

    def close(self) -> None:
        """End the launcher; what still runs ends with it."""
        self._link.close()


REMEDY = "use a newer kernel, or set render.jail: best-effort where every change is trusted"


@contextlib.contextmanager
def given(data: bytes) -> Any:
    """A descriptor that yields these bytes and then ends: nobody has to write while the program reads."""
    descriptor = os.memfd_create("stdin", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


async def ended(running: "asyncio.Task[dict[str, Any]]") -> None:
    """Leave no run behind, whatever happened."""
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def watched(job: Job, running: "asyncio.Task[dict[str, Any]]", output: Bounded) -> dict[str, Any]:
    """Wait for the end; stop it when a limit is passed that the kernel does not hold."""
    name, limits = job.program.name, job.limits
    until = time.monotonic() + limits.seconds
    while True:
        finished, _ = await asyncio.wait({running}, timeout=min(LOOK_EVERY, max(0.0, until - time.monotonic())))
        if finished:
            return running.result()
        if output.full:
            raise ProgramError(f"{name} printed more than {limits.output} bytes")
        if time.monotonic() >= until:
            raise ProgramError(f"{name} did not finish within {limits.seconds:g} s")
        if job.scratch is not None and await asyncio.to_thread(size, job.scratch) > limits.disk:
            raise ProgramError(f"{name} wrote more than {limits.disk} bytes")


def size(folder: Path) -> int:
    """Bytes that the files below a folder take."""
    total = 0
    for place, _, files in os.walk(folder):
        for each in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, each)).st_blocks * 512
    return total


def done(job: Job, answer: dict[str, Any], output: bytes, errors: bytes, seconds: float) -> Done:
    """How it ended. ProgramError: not by itself."""
    name = job.program.name
    if error := answer.get("error"):
        raise ProgramError(f"{name} could not be started: {error}")
    if answer["signal"]:
        raise ProgramError(f"{name} was stopped: {REASONS.get(answer['signal'], 'signal ' + str(answer['signal']))}")
    return Done(status=answer["status"], output=output, errors=errors, seconds=seconds)


REASONS = {24: "it used up its processor time", 25: "it wrote too large a file", 9: "it was killed"}
