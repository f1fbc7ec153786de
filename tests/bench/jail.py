"""What the jail adds to the run of a program."""

import asyncio
import subprocess
import tempfile
import time
from pathlib import Path

from bot.jail import Jail, Job, locate
from tests.bench.rows import Row, measured

__all__ = ["overhead"]

ROUNDS = 60


def overhead() -> Row:
    """Milliseconds by which a jailed `true` takes longer than the same without; the jail's process is warm."""
    return measured("jail: added to one child", asyncio.run(rounds()), "ms", 15)


async def rounds() -> list[float]:
    """One figure a round, both kinds in turn."""
    program = locate("true")
    assert program is not None
    jail = Jail("best-effort")
    found = []
    with tempfile.TemporaryDirectory() as name:
        job = Job(program=program, arguments=(), folder=Path(name), scratch=Path(name))
        await jail.run(job)
        for _ in range(ROUNDS):
            began = time.perf_counter()
            await asyncio.to_thread(subprocess.run, [program.path], check=True)
            between = time.perf_counter()
            await jail.run(job)
            found.append((time.perf_counter() - between - (between - began)) * 1000)
    jail.close()
    return found
