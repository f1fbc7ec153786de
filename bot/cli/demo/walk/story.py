"""The story on the sample repository: from a pull request to kept environments, with everything that goes wrong."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bot.cli.demo.walk.browser import Account, Place, eventually, holds

__all__ = ["STEPS", "Story"]

WEB = "envs/{}/web.yaml"
OLD_IMAGE, NEW_IMAGE = "shop/web:1.4.2", "shop/web:1.5.0"


@dataclass
class Story:
    """The people, and what earlier steps left behind. `struck` is called between an act and its outcome."""

    place: Place
    developer: Account
    approver: Account
    struck: Callable[[], None] = lambda: None
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def pull(self) -> int:
        """The number of the pull request that the story is about."""
        return int(self.memory["pull"])

    async def plan_says(self, number: int, *words: str) -> str:
        """Wait until the plan comment holds all of `words`; its text."""

        async def look() -> str | None:
            comment = await self.developer.plan_comment(number)
            return comment["body"] if comment and all(word in comment["body"] for word in words) else None

        return await eventually(look, f"the plan comment of {number} never said {words}")

    async def check_is(self, number: int, conclusion: str) -> dict[str, Any]:
        """Wait until the check on the head has that conclusion."""

        async def look() -> dict[str, Any] | None:
            check = await self.developer.check(number)
            return check if check and check["conclusion"] == conclusion else None

        return await eventually(look, f"the check of {number} never became {conclusion}")

    async def folder_shows(self, target: str, wanted: Callable[[dict[str, str]], bool], otherwise: str) -> None:
        """Wait until the files of a target are as wanted."""

        async def look() -> bool:
            return wanted(self.place.objects(target))

        await eventually(look, otherwise)


def runs(image: str) -> Callable[[dict[str, str]], bool]:
    """Whether some object of a folder names the image."""
    return lambda objects: any(image in text for text in objects.values())


async def edit(story: Story, branch: str, environment: str, old: str, new: str) -> None:
    """Replace one text in an environment's web.yaml on a branch."""
    path = WEB.format(environment)
    text, _ = await story.developer.read(path, branch)
    holds(old in text, f"{path} does not hold {old!r}")
    await story.developer.write(path, text.replace(old, new), branch, f"{environment}: {new}")


async def opened(story: Story) -> None:
    """a pull request is opened: one plan comment and a completed check"""
    branch = "web-1.5"
    await story.developer.branch(branch, "main")
    for environment in ("staging", "prod"):
        await edit(story, branch, environment, OLD_IMAGE, NEW_IMAGE)
    story.memory["pull"] = await story.developer.propose("web 1.5.0 for staging and prod", branch)
    story.struck()
    await story.plan_says(story.pull, "staging", "prod", "1 changed")
    await story.check_is(story.pull, "success")
    comment = await story.developer.plan_comment(story.pull)
    story.memory["comment"] = comment["id"] if comment else None


async def mistyped(story: Story) -> None:
    """a mistyped command: a helpful answer"""
    await story.approver.answer(story.pull, "/gate aprove staging")
    story.struck()
    await story.plan_says(story.pull, "did you mean", "/gate approve")


async def schema_error(story: Story) -> None:
    """a schema error: blocked, at file and line"""
    await edit(story, "web-1.5", "staging", "replicas: 2", "replicas: two")
    story.struck()
    await story.plan_says(story.pull, "envs/staging/web.yaml:7", "replicas")
    check = await story.check_is(story.pull, "failure")
    holds(check["output"]["annotations_count"] >= 1, "the check has no annotation")


async def fixed(story: Story) -> None:
    """a fix is pushed: the same comment is edited, and the check is green"""
    await edit(story, "web-1.5", "staging", "replicas: two", "replicas: 3")
    story.struck()
    await story.check_is(story.pull, "success")

    async def look() -> dict[str, Any] | None:
        comment = await story.developer.plan_comment(story.pull)
        return comment if comment and "envs/staging/web.yaml:7" not in comment["body"] else None

    comment = await eventually(look, "the plan comment still shows the error")
    holds(comment["id"] == story.memory["comment"], "a new comment was written instead of editing the first")


