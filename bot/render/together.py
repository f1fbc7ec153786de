"""Many renders of one tree at the same time, a bounded number of programs at once."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable

from bot.errors import RenderError
from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.model.resource import Rendered
from bot.model.tree import Tree
from bot.render import Renderer

__all__ = ["render_all"]


async def render_all(
    renderer: Renderer, tree: Tree, sources: Iterable[Source], kubernetes: Kubernetes, at_once: int = 0
) -> AsyncIterator[tuple[Source, Rendered | RenderError]]:
    """Each source with what became of it, in their order; the tree has everything loaded that they read.

    `at_once` bounds the renders, and so the programs, that are under way (0: one more than there are processors, so
    that none of them waits while a result is read).
    """
    bound = asyncio.Semaphore(at_once or cores() + 1)

    async def one(source: Source) -> Rendered | RenderError:
        async with bound:
            try:
                return await renderer.render(tree, source, kubernetes)
            except RenderError as error:
                return error

    wanted = list(sources)
    tasks = [asyncio.create_task(one(each)) for each in wanted]
    try:
        for source, task in zip(wanted, tasks, strict=True):
            yield source, await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
