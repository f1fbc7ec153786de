"""Playing the steps of a story: one line each with its time, stop at the first that does not hold."""

import random
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import aiohttp

from bot.cli.demo.walk.browser import Account, Broken, Place, eventually
from bot.cli.demo.walk.story import Story

__all__ = ["play"]

Step = Callable[[Story], Awaitable[None]]


async def play(
    place: Place, tokens: dict[str, str], steps: Sequence[Step], say: Callable[[str], None]
) -> tuple[int, str]:
    """Play `steps`; the exit status and the closing line.

    The server is killed with -9 within one of them, chosen at random and named.
    """
    fatal = random.randrange(len(steps))
    passed = 0
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        story = Story(
            place=place,
            developer=Account(session, place, place.developer, tokens[place.developer]),
            approver=Account(session, place, place.approver, tokens[place.approver]),
        )
        for number, step in enumerate(steps):
            killed: list[int] = []
            story.struck = partial(strike, place, killed) if number == fatal else nothing
            started = time.monotonic()
            try:
                await step(story)
                if killed:
                    await eventually(lambda: back(session, place), "the server did not come back")
            except (Broken, aiohttp.ClientError, TimeoutError, OSError, KeyError) as error:
                say(
                    f"FAILED {time.monotonic() - started:6.2f} s  {step.__doc__}\n"
                    f"       {type(error).__name__}: {error}"
                )
                return 1, f"{passed} passed, 1 failed"
            passed += 1
            note = f"  (the server was killed with -9, process {killed[0]}, and started again)" if killed else ""
            say(f"ok     {time.monotonic() - started:6.2f} s  {step.__doc__}{note}")
    return 0, f"{passed} passed, 0 failed"


def nothing() -> None:
    """Between an act and its outcome, most often nothing happens."""


def strike(place: Place, killed: list[int]) -> None:
    """Kill the server."""
    killed.append(place.kill())


async def back(session: aiohttp.ClientSession, place: Place) -> bool:
    """Whether the server is ready again."""
    async with session.get(f"{place.tidegate}/readyz") as answer:
        return answer.status == 200
