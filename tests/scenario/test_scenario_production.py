"""What production is kept from: wrong order, old or foreign revisions, a rewritten branch, too many deletions."""

import shutil
from pathlib import Path

import pytest

from bot.cli.demo.stage import INTERVALS, TEAM, Stage, put_up
from tests.support.people import People, holding, run

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("servers")]

WEB = "envs/{}/web.yaml"
CONFIG = "envs/{}/config.yaml"
OLD, NEW = "web:1.4.2", "web:1.5.0"
EUR, USD = "CURRENCY: EUR", "CURRENCY: USD"


def spoil(stage: Stage, environment: str) -> None:
    """Change a file of an environment by hand."""
    path = next(each for each in stage.place.folders[environment].rglob("*.yaml") if EUR in each.read_text())
    path.write_text(path.read_text().replace(EUR, "CURRENCY: by-hand"))


async def test_an_environment_waits_for_those_it_comes_after(people: People, stage: Stage) -> None:
    number = await people.change((WEB.format("staging"), OLD, NEW), (WEB.format("prod"), OLD, NEW))
    await people.approve(number, "prod")
    await people.merge(number)
    await people.page_says("prod", lambda page: "after staging" in page["reason"])
    assert not holding(NEW)(stage.place.objects("prod"))
    await people.approver.answer(number, "/gate approve staging")
    await people.folder_shows("prod", holding(NEW))
    assert holding(NEW)(stage.place.objects("staging"))


async def test_only_a_later_revision_of_the_branch_can_be_asked_for(people: People, stage: Stage) -> None:
    first = await people.change((CONFIG.format("staging"), EUR, USD), title="first")
    await people.approve(first, "staging")
    before = (await people.page("staging"))["revision"]
    await people.merge(first)
    await people.folder_shows("staging", holding(USD))
    await people.comment_says(first, "applied at")
    second = await people.change((WEB.format("staging"), OLD, NEW), title="second")
    other = await people.change((WEB.format("staging"), OLD, "web:9"), title="never merged")
    for number in (second, other):
        await people.comment_says(number, "0 of 1")
    await people.merge(second)
    await people.comment_says(second, "was merged into", "0 of 1")
    head = (await people.developer.call("GET", f"/pulls/{other}"))["head"]["sha"]
    await people.developer.answer(second, f"/gate apply staging {head}")
    await people.comment_says(second, f"{head[:7]} is not a commit of main")
    await people.developer.answer(second, f"/gate apply staging {before}")
    await people.comment_says(second, f"{before[:7]} is older than what is applied", absent=("Asked for",))


async def test_a_branch_that_was_rewritten_brings_nothing_back(people: People, stage: Stage) -> None:
    start = (await people.developer.call("GET", "/branches/main"))["commit"]["sha"]
    first = await people.change((WEB.format("dev"), OLD, NEW))
    await people.comment_says(first, "1 changed")
    await people.merge(first)
    await people.folder_shows("dev", holding(NEW))
    await people.comment_says(first, "applied at")
    clone = str(stage.place.pid_file.parent / "clone")
    await run("clone", "-q", people.git_url("bo"), clone)
    await run("-C", clone, "push", "-q", "--force", "origin", f"{start}:refs/heads/main")
    second = await people.change((CONFIG.format("dev"), EUR, USD))
    await people.comment_says(second, "1 changed", "1 pending")
    await people.merge(second)
    await people.page_says("dev", lambda page: "rewritten" in page["reason"] or "descend" in page["reason"])
    assert holding(NEW)(stage.place.objects("dev"))
    assert not holding(USD)(stage.place.objects("dev"))


