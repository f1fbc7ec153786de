"""A report of very many objects: it takes its time, and nobody waits for it."""

import asyncio

from bot.flow.tell import written
from bot.model.forge import Limits
from tests.unit.report.conftest import Build


async def test_the_server_goes_on_while_a_large_report_is_written(build: Build) -> None:
    changes = [build.change(build.thing(name=f"api-{number}")) for number in range(1500)]
    story = build.story(assessments=(build.assessment(changes=changes),))
    limits = Limits(comment=65_536, check_text=65_535, annotations=50)
    writing = asyncio.ensure_future(written(story, limits))
    turns = 0
    while not writing.done():
        await asyncio.sleep(0)
        turns += 1
    check, comment = writing.result()
    assert "Shown" in comment
    assert check.title == "prod ~1500 · 0 of 1 approvals"
    assert turns > 100
