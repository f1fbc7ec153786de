"""What the base made of an environment: for policies and rules that look at what an object was."""

from bot.diff import normalise
from bot.errors import InputError, RenderError
from bot.flow.assess import Tools, render
from bot.flow.checkup.examine import Found, objects, read
from bot.flow.checkup.work import Checkup, Task, comparable
from bot.model.environment import Environment
from bot.model.resource import Resource
from bot.render import Piecewise

__all__ = ["before_last", "before_whole"]

Before = tuple[Resource, ...] | None
"""As `Examined` has it: None where nobody knows."""


async def before_whole(tools: Tools, subject: Checkup, environment: Environment) -> Before:
    """All that the base renders; nothing where it has no such environment."""
    if subject.broken_before:
        return None
    earlier = subject.earlier(environment)
    if subject.base is None or earlier is None:
        return ()
    try:
        rendered, _ = await render(tools, subject.load, earlier, subject.base)
    except RenderError:
        return None
    return tuple(normalise(each) for each in rendered.resources)


async def before_last(
    tools: Tools, subject: Checkup, environment: Environment, renderer: Piecewise, task: Task, found: Found
) -> Before:
    """What the base makes of the files that are judged last (`found`), and of all that it has otherwise.

    Of the others nothing is needed: they are the same, and neither define a kind nor have an object of a defined one.
    """
    base = comparable(tools, subject, environment, renderer)
    if base is None or subject.broken_before:
        return await before_whole(tools, subject, environment)
    try:
        renderer.pieces(base, environment.source)
        others, _ = await read(subject, base, renderer, task.revised)
    except InputError:
        return None
    same = {path: each for path, each in found.items() if path in base.entries}
    # in the order of the base: of two definitions of a kind the first one counts
    there = dict(sorted({**same, **others}.items()))
    before = objects(there)
    sound = len(before) == sum(map(len, there.values()))
    return before if sound and not renderer.across(environment.source, before) else None
