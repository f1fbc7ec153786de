"""One run of a program, from its request to how it ended."""

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from bot.errors import ProgramError
from bot.jail import bare, landlock, seccomp
from bot.jail.confine import missing
from bot.jail.job import Done, Job
from bot.jail.link import Link
from bot.jail.pipes import ERRORS_KEPT, Bounded, Tail, reading
from bot.model.forge import Diagnosis
from bot.model.noun import noun

__all__ = ["Jail", "Mechanisms", "mechanisms"]

LOOK_EVERY = 0.2
PATIENCE = 5.0
MOST_FILES = 200_000
LEAST_FREE = 64 * 1024 * 1024


@noun
class Mechanisms:
    """What the kernel offers: Landlock's version (0: none), and whether there are seccomp filters."""

    landlock: int
    seccomp: bool


def mechanisms() -> Mechanisms:
    """What this machine's kernel offers."""
    if sys.platform != "linux":
        return Mechanisms(landlock=0, seccomp=False)
    return Mechanisms(landlock=landlock.abi(), seccomp=seccomp.available())


class Jail:
    """Runs programs. `required`: a machine that cannot jail them runs none; `best-effort`: with what it has.

    Every run has its own session, an empty environment and no descriptors but its three and what it ends with.
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
        """Whether programs can be jailed here, for `/readyz`."""
        found = self._probe()
        lacks = missing(found.landlock, found.seccomp)
        detail = f"lacks {' and '.join(lacks)}" if lacks else f"Landlock {found.landlock}, seccomp"
        return Diagnosis(
            subject="jail", ok=not lacks, detail=detail, fix=REMEDY if lacks else "", needed=self.mode == "required"
        )

    async def run(self, job: Job) -> Done:
        """Run it to its end. ProgramError: it was stopped by a limit or a signal, or it could not be jailed."""
        request = self._request(job)
        if sys.platform != "linux":
            return await bare.run(job)
        began = time.monotonic()
        output, errors = Bounded(job.limits.output), Tail(ERRORS_KEPT)
        async with contextlib.AsyncExitStack() as stack:
            stdin = stack.enter_context(given(job.stdin))
            out, err = await reading(stack, output), await reading(stack, errors)
            running = await self._link.begin(request, (stdin, out.fileno(), err.fileno()))
            stack.push_async_callback(running.end)
            out.close()
            err.close()
            answer = await watched(job, running.answer, output)
            _, held = await asyncio.wait({output.ended, errors.ended}, timeout=PATIENCE)
            if held:
                raise ProgramError(f"{job.program.name} left a process behind that holds its output")
        if output.full:
            raise ProgramError(f"{job.program.name} printed more than {job.limits.output} bytes")
        return done(job, answer, output.data, errors.data, time.monotonic() - began)

    def _request(self, job: Job) -> dict[str, Any]:
        offered = self.offered()
        limits = {name: getattr(job.limits, name) for name in ("processor", "memory", "disk", "processes")}
        filter = seccomp.made(offered.landlock) if offered.seccomp else ""
        return {
            "program": str(job.program.path), "arguments": [job.program.name, *job.arguments],
            "environment": dict(job.environment), "folder": str(job.folder),
            "programs": [str(each.path) for each in (job.program, *job.helpers)],
            "inputs": [str(each) for each in job.inputs], "scratch": str(job.scratch) if job.scratch else "",
            "limits": limits, "landlock": offered.landlock, "seccomp": filter,
        }  # fmt: skip

    def close(self) -> None:
        """End the launcher; what still runs ends with it."""
        self._link.close()


REMEDY = "use a newer kernel, or set render.jail: best-effort where every change is trusted"


@contextlib.contextmanager
def given(data: bytes) -> Iterator[int]:
    """A descriptor that yields these bytes and then ends: nobody has to write while the program reads."""
    descriptor = os.memfd_create("stdin", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_WRITE)
        yield descriptor
    finally:
        os.close(descriptor)


async def watched(job: Job, answer: "asyncio.Future[dict[str, Any]]", output: Bounded) -> dict[str, Any]:
    """Wait for the end; stop it when a limit is passed that the kernel does not hold."""
    name, limits = job.program.name, job.limits
    until = time.monotonic() + limits.seconds
    while True:
        finished, _ = await asyncio.wait({answer}, timeout=min(LOOK_EVERY, max(0.0, until - time.monotonic())))
        if finished:
            return answer.result()
        if output.full:
            raise ProgramError(f"{name} printed more than {limits.output} bytes")
        if time.monotonic() >= until:
            raise ProgramError(f"{name} did not finish within {limits.seconds:g} s")
        if job.scratch is not None and (passed := await asyncio.to_thread(filled, job.scratch, limits.disk)):
            raise ProgramError(f"{name} {passed}")


def filled(folder: Path, limit: int) -> str:
    """What a program did to its scratch folder that it may not; empty: nothing."""
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < min(LEAST_FREE, disk.f_blocks * disk.f_frsize // 20):
        return "left too little space on the disk"  # files that were deleted and are open count here
    total = entries = 0
    for place, folders, files in os.walk(folder):
        entries += len(folders) + len(files)
        if entries > MOST_FILES:
            return f"made more than {MOST_FILES} files"
        for each in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, each)).st_blocks * 512
    return f"wrote more than {limit} bytes" if total > limit else ""


def done(job: Job, answer: dict[str, Any], output: bytes, errors: bytes, seconds: float) -> Done:
    """How it ended. ProgramError: not by itself."""
    name = job.program.name
    if error := answer.get("error"):
        raise ProgramError(f"{name} could not be started: {error}")
    if why := answer["stopped"] or answer["signal"]:
        raise ProgramError(f"{name} was stopped: {REASONS.get(why, f'signal {why}')}")
    return Done(status=answer["status"], output=output, errors=errors, seconds=seconds)


REASONS: dict[str | int, str] = {
    "processor": "it used up its processor time", signal.SIGXCPU: "it used up its processor time",
    "memory": "it used too much memory", "processes": "it started too many processes",
    signal.SIGXFSZ: "it wrote too large a file", signal.SIGKILL: "it was killed",
}  # fmt: skip
"""By the limit that was passed, or by the signal that ended it."""
