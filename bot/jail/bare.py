"""A run without a jail, on a system other than Linux: a session of its own, limits on time and output."""

import asyncio
import contextlib
import os
import signal
import time

from bot.errors import ProgramError
from bot.jail.job import Done, Job

__all__ = ["run"]

ERRORS_KEPT = 64 * 1024
CHUNK = 64 * 1024
PATIENCE = 5.0


async def run(job: Job) -> Done:
    """Run it to its end. ProgramError: it was stopped by a limit or a signal, or could not be started."""
    began, name = time.monotonic(), job.program.name
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            job.program.path, *job.arguments, cwd=job.folder, env=dict(job.environment), start_new_session=True,
            stdin=pipe, stdout=pipe, stderr=pipe,
        )  # fmt: skip
    except OSError as error:
        raise ProgramError(f"{name} could not be started: {error.strerror}") from None
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    output = asyncio.create_task(whole(process.stdout, name, job.limits.output))
    errors = asyncio.create_task(tail(process.stderr))
    given = asyncio.create_task(feed(process.stdin, job.stdin))
    try:
        async with asyncio.timeout(job.limits.seconds):
            await asyncio.gather(output, errors, given)
            status = await process.wait()
    except TimeoutError:
        raise ProgramError(f"{name} did not finish within {job.limits.seconds:g} s") from None
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        for each in (output, errors, given):
            each.cancel()
        await asyncio.gather(output, errors, given, return_exceptions=True)
        await cleared(process)
    if status < 0:
        raise ProgramError(f"{name} was stopped: signal {-status}")
    return Done(status=status, output=output.result(), errors=errors.result(), seconds=time.monotonic() - began)


async def cleared(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of a process that was killed, as long as nothing that outlives it holds its pipes.

    asyncio knows the end only when all pipes have come to theirs, and one that is full is not looked at any more.
    """
    assert process.stdout is not None and process.stderr is not None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(tail(process.stdout), tail(process.stderr), process.wait())


async def whole(stream: asyncio.StreamReader, name: str, limit: int) -> bytes:
    """All that comes. ProgramError: it is more than `limit` bytes."""
    found = bytearray()
    while chunk := await stream.read(CHUNK):
        found += chunk
        if len(found) > limit:
            raise ProgramError(f"{name} printed more than {limit} bytes")
    return bytes(found)


async def tail(stream: asyncio.StreamReader) -> bytes:
    """The end of what comes."""
    found = b""
    while chunk := await stream.read(CHUNK):
        found = (found + chunk)[-ERRORS_KEPT:]
    return found


async def feed(stream: asyncio.StreamWriter, data: bytes) -> None:
    """Write all that is wanted, and end."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stream.write(data)
        await stream.drain()
    stream.close()
