"""By which policies a state is judged: those of its own revision and those that were in force before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.flow.evaluate import Changes, Files, Render
from bot.flow.judge import judge
from bot.flow.subject import Ruling, Subject, Tools
from bot.model.environment import Environment, Source, Waiver
from bot.model.examined import Examined
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.noun import Digest, Sha
from bot.model.plan import Change, Finding
from bot.model.resource import Desired, Rendered
from bot.model.tree import Entry, Tree
from tests.support.trees import loaded

SHOP = RepositoryId(forge="github", number=1, path="acme/shop")
ENVIRONMENT = Environment(
    id=EnvironmentId(repository=SHOP, name="prod"), source=Source(path="envs"), target="prod", apply="never",
    policies=("policies",),
)  # fmt: skip
DESIRED = Desired(
    environment=ENVIRONMENT.id, revision=Sha("a" * 40), destination="", scope="", resources=(), objects={},
    digest=Digest("d1:a"),
)  # fmt: skip


class Reader:
    """An evaluator that finds the text of each policy file, once."""

    def __init__(self) -> None:
        self.asked: list[Examined] = []

    async def check(self, turn: RepositoryId, examined: Examined) -> Sequence[Finding]:
        """A finding per policy file."""
        self.asked.append(examined)
        tree = examined.policies
        assert tree is not None
        texts = [tree.read(path).decode() for path in sorted(tree.entries)]
        return [Finding(check="policies", level="error", message=text) for text in texts]

    async def render(self, turn: RepositoryId, work: Render) -> Rendered:
        raise AssertionError("nothing is rendered here")

    async def files(self, turn: RepositoryId, work: Files) -> Sequence[Finding]:
        raise AssertionError("no file is validated here")

    async def conceal(self, turn: RepositoryId, work: Changes) -> Sequence[Change]:
        raise AssertionError("nothing is shown here")

    async def close(self) -> None:
        """Nothing to end."""


def revision(letter: str, **policies: str) -> Tree:
    """A tree with policy files."""
    blobs = {Sha(letter + name): text.encode() for name, text in policies.items()}
    entries = {
        f"policies/{name}": Entry(path=f"policies/{name}", mode="100644", blob=Sha(letter + name), size=1)
        for name in policies
    }
    return Tree(revision=Sha(letter * 40), entries=entries, blobs=blobs)


def subject(*rulings: Ruling) -> Subject:
    """A subject judged by these rulings."""
    return Subject(
        environment=ENVIRONMENT, before=None, base=None, head=revision("a", own="own"), load=loaded, uid="u",
        branch="main", allowed=frozenset(), rulings=rulings,
    )  # fmt: skip


async def asked(*rulings: Ruling, found: Subject | None = None, base: Desired | None = None) -> list[Examined]:
    """What the checks were asked to look at."""
    reader = Reader()
    await judge(
        Tools(renderers=(), evaluator=reader, targets={}, key=b""),
        found or subject(*rulings),
        DESIRED,
        base,
        revision("a"),
    )
    return reader.asked


async def said(*rulings: Ruling) -> tuple[list[str], int]:
    """The messages, and how often the checks were asked."""
    reader = Reader()
    tools = Tools(renderers=(), evaluator=reader, targets={}, key=b"")
    found = await judge(tools, subject(*rulings), DESIRED, None, revision("a"))
    return [each.message for each in found], len(reader.asked)


async def test_a_loosened_policy_is_kept_for_the_revision_that_loosens_it() -> None:
    before, after = revision("b", strict="strict", shared="x"), revision("c", shared="x")
    found, _ = await said(Ruling(environment=ENVIRONMENT, tree=after), Ruling(environment=ENVIRONMENT, tree=before))
    assert found == ["x", "strict"]


async def test_a_policy_that_is_no_longer_named_is_kept_too() -> None:
    tree = revision("b", strict="strict")
    without = replace(ENVIRONMENT, policies=())
    found, _ = await said(Ruling(environment=without, tree=tree), Ruling(environment=ENVIRONMENT, tree=tree))
    assert found == ["strict"]


async def test_a_policy_of_tidegate_that_is_no_longer_named_is_kept_too() -> None:
    tree, shipped = revision("b"), replace(ENVIRONMENT, policies=("builtin:no-latest-tag",))
    without = replace(ENVIRONMENT, policies=())
    looked = await asked(Ruling(environment=without, tree=tree), Ruling(environment=shipped, tree=tree))
    assert [each.environment.policies for each in looked] == [(), ("builtin:no-latest-tag",)]


@pytest.mark.parametrize("folder", ["policies/", "./policies", "policies/./"])
async def test_a_folder_of_policies_is_found_however_it_is_written(folder: str) -> None:
    tree = revision("b", strict="strict")
    found, _ = await said(Ruling(environment=replace(ENVIRONMENT, policies=(folder,)), tree=tree))
    assert found == ["strict"]


async def test_a_policy_that_is_added_counts_at_once() -> None:
    before, after = revision("b"), revision("c", new="new")
    found, _ = await said(Ruling(environment=ENVIRONMENT, tree=after), Ruling(environment=ENVIRONMENT, tree=before))
    assert found == ["new"]


WAIVER = Waiver(policy="no-latest-tag", reason="soon", owner="ana", expires=date(2027, 1, 1))


@pytest.mark.parametrize("more", [{"waivers": (WAIVER,)}, {"policy_levels": {"no-latest-tag": "off"}}])
async def test_a_waiver_or_a_level_that_is_added_waives_nothing_for_those_who_ruled_before(
    more: dict[str, Any],
) -> None:
    tree, waived = revision("b", strict="strict"), replace(ENVIRONMENT, **more)
    looked = await asked(Ruling(environment=waived, tree=tree), Ruling(environment=ENVIRONMENT, tree=tree))
    assert [(each.environment.waivers, each.environment.policy_levels) for each in looked] == [
        (waived.waivers, waived.policy_levels), (ENVIRONMENT.waivers, ENVIRONMENT.policy_levels),
    ]  # fmt: skip


async def test_what_was_there_before_is_told_or_said_to_be_unknown() -> None:
    both = replace(subject(), base=revision("b"), before=ENVIRONMENT)
    added = replace(both, before=None)
    (known,), (unknown,) = await asked(found=both, base=DESIRED), await asked(found=both)
    (new,), (first,) = await asked(found=added), await asked()
    assert (known.before, unknown.before, new.before, first.before) == ((), None, (), ())


async def test_the_files_that_were_read_are_looked_at_too() -> None:
    reader, files = Reader(), revision("c", read="x", other="y")
    part = replace(files, blobs={Sha("cread"): b"x"})
    await judge(Tools(renderers=(), evaluator=reader, targets={}, key=b""), subject(), DESIRED, None, part)
    assert [each.files.blobs for each in reader.asked if each.files] == [{Sha("cread"): b"x"}]


async def test_the_same_policies_are_asked_once() -> None:
    tree = revision("b", strict="strict")
    later = replace(tree, revision=Sha("d" * 40))
    found, asked = await said(Ruling(environment=ENVIRONMENT, tree=tree), Ruling(environment=ENVIRONMENT, tree=later))
    assert (found, asked) == (["strict"], 1)


async def test_without_a_ruling_the_heads_own_policies_count() -> None:
    assert (await said())[0] == ["own"]
