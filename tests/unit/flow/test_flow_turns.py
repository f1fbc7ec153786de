"""Places are given out by turns."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bot.flow.turns import Turns


async def test_a_crowd_of_one_keeps_nobody_else_waiting() -> None:
    turns, order = Turns(1), []

    async def work(key: str, number: int) -> None:
        async with turns.turn(key):
            order.append(f"{key}{number}")
            await asyncio.sleep(0)

    await asyncio.gather(*(work(key, number) for number, key in enumerate("aaaaabbc")))
    assert order == ["a0", "a1", "b5", "c7", "a2", "b6", "a3", "a4"]


async def test_who_leaves_the_line_loses_no_place() -> None:
    turns = Turns(1)
    async with turns.turn("a"):
        waiting = asyncio.create_task(enter(turns, "b"))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(5), turns.turn("c"):
        pass


async def test_who_is_cancelled_with_the_place_in_hand_passes_it_on() -> None:
    turns = Turns(1)
    async with turns.turn("a"):
        waiting = asyncio.create_task(enter(turns, "b"))
        await asyncio.sleep(0)
    waiting.cancel()  # it holds the place by now and does not know yet
    await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(5), turns.turn("c"):
        pass


async def enter(turns: Turns, key: str) -> None:
    """Take a turn."""
    async with turns.turn(key):
        pass


@given(st.integers(1, 4), st.lists(st.sampled_from("abcd"), max_size=30), st.sets(st.integers(0, 29)))
def test_never_more_than_there_are_places_and_everybody_comes_in(places: int, keys: list[str], leave: set[int]) -> None:
    inside = most = 0
    came = []

    async def work(turns: Turns, number: int, key: str) -> None:
        nonlocal inside, most
        async with turns.turn(key):
            inside += 1
            most = max(most, inside)
            came.append(number)
            await asyncio.sleep(0)
            inside -= 1

    async def all_of_them() -> None:
        turns = Turns(places)
        tasks = [asyncio.create_task(work(turns, number, key)) for number, key in enumerate(keys)]
        await asyncio.sleep(0)
        gone = [task for number, task in enumerate(tasks) if number in leave and number not in came and task.cancel()]
        await asyncio.gather(*tasks, return_exceptions=True)
        assert len(came) + len(gone) >= len(keys)
        async with asyncio.timeout(5), turns.turn("last"):
            pass

    asyncio.run(all_of_them())
    assert most <= places