async def test_what_was_pushed_to_the_branch_waits_for_the_next_pull_request(people: People, stage: Stage) -> None:
    clone = str(stage.place.pid_file.parent / "clone")
    await run("clone", "-q", people.git_url("bo"), clone)
    file = Path(clone, CONFIG.format("staging"))
    file.write_text(file.read_text().replace(EUR, USD))
    await run("-C", clone, "-c", "user.name=bo", "-c", "user.email=bo@example.org", "commit", "-qam", "pushed")
    await run("-C", clone, "push", "-q", "origin", "HEAD:main")
    await people.page_says("staging", lambda page: page["unshown"] and "0 of 1" in page["reason"])
    page = f"{stage.place.tidegate}/environments/local/{stage.place.repository}/staging"
    async with stage.session.get(page) as answer:
        assert "No pull request shows what waits here" in await answer.text()
    number = await people.change((WEB.format("staging"), OLD, NEW))
    await people.comment_says(number, "1 changed", "1 pending")
    await people.approve(number, "staging")
    await people.merge(number)
    await people.folder_shows("staging", holding(USD))
    await people.page_says("staging", lambda page: not page["unshown"] and page["now"] == "up to date")


async def test_deletions_of_a_day_count_together_and_are_named_one_by_one(people: People, stage: Stage) -> None:
    branch = "fewer"
    await people.developer.branch(branch, "main")
    await people.developer.remove("envs/staging/jobs.yaml", branch, "no jobs")
    first = await people.developer.propose("no jobs", branch)
    await people.approve(first, "staging")
    await people.merge(first)
    await people.folder_shows("staging", lambda objects: len(objects) == 4)
    await people.comment_says(first, "applied at")

    await people.developer.branch("fewest", "main")
    await people.developer.remove("envs/staging/config.yaml", "fewest", "no settings")
    text, _ = await people.developer.read(WEB.format("staging"), "fewest")
    deployment = text.partition("---\n")[0]
    await people.developer.write(WEB.format("staging"), deployment, "fewest", "no service")
    second = await people.developer.propose("fewest", "fewest")
    await people.comment_says(second, "/gate approve-deletions staging")
    await people.approver.answer(second, "/gate approve staging\n/gate approve-deletions staging Service/web")
    await people.comment_says(second, "May be destroyed: Service", "1 deletion to approve")
    await people.merge(second)
    await people.page_says("staging", lambda page: "1 deletion to approve" in page["reason"])
    assert len(stage.place.objects("staging")) == 4


async def test_only_who_changed_an_environment_is_told_of_it(people: People, stage: Stage) -> None:
    first = await people.change((WEB.format("staging"), OLD, NEW), title="staging")
    await people.comment_says(first, "0 of 1")
    await people.merge(first)
    await people.comment_says(first, "was merged into", "0 of 1")
    second = await people.change((WEB.format("dev"), OLD, NEW), title="dev")
    await people.comment_says(second, "1 changed")
    revision = await people.merge(second)
    assert "dev is at" in (await people.outcomes(second))[0]
    await people.page_says("prod", lambda page: page["revision"] == revision)
    await people.approver.answer(first, "/gate approve staging")
    assert "staging is at" in (await people.outcomes(first))[0]
    await people.developer.answer(second, "/gate status dev")
    await people.comment_says(second, "/gate status dev")
    assert ["dev is at" in each for each in await people.outcomes(second)] == [True]
    assert ["staging is at" in each for each in await people.outcomes(first)] == [True]


async def test_an_environment_that_is_no_longer_described_is_left_alone(people: People, stage: Stage) -> None:
    text, _ = await people.developer.read("tidegate.yaml", "main")
    start, end = text.index("  dev:"), text.index("  staging:")
    number = await people.change(("tidegate.yaml", text[start:end], ""))
    await people.check_is(number, "success")
    await people.merge(number)
    await people.page_says("dev", lambda page: page["state"] == "detached")
    spoil(stage, "dev")
    for _ in range(3):  # each takes the other as long as it would have taken this one
        spoil(stage, "staging")
        await people.folder_shows("staging", holding(EUR))
        assert holding("CURRENCY: by-hand")(stage.place.objects("dev"))


async def test_what_is_applied_is_kept_while_something_newer_waits_and_as_the_newer_one_says(
    people: People, stage: Stage
) -> None:
    first = await people.change((WEB.format("staging"), OLD, NEW))
    await people.comment_says(first, "0 of 1")
    await people.merge(first)
    await people.page_says("staging", lambda page: "0 of 1" in page["reason"])
    spoil(stage, "staging")
    await people.folder_shows("staging", holding(EUR))
    assert not holding(NEW)(stage.place.objects("staging"))
    text, _ = await people.developer.read("tidegate.yaml", "main")
    staging = text[text.index("  staging:") : text.index("  prod:")]
    second = await people.change(("tidegate.yaml", staging, staging.replace("drift: revert", "drift: report")))
    await people.check_is(second, "success")
    revision = await people.merge(second)
    await people.page_says("dev", lambda page: page["revision"] == revision)
    spoil(stage, "staging")
    for _ in range(3):
        spoil(stage, "dev")
        await people.folder_shows("dev", holding(EUR))
        assert holding("CURRENCY: by-hand")(stage.place.objects("staging"))


