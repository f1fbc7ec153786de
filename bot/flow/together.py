"""Many environments of one tree rendered at the same time, a bounded number of programs at once."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence

from bot.errors import RenderError
from bot.flow.assess import Tools, render
from bot.flow.subject import Load
from bot.model.environment import Environment
from bot.model.resource import Rendered
from bot.model.tree import Tree

__all__ = ["cores", "render_all"]


async def render_all(
    tools: Tools, load: Load, tree: Tree, environments: Sequence[Environment], at_once: int = 0
) -> AsyncIterator[tuple[Environment, Rendered | RenderError]]:
    """Each environment with what became of it, in their order.

    `at_once` bounds the renders, and so the programs, that are under way (0: one more than there are processors, so
    that none of them waits while a result is read).
    """
    bound = asyncio.Semaphore(at_once or cores() + 1)

    async def one(environment: Environment) -> Rendered | RenderError:
        async with bound:
            try:
                return (await render(tools, load, environment, tree))[0]
            except RenderError as error:
                return error

    tasks = [asyncio.create_task(one(each)) for each in environments]
    try:
        for environment, task in zip(environments, tasks, strict=True):
            yield environment, await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
