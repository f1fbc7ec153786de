"""The story on somebody's own repository: plan, edit one object everywhere, approve, merge, apply, plan again."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.cli.demo.walk.browser import eventually, holds
from bot.cli.demo.walk.story import Story

__all__ = ["OwnEnvironment", "own_steps"]

BRANCH = "tidegate-walk"
METADATA = re.compile(r"^metadata:[ \t]*\n(?P<labels>(?:  .*\n)*?  labels:[ \t]*\n)?", re.MULTILINE)
ON_ONE_LINE = re.compile(r"^metadata:[ \t]*\{(?=[^{}\n]+\}[ \t]*$)(?!.*\blabels\b)", re.MULTILINE)
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass(frozen=True)
class OwnEnvironment:
    """An environment of the repository: its name, where its manifests are, and the folder that it is applied to."""

    name: str
    source: str
    folder: Path

    def objects(self) -> int:
        """How many objects it holds now."""
        return len([p for p in self.folder.rglob("*.yaml") if ".tidegate" not in p.parts])


def edited(text: str) -> str | None:
    """The text with one label more on its first object; None where no place for one was found."""
    found = METADATA.search(text)
    if found is None:
        changed, count = ON_ONE_LINE.subn('metadata: {labels: {tidegate-walk: "edited"}, ', text, count=1)
        return changed if count else None
    label = '    tidegate-walk: "edited"\n'
    if found["labels"]:
        return text[: found.end()] + label + text[found.end() :]
    end = found.end()
    return (
        text[:end] + "  labels:\n" + label + text[end:] if not re.match(r"(?:  .*\n)*  labels:", text[end:]) else None
    )


def own_steps(environments: Sequence[OwnEnvironment]) -> tuple[Callable[[Story], Awaitable[None]], ...]:
    """The steps for these environments."""

    async def planned(story: Story) -> None:
        """a pull request edits one object in every environment: one plan comment and a completed check"""
        await story.developer.branch(BRANCH, "main")
        done: set[str] = set()
        for environment in environments:
            path = await edit_one(story, environment, done)
            holds(path, f"no object of {environment.name} could be edited")
        number = await story.developer.propose("Edit one object everywhere", BRANCH)
        story.memory["pull"] = number
        story.struck()
        await story.plan_says(number, *(each.name for each in environments))
        await story.check_is(number, "success")

    async def approved(story: Story) -> None:
        """`/gate approve`: everything that the plan shows is approved"""
        await story.approver.answer(story.pull, "/gate approve")
        story.struck()
        await story.plan_says(story.pull, "Approved:")

    async def applied(story: Story) -> None:
        """merged: every environment is applied"""
        await story.developer.merge(story.pull)
        story.struck()
        for environment in environments:
            await asked_if_need_be(story, environment)

            async def look(each: OwnEnvironment = environment) -> bool:
                texts = [p.read_text() for p in each.folder.rglob("*.yaml")]
                return any("tidegate-walk" in text for text in texts)

            await eventually(look, f"{environment.name} never got the edited object")
            await at_rest(story, environment)

    async def unchanged(story: Story) -> None:
        """planned again: nothing changes any more"""
        before = {each.name: each.objects() for each in environments}
        await story.developer.answer(story.pull, "/gate plan")
        story.struck()
        for environment in environments:
            await at_rest(story, environment)
        holds(before == {each.name: each.objects() for each in environments}, "the number of objects changed")

    return planned, approved, applied, unchanged


async def at_rest(story: Story, environment: OwnEnvironment) -> None:
    """Wait until the environment's page shows what its folder holds, and nothing left to do."""

    async def look() -> dict[str, Any] | None:
        url = f"{story.place.tidegate}/environments/local/{story.place.repository}/{environment.name}?format=json"
        async with story.developer.session.get(url) as answer:
            found: dict[str, Any] = await answer.json()
        return found if found["health"] == "healthy" and not found["drifted"] else None

    shown = await eventually(look, f"{environment.name} never came to rest")
    holds(len(shown["objects"]) == environment.objects(), f"{environment.name} shows other objects")


def annotated(kustomization: str) -> str | None:
    """The kustomization with one annotation more on all its objects; None where it says which ones there are."""
    if "commonAnnotations" in kustomization:
        return None
    return f'{kustomization}\ncommonAnnotations: {{tidegate-walk: "edited"}}\n'


async def edit_one(story: Story, environment: OwnEnvironment, done: set[str]) -> str:
    """Edit the first object of an environment that can be, or what an overlay does to all; its path, "" if none can."""
    root = "" if environment.source in ("", ".") else environment.source.rstrip("/") + "/"
    files = await story.developer.files(BRANCH)
    for path in files:
        inside = path.startswith(root) or path == environment.source
        if not inside or not path.endswith((".yaml", ".yml")) or Path(path).name.startswith("kustomization"):
            continue
        if path in done:
            return path
        text, _ = await story.developer.read(path, BRANCH)
        changed = edited(text) if "apiVersion:" in text else None
        if changed is not None:
            await story.developer.write(path, changed, BRANCH, f"edit {path}")
            done.add(path)
            return path
    for path in (root + each for each in KUSTOMIZATIONS if root + each in files):
        text, _ = await story.developer.read(path, BRANCH)
        if (changed := annotated(text)) is not None:
            await story.developer.write(path, changed, BRANCH, f"edit {path}")
            return path
    return ""


async def asked_if_need_be(story: Story, environment: OwnEnvironment) -> None:
    """Type `/gate apply` where the very first apply, or every apply, is asked for."""

    async def look() -> str | None:
        comment = await story.developer.plan_comment(story.pull)
        body = comment["body"] if comment else ""
        if environment.objects() and any("tidegate-walk" in p.read_text() for p in environment.folder.rglob("*.yaml")):
            return "there"
        return "ask" if f"/gate apply {environment.name}" in body else None

    if await eventually(look, f"{environment.name} was neither applied nor waited to be asked for") == "ask":
        await story.developer.answer(story.pull, f"/gate apply {environment.name}")