async def test_what_the_branch_has_left_by_now_is_not_applied(tmp_path: Path) -> None:
    # with rare sweeps, the environment is the only one that could find out that the branch moved
    async with put_up(tmp_path, None, 0, print, INTERVALS | {"repository": 600}) as stage:
        await stage.install()
        people = People(stage)
        first = await people.change((WEB.format("prod"), OLD, NEW), title="there")
        await people.approve(first, "prod")
        stage.forge.add_team("acme", TEAM, [])
        await people.merge(first)
        await people.page_says("prod", lambda page: "0 of 1" in page["reason"])
        await people.comment_says(first, "was merged into", "0 of 1")
        second = await people.change((WEB.format("prod"), NEW, OLD), title="and back")
        await people.comment_says(second, "prod")
        await people.developer.read_plan(second)
        lost = {"on": "webhook", "kind": "lost", "times": 2}
        stage.forge.add_faults([{**lost, "event": event} for event in ("pull_request", "push")])
        await people.developer.merge(second)
        stage.forge.add_team("acme", TEAM, ["ana"])
        await people.comment_says(first, "undone by a later change before it was applied")
        assert not holding(NEW)(stage.place.objects("prod"))


async def test_a_database_from_a_backup_undoes_nothing_that_was_applied_since(tmp_path: Path, installed: Path) -> None:
    shutil.copytree(installed, tmp_path, dirs_exist_ok=True, symlinks=True)
    backup = {each: each.read_bytes() for each in tmp_path.glob("tidegate.db*")}
    async with put_up(tmp_path, None, 0, print) as stage:
        people = People(stage)
        number = await people.change((WEB.format("dev"), OLD, NEW))
        await people.comment_says(number, "1 changed")
        await people.merge(number)
        await people.comment_says(number, "applied at")
    for path in tmp_path.glob("tidegate.db*"):
        path.unlink()
    for path, content in backup.items():
        path.write_bytes(content)
    async with put_up(tmp_path, None, 0, print, INTERVALS | {"lease": 2}) as stage:
        people = People(stage)
        held = await people.page_says("dev", lambda page: page["held"] and "held by" in page["reason"])
        assert "the database is older" in held["reason"]
        assert holding(NEW)(stage.place.objects("dev"))
        await people.comment_says(number, "/gate release dev")
        await people.approver.answer(number, "/gate approve dev\n/gate release dev")
        await people.page_says("dev", lambda page: page["revision"] != held["revision"])
        assert holding(NEW)(stage.place.objects("dev"))


async def test_without_the_database_the_next_change_is_approved_with_all_that_is_there(
    tmp_path: Path, installed: Path
) -> None:
    shutil.copytree(installed, tmp_path, dirs_exist_ok=True, symlinks=True)
    for path in tmp_path.glob("tidegate.db*"):
        path.unlink()
    async with put_up(tmp_path, None, 0, print) as stage:
        people = People(stage)
        number = await people.change((WEB.format("dev"), OLD, NEW), (WEB.format("staging"), OLD, NEW))
        await people.comment_says(number, "0 of 1")
        await people.approve(number, "staging")
        await people.merge(number)
        for environment in ("dev", "staging"):
            await people.folder_shows(environment, holding(NEW))


async def test_without_a_configuration_every_environment_is_left_alone(people: People, stage: Stage) -> None:
    await people.developer.branch("off", "main")
    await people.developer.remove("tidegate.yaml", "off", "no tidegate")
    number = await people.developer.propose("no tidegate", "off")
    await people.check_is(number, "success")
    await people.developer.merge(number)
    for name in ("dev", "staging", "prod"):
        await people.page_says(name, lambda page: page["state"] == "detached")
