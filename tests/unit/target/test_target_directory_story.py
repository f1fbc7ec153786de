"""Any sequence of applies, interruptions and strangers' deeds: ours ends as desired, theirs stays as it was."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.diff import object_digest
from bot.document import dump
from bot.model.environment import Environment, Source
from bot.model.gate import Lease
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.noun import Digest, Sha
from bot.model.resource import Desired, Resource, ResourceId
from bot.target.directory import Directory

KEY = b"k" * 32
MEMORY = Path("/dev/shm")
"""Every write waits for the disk, which hundreds of stories need not do."""

ENVIRONMENT = Environment(
    id=EnvironmentId(repository=RepositoryId(forge="github", number=1, path="a/b"), name="prod"),
    source=Source(path="prod"), target="t", apply="on-merge",
)  # fmt: skip
names = st.sampled_from("abcd")
states = st.dictionaries(names, st.sampled_from("xyz"), min_size=1, max_size=4)


def pod(name: str, value: str) -> Resource:
    """An object with one value."""
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"value": value}}
    return Resource(id=ResourceId(type="Pod", name=name), body=body)


class Story(RuleBasedStateMachine):
    """`theirs` are the files that strangers put at free names; `ours` are the names that an apply made."""

    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.folder = Path(self.temporary.name) / "prod"
        self.target = Directory("t", self.folder, KEY)
        self.epoch = 0
        self.ours: dict[str, str] = {}
        self.theirs: dict[str, str] = {}
        asyncio.run(self.target.identity(ENVIRONMENT))

    def teardown(self) -> None:
        self.temporary.cleanup()

    def file(self, name: str) -> Path:
        """Where an object is."""
        return self.folder / f"pod_{name}.yaml"

    async def run(self, state: dict[str, str], results: int) -> None:
        """Plan; apply as far as `results` go (0: to the end). A plan with a conflict is left."""
        resources = tuple(pod(name, value) for name, value in state.items())
        desired = Desired(
            environment=ENVIRONMENT.id, revision=Sha("0" * 40), destination=await self.target.identity(ENVIRONMENT),
            scope="", resources=resources, digest=Digest("d1:x"),
            objects={each.id: object_digest(each, KEY) for each in resources},
        )  # fmt: skip
        async with self.target.plan(ENVIRONMENT, desired) as saved:
            blocked = {change.id.name for change in saved.plan.changes if change.conflict}
            assert blocked == state.keys() & self.theirs.keys()
            if blocked:
                return
            self.epoch += 1
            applying = saved.apply(Lease(key="k", epoch=self.epoch, claimed=0, until=saved.plan.at))
            count = 0
            async for each in applying:
                if each.state == "done":
                    self.done(each.id.name, state)
                count += 1
                if count == results:
                    await applying.aclose()  # type: ignore[attr-defined]  # it is a generator; the protocol says iterator
                    return
        assert {path.name for path in self.folder.glob("*.yaml")} == {
            self.file(name).name for name in {**state, **self.theirs}
        }
        self.ours = dict(state)

    def done(self, name: str, state: dict[str, str]) -> None:
        """An object was written or removed."""
        if name in state:
            self.ours[name] = state[name]
        else:
            del self.ours[name]

    @rule(state=states)
    def apply(self, state: dict[str, str]) -> None:
        asyncio.run(self.run(state, 0))

    @rule(state=states, results=st.integers(1, 6))
    def interrupt(self, state: dict[str, str], results: int) -> None:
        asyncio.run(self.run(state, results))

    @rule(name=names, content=st.sampled_from(["", "junk: [", "kind: Pod"]))
    def spoil(self, name: str, content: str) -> None:
        if name in self.ours:
            self.file(name).write_text(content)
            del self.ours[name]
            asyncio.run(self.run({**self.ours, name: "x"}, 0))

    @rule(name=names)
    def remove(self, name: str) -> None:
        if name in self.ours:
            self.file(name).unlink()
            asyncio.run(self.run(dict(self.ours), 0))

    @rule(name=names)
    def stranger(self, name: str) -> None:
        if name not in self.ours and not self.file(name).exists():
            self.theirs[name] = f"theirs {name}"
            self.file(name).write_text(self.theirs[name])

    @rule(name=names)
    def stranger_leaves(self, name: str) -> None:
        if self.theirs.pop(name, None):
            self.file(name).unlink()

    @invariant()
    def theirs_is_untouched(self) -> None:
        assert {name: self.file(name).read_text() for name in self.theirs} == self.theirs

    @invariant()
    def ours_is_as_applied(self) -> None:
        for name, value in self.ours.items():
            assert self.file(name).read_text() == dump(pod(name, value).body)


TestStory = Story.TestCase
TestStory.settings = hypothesis_settings(max_examples=30, stateful_step_count=12)
