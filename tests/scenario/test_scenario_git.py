"""Branches that somebody made by hand: the required check answers, and nobody else's environment stands still."""

import asyncio
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli.demo.stage import Stage
from tests.support.people import People, holding

pytestmark = pytest.mark.timeout(180)

STAGING, OLD, NEW = "envs/staging/web.yaml", "web:1.4.2", "web:1.5.0"
FAR = "committer d <dana@example.org> 999999999999999 +0000"

Git = Callable[..., str]


async def push_by_hand(people: People, branch: str, make: Callable[[Git, Path], str]) -> None:
    """Push the commit that `make` answers, whatever the branch was."""
    url = people.git_url(people.developer.login)
    with tempfile.TemporaryDirectory() as name:

        def git(*arguments: str, given: str = "") -> str:
            command = ["git", "-c", "user.name=d", "-c", "user.email=dana@example.org", "-C", name, *arguments]
            done = subprocess.run(command, check=True, capture_output=True, text=True, input=given)
            return done.stdout.strip()

        def work() -> None:
            subprocess.run(["git", "clone", "-q", "-b", branch, url, name], check=True, capture_output=True)
            git("push", "-q", "-f", "origin", f"{make(git, Path(name))}:refs/heads/{branch}")

        await asyncio.to_thread(work)


async def test_a_branch_without_a_common_beginning_is_told_so(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.check_is(number, "success")
    await push_by_hand(
        people, people.branch_of(number), lambda git, _: git("commit-tree", "HEAD^{tree}", "-m", "orphan")
    )
    await people.check_is(number, "failure")
    await people.comment_says(number, "no commit in common with `main`")


async def test_a_commit_of_a_year_that_is_no_year_stops_nothing(people: People, stage: Stage) -> None:
    def far(git: Git, _: Path) -> str:
        text = f"tree {git('rev-parse', 'HEAD^{tree}')}\nparent {git('rev-parse', 'HEAD')}\n"
        text += f"author d <dana@example.org> 1 +0000\n{FAR}\n\nfar\n"
        return git("hash-object", "-t", "commit", "-w", "--stdin", given=text)

    number = await people.change((STAGING, OLD, NEW))
    await push_by_hand(people, people.branch_of(number), far)
    await people.approve(number, "staging")
    await people.merge(number)
    await people.folder_shows("staging", holding(NEW))


async def test_a_configuration_that_is_a_link_is_told_so(people: People, stage: Stage) -> None:
    def link(git: Git, folder: Path) -> str:
        (folder / "tidegate.yaml").unlink()
        (folder / "tidegate.yaml").symlink_to("other.yaml")
        git("commit", "-q", "-a", "-m", "a link")
        return git("rev-parse", "HEAD")

    number = await people.change((STAGING, OLD, NEW))
    await people.check_is(number, "success")
    await push_by_hand(people, people.branch_of(number), link)
    await people.check_is(number, "failure")
    await people.comment_says(number, "Cannot be read", "symbolic link")


async def test_a_repository_that_was_renamed_is_looked_after_under_its_new_name(people: People, stage: Stage) -> None:
    number = await people.change((STAGING, OLD, NEW))
    await people.comment_says(number, "0 of 1")
    stage.forge.permit(stage.place.repository, people.approver.login, "admin")
    await people.approver.call("PATCH", "", {"name": "store"})
    await people.approver.answer(number, "/gate approve staging")
    await people.comment_says(number, "Approved: staging")
    await people.merge(number)
    await people.folder_shows("staging", holding(NEW))
