"""The server as a process of its own: started, watched, started again when it dies, its log told in plain words."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from bot.report.changes import plural

__all__ = ["LONGEST_LINE", "Process", "Server", "launch", "surroundings"]

Say = Callable[[str], None]

WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "serving": lambda e: f"the server is up (process {e['pid']})",
    "stopping": lambda _: "the server stops",
    "command": lambda e: f"{e['by']} typed `{e['text']}`: {'accepted' if e['accepted'] else 'refused'}",
    "told": lambda e: f"pull request {e['pull'].rpartition('#')[2]}: {e['title']} ({e['seconds']} s)",
    "applying": lambda e: (
        f"{name(e)}: {'putting back' if e['repair'] else 'applying'} {plural(e['changes'], 'change')}"
    ),
    "applied": lambda e: (
        f"{name(e)}: {'drift reverted' if e['repair'] else 'applied'}, {plural(e['objects'], 'object')}, "
        f"{e['health']} ({e['seconds']} s)"
    ),
    "base moved": lambda e: f"the base branch is at {e['base'][:7]}",
    "work failed": lambda e: f"{e['key']}: {e['error']} (again in {e['again_in']} s)",
    "webhook refused": lambda e: f"a webhook was refused with {e['status']}: {e['reason']}",
}
LONGEST_LINE = 2**20


def name(event: dict[str, Any]) -> str:
    """An environment's short name."""
    return str(event["environment"]).rpartition("/")[2]


class Process(Protocol):
    """A running server, as `asyncio.subprocess.Process` has it; its log is its standard error."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    @property
    def stderr(self) -> asyncio.StreamReader | None: ...
    async def wait(self) -> int: ...
    def terminate(self) -> None: ...


async def launch(config: Path) -> Process:
    """`tidegate serve` by the same interpreter, in a session of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", "serve", "--config", str(config),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        env=surroundings(), start_new_session=True, limit=LONGEST_LINE,
    )  # fmt: skip


def surroundings() -> dict[str, str]:
    """The environment of a server: this process', without its own settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TIDEGATE_")}


class Server:
    """`tidegate serve` under watch. `pid_file` always names the running process."""

    def __init__(self, config: Path, pid_file: Path, say: Say) -> None:
        self.config, self.pid_file, self.say = config, pid_file, say
        self.log = config.parent / "server.log"
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._titles: dict[str, str] = {}

    async def start(self) -> None:
        """Start it and keep it running."""
        await self._spawn()
        self._task = asyncio.create_task(self._watch())

    async def _spawn(self) -> None:
        self._process = await launch(self.config)
        self.pid_file.write_text(str(self._process.pid))

    async def _watch(self) -> None:
        while True:
            assert self._process is not None
            await self._tell(self._process)
            status = await self._process.wait()
            if self._stopping:
                return
            if status > 0:
                self.say(f"the server ended with status {status}; its log is {self.log}")
                return
            ended = "ended with status 0" if status == 0 else f"was killed by signal {-status}"
            self.say(f"the server {ended}; starting it again")
            await self._spawn()

    async def _tell(self, process: Process) -> None:
        assert process.stderr is not None
        with self.log.open("ab") as log:
            async for line in process.stderr:
                log.write(line)
                log.flush()
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    self._told(json.loads(line))

    def _told(self, event: dict[str, Any]) -> None:
        word = WORDS.get(event["event"])
        if event["event"] == "told":
            # a pull request is looked at again and again; what is the same as before would push the rest off the screen
            if self._titles.get(event["pull"]) == event["title"]:
                return
            self._titles[event["pull"]] = event["title"]
        if word is not None:
            at = datetime.fromisoformat(event["timestamp"]).astimezone()
            self.say(f"{at:%H:%M:%S} {word(event)}")

    async def stop(self) -> None:
        """SIGTERM, and wait: it finishes or gives back what it has in hand."""
        self._stopping = True
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            await self._process.wait()
        if self._task is not None:
            await self._task
        self.pid_file.unlink(missing_ok=True)
