"""Running the `git` program: argv only, an environment of its own, time and output limits."""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.errors import InputError, TemporaryError, TreeError
from bot.model.noun import Sha

__all__ = [
    "ISOLATION",
    "GitFailed",
    "TooMuchOutput",
    "VersionTooOld",
    "commit_id",
    "require_version",
    "run",
    "with_header",
]

TIMEOUT = 120.0
FETCH_TIMEOUT = 3600.0
"""A first fetch brings a whole history, and begins anew if it is ended. One that stands still ends by lowSpeedTime."""

GRACE = 2.0
MAX_OUTPUT = 256 * 1024 * 1024
CHUNK = 256 * 1024
MINIMUM_VERSION = (2, 38)

ISOLATION: Mapping[str, str] = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "LC_ALL": "C.UTF-8",
}
"""What makes git deaf to the machine's and the user's configuration, and unable to ask anybody anything."""

PROTECTION = (
    "-c", "protocol.allow=never",
    "-c", "protocol.http.allow=always",
    "-c", "protocol.https.allow=always",
    "-c", "transfer.fsckObjects=true",
    "-c", "fetch.fsck.badTimezone=ignore",
    "-c", "fetch.fsck.missingSpaceBeforeDate=ignore",
    "-c", "fetch.fsck.zeroPaddedFilemode=ignore",
    "-c", "http.followRedirects=false",
    "-c", "http.lowSpeedLimit=1",
    "-c", "http.lowSpeedTime=120",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.attributesFile=/dev/null",
    "-c", "gc.auto=0",
    "-c", "core.fsync=committed,reference",
    "-c", "fetch.recurseSubmodules=false",
    "-c", "credential.helper=",
)  # fmt: skip
"""Objects are checked as they come in, but for what old programs wrote that forges took, and that harms nobody.

All that is written is on the disk before git ends: an object that a loss of power left empty is not written again.
"""


NO_GIT = "the program `git` was not found; install git 2.38 or newer"


class VersionTooOld(InputError):
    """The `git` program is missing or lacks `merge-tree --write-tree` (it came with 2.38)."""


class GitFailed(TemporaryError):
    """Git came to an end, with a status that tells of no success."""


class TooMuchOutput(TemporaryError):
    """git printed more than is read; it was ended."""


def commit_id(text: str) -> Sha:
    """`text` as a full commit id. InputError: anything else, so that nothing hostile becomes an argument.

    TreeError: it is one of a repository that is not read.
    """
    if re.fullmatch(r"[0-9a-f]{64}", text):
        raise TreeError("the repository names its objects by SHA-256, which is not supported yet; use one of SHA-1")
    if not re.fullmatch(r"[0-9a-f]{40}", text):
        raise InputError(f"{text[:60]!r} is not a full commit id (40 hexadecimal digits)")
    return Sha(text)


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a git child: nothing of ours but PATH and the trust store."""
    passed = ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "TMPDIR")
    return {**{k: os.environ[k] for k in passed if k in os.environ}, **ISOLATION, "HOME": os.devnull, **extra}


def with_header(authorization: str) -> dict[str, str]:
    """For `extra`: what has git send an `Authorization` header. It travels in the environment, never in argv."""
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: {authorization}",
    }


async def run(
    arguments: Sequence[str],
    *,
    folder: Path,
    input: bytes = b"",
    extra: Mapping[str, str] | None = None,
    accept: tuple[int, ...] = (0,),
    records: int | None = None,
) -> tuple[int, bytes]:
    """Run git in the bare repository `folder`; (exit status, standard output).

    GitFailed: it ended with a status outside `accept`. TemporaryError: it did not finish in time. TooMuchOutput: it
    printed more than MAX_OUTPUT bytes, or than `records` that end with NUL. VersionTooOld: there is no such program.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            "git", *PROTECTION, f"--git-dir={folder}", *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment(extra or {}),
            start_new_session=True,
        )  # fmt: skip
    except FileNotFoundError:
        raise VersionTooOld(NO_GIT) from None
    seconds = FETCH_TIMEOUT if arguments[0] == "fetch" else TIMEOUT
    try:
        async with asyncio.timeout(seconds):
            output, errors = await talk(process, input, records)
    except BaseException as error:
        await end(process)
        if isinstance(error, TimeoutError):
            raise TemporaryError(f"git {arguments[0]} did not finish within {seconds:.0f} s") from None
        raise
    status = process.returncode or 0
    if status not in accept:
        raise GitFailed(f"git {arguments[0]} failed with status {status}: {summary(errors)}")
    return status, output


async def end(process: asyncio.subprocess.Process) -> None:
    """End a git that runs, with the programs that it started: what talks to a server may wait for it for ever.

    Asked first, git takes its locks and unfinished files away.
    """
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await process.wait()
                return


async def talk(process: asyncio.subprocess.Process, input: bytes, records: int | None) -> tuple[bytes, bytes]:
    """Give the input and take what is printed, both at once: (standard output, errors). TooMuchOutput: see `run`."""
    assert process.stdin and process.stdout and process.stderr  # all three are pipes
    _, output, errors = await asyncio.gather(
        give(process.stdin, input), take(process.stdout, records), take(process.stderr, None)
    )
    await process.wait()
    return output, errors


async def give(stream: asyncio.StreamWriter, input: bytes) -> None:
    """Write all of it, as far as it is wanted."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stream.write(input)
        await stream.drain()
    stream.close()


async def take(stream: asyncio.StreamReader, records: int | None) -> bytes:
    """Everything up to the end. TooMuchOutput: it goes on for longer than it may."""
    taken, ends = bytearray(), 0
    while chunk := await stream.read(CHUNK):
        taken += chunk
        ends += chunk.count(b"\0")
        if len(taken) > MAX_OUTPUT or (records is not None and ends > records):
            raise TooMuchOutput("git printed more than is read")
    return bytes(taken)


def summary(errors: bytes) -> str:
    """The first line that git calls an error, for what follows comes of it, or its last line; short and printable."""
    lines = [line for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    told = next(
        (line for line in lines if line.startswith(("error: ", "fatal: "))), lines[-1] if lines else "no message"
    )
    return "".join(c if c.isprintable() else "?" for c in told)[:300]


async def require_version() -> str:
    """The version of the `git` program. VersionTooOld: none, or one before 2.38."""
    try:
        process = await asyncio.create_subprocess_exec(
            "git", "version", stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL, env=environment({})
        )
    except FileNotFoundError:
        raise VersionTooOld(NO_GIT) from None
    output, _ = await process.communicate()
    found = re.search(rb"(\d+)\.(\d+)\S*", output)
    if found is None or (int(found[1]), int(found[2])) < MINIMUM_VERSION:
        raise VersionTooOld(f"{output.decode(errors='replace').strip()!r} is too old; install git 2.38 or newer")
    return found[0].decode()
