"""A pull request that describes an environment anew: it is judged as the merge leaves it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli.demo.stage import Stage
from tests.support.people import People

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("servers")]

OLD, NEW = "web:1.4.2", "web:1.5.0"


async def test_a_folder_is_moved_together_with_its_description(people: People, stage: Stage) -> None:
    def move(folder: Path) -> None:
        (folder / "envs/staging").rename(folder / "envs/stage")
        described = folder / "tidegate.yaml"
        described.write_text(described.read_text().replace("path: envs/staging", "path: envs/stage"))

    before = stage.place.objects("staging")
    await people.push("move", move)
    number = await people.developer.propose("move the folder", "move")
    text = await people.comment_says(number, "Takes effect after the merge", absent=("does not render",))
    assert "were it as" not in text
    await people.check_is(number, "success")
    revision = await people.merge(number)
    await people.comment_says(number, "was merged into", absent=("0 of 1",))
    await people.page_says("staging", lambda page: page["revision"] == revision)
    assert stage.place.objects("staging") == before


async def test_an_approval_is_for_the_state_that_the_merge_brings(people: People, stage: Stage) -> None:
    number = await people.change(
        ("tidegate.yaml", "  staging:\n", "  staging:\n    scope: blue\n"),
        ("envs/staging/web.yaml", OLD, NEW),
    )
    text = await people.comment_says(number, "Takes effect after the merge", "0 of 1 approvals")
    assert text.count("**To apply staging:**") == 1
    assert "| staging | 6 new | – |" in text
    assert "has it: 1 change" in text
    await people.approve(number, "staging")
    revision = await people.merge(number)
    await people.page_says("staging", lambda page: page["revision"] == revision)
    written = [path.read_text() for path in (stage.place.folders["staging"] / "blue").rglob("*.yaml")]
    assert any(NEW in text for text in written)
    assert len(written) == 6


async def test_rules_that_change_are_told_where_no_object_does(people: People) -> None:
    number = await people.change(("tidegate.yaml", "    approvals: {count: 1}\n", "    approvals: {count: 2}\n"))
    text = await people.comment_says(number, "Takes effect after the merge")
    assert "\n### ✅ Changes nothing that is not there already · ⏸ staging waits: 0 of 2 approvals" in f"\n{text}"
    assert "staging is described differently" in text
    assert "\nAfter the merge staging has `approvals.count`: 1 → 2\n" in text
    assert "\n**To approve staging as it is:** 2 people with write access comment `/gate approve staging`" in text
    await people.merge(number)
    text = await people.comment_says(number, "was merged into", "### ⚙ staging is described differently")
    assert "\nSince the merge staging has `approvals.count`: 1 → 2\n" in text


async def test_a_review_counts_for_what_is_described_anew(people: People, stage: Stage) -> None:
    number = await people.change(("tidegate.yaml", "  staging:\n", "  staging:\n    scope: blue\n"))
    text = await people.comment_says(number, "Takes effect after the merge", "0 of 1 approvals")
    assert "\nNot changed: dev, prod.\n" in text
    await people.approver.answer(number, "looks good")
    pull = await people.developer.call("GET", f"/pulls/{number}")
    review = {"event": "APPROVE", "commit_id": pull["head"]["sha"]}
    await people.approver.call("POST", f"/pulls/{number}/reviews", review)
    await people.comment_says(number, "applies at once")


async def test_an_environment_is_taken_out_together_with_its_folder(people: People, stage: Stage) -> None:
    def take_out(folder: Path) -> None:
        shutil.rmtree(folder / "envs/prod")
        described = folder / "tidegate.yaml"
        described.write_text(described.read_text().partition("  prod:\n")[0])

    before = stage.place.objects("prod")
    waits = await people.change(("envs/prod/web.yaml", "web:1.4.2", "web:1.5.0"))
    await people.comment_says(waits, "0 of 1")
    await people.merge(waits)
    await people.comment_says(waits, "/gate approve prod", "prod waits")
    await people.push("out", take_out)
    number = await people.developer.propose("take prod out", "out")
    await people.comment_says(
        number,
        "⚠ prod leaves tidegate.yaml",
        "No longer described by `tidegate.yaml`: prod.",
        absent=("does not exist",),
    )
    assert (await people.check_is(number, "success"))["output"]["title"] == "prod leaves tidegate.yaml"
    await people.merge(number)
    await people.page_says("prod", lambda page: page["state"] == "detached")
    assert stage.place.objects("prod") == before
    await people.comment_says(number, "⚠ prod leaves tidegate.yaml")
    await people.comment_says(
        waits, "left tidegate.yaml before this was applied", absent=("/gate approve prod", "waits")
    )


PATTERN = """\
  "team-{team}":
    source: {path: "teams/{team}"}
    target: dev
    scope: "teams/{team}"
    apply: on-merge
    first_apply: on-merge
"""


async def test_a_folder_that_a_pattern_matches_comes_and_goes(people: People, stage: Stage) -> None:
    def add(folder: Path, name: str) -> None:
        (folder / "teams" / name).mkdir(parents=True)
        config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\n"
        (folder / "teams" / name / "settings.yaml").write_text(f"{config}data: {{team: {name}}}\n")

    def describe(folder: Path) -> None:
        add(folder, "red")
        described = folder / "tidegate.yaml"
        described.write_text(described.read_text().replace("  dev:\n", f"{PATTERN}  dev:\n    scope: main\n"))

    async def merge(branch: str, change: Callable[[Path], None], *words: str) -> None:
        await people.push(branch, change)
        number = await people.developer.propose(branch, branch)
        await people.comment_says(number, *words)
        await people.check_is(number, "success")
        await people.merge(number)

    preview = "Takes effect after the merge** (this changes what `tidegate.yaml` describes)"
    await merge("describe", describe, preview, "| team-red | 1 new |")
    await people.folder_shows("dev", lambda files: any("teams/red" in path for path in files))
    await merge("blue", lambda folder: add(folder, "blue"), preview, "| team-blue | 1 new |")
    await people.folder_shows("dev", lambda files: any("teams/blue" in path for path in files))
    gone = "⚠ team-red leaves tidegate.yaml", "No longer described by `tidegate.yaml`: team-red."
    await merge("no-red", lambda folder: shutil.rmtree(folder / "teams/red"), *gone)
    await people.page_says("team-red", lambda page: page["state"] == "detached")
    kept = await people.folder_shows("dev", lambda files: any("teams/blue" in path for path in files))
    assert any("teams/red" in path for path in kept)


async def test_a_folder_that_can_be_no_environment_fails_the_check(people: People) -> None:
    def describe(folder: Path) -> None:
        described = folder / "tidegate.yaml"
        described.write_text(described.read_text().replace("  dev:\n", f"{PATTERN}  dev:\n    scope: main\n"))
        (folder / "teams/Red").mkdir(parents=True)
        (folder / "teams/Red/a.yaml").write_text("")

    await people.push("odd", describe)
    number = await people.developer.propose("a name that is none", "odd")
    await people.comment_says(number, 'the folder "teams/Red" would be the environment "team-Red", which is no name')
    await people.check_is(number, "failure")
