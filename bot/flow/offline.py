"""The spine without a server: two trees of a repository compared, the base's render taken for the live state."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from bot.diff import Live, compare, normalise, object_digest
from bot.errors import PermanentError, RenderError
from bot.flow.assess import Subject, Tools, assess, render
from bot.flow.subject import Load
from bot.gate.facts import Facts
from bot.model.environment import Configuration, Environment
from bot.model.forge import Diagnosis
from bot.model.gate import Assessment, Lease
from bot.model.noun import noun
from bot.model.plan import Applied, Health, Plan
from bot.model.resource import Desired, Resource
from bot.model.tree import Tree
from bot.target import SavedPlan, Target

__all__ = ["Revisions", "preview"]


@noun
class Revisions:
    """What is compared: two trees with their configurations (None: that tree has no tidegate.yaml)."""

    base: Tree
    head: Tree
    before: Configuration | None
    after: Configuration
    load: Load


class Sketch:
    """A plan that is only to be looked at."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    async def apply(self, lease: Lease) -> AsyncIterator[Applied]:
        """Never: nothing is applied offline."""
        raise PermanentError(f"a plan made offline cannot be applied (asked for {lease.key})")
        yield


class BaseRevision:
    """A target that holds what the base revision renders."""

    def __init__(self, name: str, revisions: Revisions, tools: Tools) -> None:
        self.name, self._revisions, self._tools = name, revisions, tools

    async def identity(self, environment: Environment) -> str:
        """The target's name and folder: there is no lasting identity offline."""
        return f"{environment.target}:{environment.scope}"

    async def live(self, environment: Environment) -> Sequence[Resource]:
        """What the base renders for the environment; nothing where it does not know it or does not render."""
        before = self._revisions.before.environment(environment.id.name) if self._revisions.before else None
        if before is None:
            return ()
        try:
            rendered, _ = await render(self._tools, self._revisions.load, before, self._revisions.base)
        except RenderError:
            return ()
        return tuple(normalise(each) for each in rendered.resources)

    @asynccontextmanager
    async def plan(self, environment: Environment, desired: Desired) -> AsyncIterator[SavedPlan]:
        """Compare with the base's render."""
        live = {
            each.id: Live(resource=each, uid="", digest=object_digest(each, self._tools.key))
            for each in await self.live(environment)
        }
        changes = compare({each.id: each for each in desired.resources}, live, desired.objects)
        now = datetime.now(UTC)
        plan = Plan(
            environment=environment.id, desired=desired.digest, destination=desired.destination, changes=changes,
            inventory=len(live), at=now,
        )  # fmt: skip
        yield Sketch(plan)

    async def health(self, environment: Environment) -> Health:
        """Nobody knows offline."""
        return Health(state="unknown", reasons=(f"{environment.id.name} was not looked at",))

    async def watch(self, environment: Environment) -> AsyncIterator[None]:
        """A revision does not change."""
        del environment
        return
        yield

    async def diagnose(self) -> Sequence[Diagnosis]:
        """A revision is always there."""
        return (Diagnosis(subject=f"target {self.name}", ok=True, detail="the base revision"),)


async def preview(tools: Tools, revisions: Revisions, names: frozenset[str], prefix: str) -> tuple[Assessment, ...]:
    """Assess every environment of the head's configuration (or those of `names`) against the base revision."""
    found = []
    for environment in revisions.after.environments:
        if names and environment.id.name not in names:
            continue
        target: Target = BaseRevision(environment.target, revisions, tools)
        targets: Mapping[str, Target] = {environment.target: target}
        subject = Subject(
            environment=environment,
            before=revisions.before.environment(environment.id.name) if revisions.before else None,
            base=revisions.base, head=revisions.head, load=revisions.load, uid="", branch="",
            allowed=frozenset(targets),
        )  # fmt: skip
        offline = replace(tools, targets=targets)
        async with assess(offline, subject, Facts(environment=environment, phase="open", prefix=prefix)) as assessed:
            found.append(assessed.assessment)
    return tuple(found)
