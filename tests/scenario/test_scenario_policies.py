"""Policies and waivers, from the comment to the folder."""

import pytest

from bot.cli.demo.stage import Stage
from tests.support.people import People

pytestmark = pytest.mark.timeout(180)

DEV = "envs/dev/web.yaml"
WAIVER = 'tidegate.dev/waive.no-latest-tag: "vendor image; owner=ana; until=2099-01-31"'


async def test_a_policy_blocks_until_it_is_waived_and_the_comment_says_by_whom(people: People, stage: Stage) -> None:
    branch = "policy"
    await people.developer.branch(branch, "main")
    text, _ = await people.developer.read("tidegate.yaml", branch)
    await people.developer.write("tidegate.yaml", f"{text}policies: ['builtin:no-latest-tag']\n", branch, "judge")
    number = await people.developer.propose("judge by a policy", branch)
    await people.check_is(number, "success")
    await people.merge(number)
    await people.comment_says(number, "was merged into")

    number = await people.change((DEV, "web:1.4.2", "web:latest"))
    await people.check_is(number, "failure")
    await people.comment_says(number, "no-latest-tag", DEV)
    kind = "kind: Deployment\nmetadata:\n"
    await people.edit(people.branch_of(number), DEV, kind, f"{kind}  annotations:\n    {WAIVER}\n")
    await people.check_is(number, "success")
    await people.comment_says(number, "waived by ana until 2099-01-31", "vendor image")
    await people.merge(number)
    await people.folder_shows("dev", lambda objects: any("web:latest" in each for each in objects.values()))
