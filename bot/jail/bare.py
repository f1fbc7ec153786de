"""A run without a jail, on a system other than Linux: a session of its own, limits on time and output."""

import asyncio
import contextlib
import os
import signal
import time
from io import FileIO

from bot.errors import ProgramError
from bot.jail.job import Done, Job
from bot.jail.pipes import ERRORS_KEPT, Bounded, Tail, reading

__all__ = ["run"]


async def run(job: Job) -> Done:
    """Run it to its end. ProgramError: it was stopped by a limit or a signal, or could not be started."""
    began, name = time.monotonic(), job.program.name
    output, errors = Bounded(job.limits.output), Tail(ERRORS_KEPT)
    try:
        async with contextlib.AsyncExitStack() as stack, asyncio.timeout(job.limits.seconds):
            out, err = await reading(stack, output), await reading(stack, errors)
            process = await started(job, out, err)
            stack.push_async_callback(end, process)
            out.close()
            err.close()
            feeding = asyncio.create_task(feed(process, job.stdin))
            stack.callback(feeding.cancel)
            await output.ended
            if output.full:
                raise ProgramError(f"{name} printed more than {job.limits.output} bytes")
            await asyncio.gather(errors.ended, feeding)
            status = await process.wait()
    except TimeoutError:
        raise ProgramError(f"{name} did not finish within {job.limits.seconds:g} s") from None
    if status < 0:
        raise ProgramError(f"{name} was stopped: signal {-status}")
    return Done(status=status, output=output.data, errors=errors.data, seconds=time.monotonic() - began)


async def started(job: Job, out: FileIO, err: FileIO) -> asyncio.subprocess.Process:
    """The process. ProgramError: there is none.

    Its outputs are pipes of ours: asyncio waits for all of its own to end, and does not look at one that is full.
    """
    try:
        return await asyncio.create_subprocess_exec(
            job.program.path, *job.arguments, cwd=job.folder, env=dict(job.environment), start_new_session=True,
            stdin=asyncio.subprocess.PIPE, stdout=out, stderr=err,
        )  # fmt: skip
    except OSError as error:
        raise ProgramError(f"{job.program.name} could not be started: {error.strerror}") from None


async def end(process: asyncio.subprocess.Process) -> None:
    """End it with all that it started, whatever they do."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdin is not None:
        process.stdin.close()
    await process.wait()


async def feed(process: asyncio.subprocess.Process, data: bytes) -> None:
    """Write all that is wanted, and end."""
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()
