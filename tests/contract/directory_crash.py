"""A program for the contract suite: applies a plan again and again, and dies one file-system operation later each time.

It reads (settled folder, folder for the results, environment, desired state, key, epoch) as a pickle from its standard
input. Every attempt works on a copy of the settled folder, named after the operation it died at.
"""

import asyncio
import os
import pickle
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.model.gate import Lease
from bot.target.directory import Directory

OPERATIONS = ("open", "fsync", "link", "rename", "unlink", "mkdir", "lstat", "listdir")
DIED, FINISHED = 9, 0


def die_at(last: int) -> None:
    """End this process, as kill -9 would, at its `last`-th operation."""
    count = 0

    def counted(operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count == last:
                os._exit(DIED)
            return operation(*arguments, **options)

        return run

    for name in OPERATIONS:
        setattr(os, name, counted(getattr(os, name)))


async def apply(folder: Path, work: Any, last: int) -> None:
    """Plan, then apply until the end comes."""
    environment, desired, key, epoch = work
    async with Directory("t", folder, key).plan(environment, desired) as saved:
        lease = Lease(key="k", epoch=epoch, claimed=0, until=saved.plan.at)
        die_at(last)
        async for _ in saved.apply(lease):
            pass


def main() -> None:
    """Attempts, until one gets through."""
    settled, results, *work = pickle.loads(sys.stdin.buffer.read())
    status, last = DIED, 0
    while status == DIED:
        last += 1
        folder = results / str(last)
        shutil.copytree(settled, folder)
        child = os.fork()
        if child == 0:
            asyncio.run(apply(folder, work, last))
            os._exit(FINISHED)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.exit(status)


if __name__ == "__main__":
    main()