async def staging_applied(story: Story) -> None:
    """`/gate approve staging`, merged: staging is applied, prod is held and the comment says so"""
    await story.approver.answer(story.pull, "/gate approve staging")
    await story.plan_says(story.pull, "Approved: staging")
    story.memory["prod"] = story.place.objects("prod")
    await story.developer.merge(story.pull)
    story.struck()
    await story.folder_shows("staging", runs(NEW_IMAGE), "staging never ran the new image")
    await story.plan_says(story.pull, "/gate approve prod", "0 of 1")
    holds(story.place.objects("prod") == story.memory["prod"], "prod changed without an approval")


async def author_refused(story: Story) -> None:
    """the author's `/gate approve prod`: refused, with the reason"""
    await story.developer.answer(story.pull, "/gate approve prod")
    story.struck()
    await story.plan_says(story.pull, f"{story.developer.login}", "❌")
    holds(story.place.objects("prod") == story.memory["prod"], "prod changed by its author's own approval")


async def prod_applied(story: Story) -> None:
    """the approver's `/gate approve prod`: prod is applied, and one new comment says so"""
    await story.approver.answer(story.pull, "/gate approve prod")
    story.struck()
    await story.folder_shows("prod", runs(NEW_IMAGE), "prod never ran the new image")

    async def look() -> list[dict[str, Any]] | None:
        said = [each for each in await story.developer.bot_comments(story.pull) if "prod is at" in each["body"]]
        return said or None

    said = await eventually(look, "no comment said that prod is there")
    holds(len(said) == 1, f"{len(said)} comments say that prod is there")


async def drift_reverted(story: Story) -> None:
    """a file of prod is changed by hand: reverted"""
    name = next(name for name, text in story.place.objects("prod").items() if NEW_IMAGE in text)
    path = story.place.folders["prod"] / name
    before = path.read_text()
    path.write_text(before.replace(NEW_IMAGE, "shop/web:by-hand"))
    story.struck()
    await story.folder_shows("prod", lambda objects: objects.get(name) == before, "the change by hand was kept")


async def empty_refused(story: Story) -> None:
    """a pull request that deletes everything, merged: nothing is deleted anywhere"""
    before = {target: story.place.objects(target) for target in story.place.folders}
    await story.developer.branch("empty", "main")
    for path in await story.developer.files("main"):
        if path.startswith("envs/"):
            await story.developer.remove(path, "empty", f"remove {path}")
    number = await story.developer.propose("Remove everything", "empty")
    await story.check_is(number, "failure")
    await story.developer.merge(number)
    story.struck()

    async def look() -> bool:
        comment = await story.developer.plan_comment(number)
        return bool(comment and "merged" in comment["body"] and "does not exist" in comment["body"])

    await eventually(look, "nobody said why the empty state is not applied")
    holds(before == {t: story.place.objects(t) for t in story.place.folders}, "an environment was emptied")
    story.memory["emptied"] = before


async def restored(story: Story) -> None:
    """a pull request puts everything back: it is planned again, and the environments were never touched"""
    await story.developer.branch("restore", "main")
    for path in await story.developer.files("web-1.5"):
        if path.startswith("envs/"):
            text, _ = await story.developer.read(path, "web-1.5")
            await story.developer.write(path, text, "restore", f"restore {path}")
    number = await story.developer.propose("Put everything back", "restore")
    story.struck()
    await story.check_is(number, "success")
    holds(story.memory["emptied"] == {t: story.place.objects(t) for t in story.place.folders}, "something changed")


STEPS: tuple[Callable[[Story], Awaitable[None]], ...] = (
    opened,
    mistyped,
    schema_error,
    fixed,
    staging_applied,
    author_refused,
    prod_applied,
    drift_reverted,
    empty_refused,
    restored,
)
