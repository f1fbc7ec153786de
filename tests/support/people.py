"""People at the local forge: what they write, and what they wait to see."""

import asyncio
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.cli.demo.stage import APPROVER, DEVELOPER, Stage
from bot.cli.demo.walk.browser import Account, eventually

__all__ = ["People", "holding", "run"]

Objects = dict[str, str]
"""The files that a target holds, by name."""


def holding(text: str) -> Callable[[Objects], bool]:
    """Whether one of a folder's files holds a text."""
    return lambda objects: any(text in each for each in objects.values())


async def run(*arguments: str) -> None:
    """Run git."""
    process = await asyncio.create_subprocess_exec("git", *arguments, stderr=asyncio.subprocess.PIPE)
    _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()


class People:
    """A developer and an approver of a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.developer: Account = stage.account(DEVELOPER)
        self.approver: Account = stage.account(APPROVER)
        self._branches = 0
        self.memory: dict[str, str] = {}

    async def change(self, *edits: tuple[str, str, str], title: str = "A change") -> int:
        """A pull request that replaces one text by another in each named file; its number."""
        self._branches += 1
        branch = f"change-{self._branches}-{id(self) % 1000}"
        await self.developer.branch(branch, "main")
        for path, old, new in edits:
            await self.edit(branch, path, old, new)
        number = await self.developer.propose(title, branch)
        self.stage.memory.with_name(f"branch-{number}").write_text(branch)
        return number

    def branch_of(self, number: int) -> str:
        """The branch of a pull request that `change` made."""
        return self.stage.memory.with_name(f"branch-{number}").read_text()

    async def edit(self, branch: str, path: str, old: str, new: str) -> None:
        """Commit a replacement to a branch."""
        text, _ = await self.developer.read(path, branch)
        assert old in text, f"{path} does not hold {old!r}"
        # The branch in the message: two changes made in one second would else be one commit, merged together.
        await self.developer.write(path, text.replace(old, new), branch, f"{path}: {new[:40]} ({branch})")

    async def comment_says(self, number: int, *words: str, absent: tuple[str, ...] = ()) -> str:
        """Wait until the plan comment holds all of `words` and none of `absent`; its text."""

        async def look() -> str | None:
            comment = await self.developer.plan_comment(number)
            body = comment["body"] if comment else ""
            return body if body and all(w in body for w in words) and not any(w in body for w in absent) else None

        try:
            return await eventually(look, f"the comment of {number} never said {words}")
        except Exception as error:
            comment = await self.developer.plan_comment(number)
            raise AssertionError(f"{error}\n{comment['body'] if comment else 'there is no comment'}") from None

    async def outcomes(self, number: int) -> list[str]:
        """Wait until the thread shows outcome comments; their texts, oldest first."""

        async def look() -> list[str]:
            said = [each["body"] for each in await self.developer.bot_comments(number)]
            return [each for each in said if each.startswith("<!-- tidegate:outcome:")]

        return await eventually(look, f"{number} was never told an outcome")

    async def approve(self, number: int, environment: str) -> None:
        """Have the approver give the one approval that an environment waits for."""
        await self.comment_says(number, "0 of 1")
        await self.approver.answer(number, f"/gate approve {environment}")
        await self.comment_says(number, f"Approved: {environment}")

    async def same_twice(self, edit: tuple[str, str, str], environment: str) -> tuple[int, int]:
        """Two pull requests of one and the same change, both approved."""
        first = await self.change(edit, title="first")
        same = await self.change(edit, title="the same")
        for number in (first, same):
            await self.approve(number, environment)
        return first, same

    async def merge(self, number: int) -> str:
        """Merge after reading the plan; the merge commit."""
        await self.developer.read_plan(number)
        return await self.developer.merge(number)

    async def rewrite(self, who: Account, id: int, text: str) -> None:
        """Edit a comment in a later second than it was written in, so that the forge can tell."""
        written = await who.call("GET", f"/issues/comments/{id}")
        later = datetime.fromisoformat(written["created_at"]) + timedelta(seconds=1)

        async def passed() -> bool:
            return datetime.now(UTC) >= later

        await eventually(passed, "the second never passed")
        await who.call("PATCH", f"/issues/comments/{id}", {"body": text})

    async def check_is(self, number: int, conclusion: str) -> dict[str, Any]:
        """Wait until the check on the head has that conclusion."""

        async def look() -> dict[str, Any] | None:
            check = await self.developer.check(number)
            return check if check and check["conclusion"] == conclusion else None

        return await eventually(look, f"the check of {number} never became {conclusion}")

    async def check_again(self, number: int) -> None:
        """Press the check's "re-run", and wait until its suite is finished once more."""
        run = await eventually(lambda: self.developer.check(number), f"{number} has no check")
        await self.developer.call("POST", f"/check-runs/{run['id']}/rerequest")

        async def look() -> bool:
            check = await self.developer.check(number)
            return check is not None and check["check_suite"]["status"] == "completed"

        await eventually(look, f"the check of {number} was never written again")

    async def folder_shows(self, target: str, wanted: Callable[[Objects], bool]) -> Objects:
        """Wait until a target's files are as wanted; the files."""

        async def look() -> dict[str, str] | None:
            found = self.stage.place.objects(target)
            return (found or {"": ""}) if wanted(found) else None

        return await eventually(look, f"the folder of {target} never was as wanted")

    async def page(self, name: str) -> dict[str, Any]:
        """An environment's page, as JSON."""
        place = self.stage.place
        url = f"{place.tidegate}/environments/local/{place.repository}/{name}?format=json"
        async with self.developer.session.get(url) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def plan(self, number: int) -> str:
        """The page with the full plan of a pull request."""
        place = self.stage.place
        async with self.developer.session.get(f"{place.tidegate}/pulls/local/{place.repository}/{number}") as answer:
            return await answer.text()

    async def page_says(self, name: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until an environment's page is as wanted; the page."""

        async def look() -> dict[str, Any] | None:
            found = await self.page(name)
            return found if wanted(found) else None

        try:
            return await eventually(look, f"the page of {name} never was as wanted")
        except Exception as error:
            raise AssertionError(f"{error}\n{await self.page(name)}") from None

    def git_url(self, login: str) -> str:
        """Where git reaches the repository as that account."""
        place, token = self.stage.place, self.stage.tokens[login]
        return f"{place.forge.replace('://', f'://{login}:{token}@')}/{place.repository}.git"

    async def push(self, branch: str, make: Callable[[Path], None]) -> None:
        """Clone with git, change the working folder, commit, push as a new branch."""
        login = self.developer.login
        with tempfile.TemporaryDirectory() as name:
            await run("clone", "-q", self.git_url(login), name)
            make(Path(name))
            await run("-C", name, "checkout", "-q", "-b", branch)
            await run("-C", name, "add", "-A")
            author = ["-c", f"user.name={login}", "-c", f"user.email={login}@example.org"]
            await run("-C", name, *author, "commit", "-q", "-m", f"push {branch}")
            await run("-C", name, "push", "-q", "origin", branch)

    async def record(self) -> dict[str, Any]:
        """The forge's own record of everything that was said and done."""
        async with self.developer.session.get(f"{self.stage.place.forge}/_record") as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def faults(self) -> list[dict[str, Any]]:
        """The faults that wait to happen; `times` counts what is left of each."""
        async with self.developer.session.get(f"{self.stage.place.forge}/_faults") as answer:
            found: list[dict[str, Any]] = await answer.json()
            return found

    async def struck(self, kind: str) -> None:
        """Wait until no fault of this kind waits to happen any more."""

        async def look() -> bool:
            return all(each["kind"] != kind for each in await self.faults())

        await eventually(look, f"the fault {kind!r} never struck")

    async def begin_a_look(self, number: int) -> None:
        """Have the server in the middle of a look at a pull request for three seconds, its head and comments known.

        Nobody else looks at it meanwhile, so that nothing is published until what is done now is known.
        """
        # of what the server reads at the same time, the commits come last
        slow = {"on": "api", "method": "GET", "path": f".*/pulls/{number}/commits", "kind": "delay", "seconds": 3}
        self.stage.forge.add_faults([slow])
        await self.developer.comment(number, "/gate status staging")
        await self.struck("delay")

    async def acknowledged(self, comment: int) -> None:
        """Wait until the server is at a comment: what it judges the comment by is read."""

        async def look() -> bool:
            found = await self.developer.call("GET", f"/issues/comments/{comment}/reactions")
            return any(each["content"] == "eyes" for each in found)

        await eventually(look, f"comment {comment} was never acknowledged")
