"""Ways to merge: whichever button was pressed, what landed is what the pull request proposed, by who wrote it."""

import pytest

from bot.cli.demo.stage import Stage
from tests.support.people import People

pytestmark = pytest.mark.timeout(180)

STAGING, DEV = "envs/staging/web.yaml", "envs/dev/web.yaml"
OLD, NEW = "web:1.4.2", "web:1.5.0"


@pytest.mark.parametrize("method", ["squash", "rebase"])
async def test_an_approver_who_presses_the_button_has_written_nothing(
    people: People, stage: Stage, method: str
) -> None:
    number = await people.change((STAGING, OLD, NEW), (DEV, OLD, NEW))
    await people.approve(number, "staging")
    await people.approver.read_plan(number)
    await people.approver.call("PUT", f"/pulls/{number}/merge", {"merge_method": method})
    for environment in ("staging", "dev"):
        await people.folder_shows(environment, lambda objects: any(NEW in text for text in objects.values()))
    body = await people.comment_says(number, "was merged into", absent=("waits", "0 of 1"))
    assert "staging" in body and "dev" in body
