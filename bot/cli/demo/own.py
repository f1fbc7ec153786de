"""Somebody's own repository: cloned, never written to; what its tidegate.yaml means, or the one that is proposed."""

from pathlib import Path

from bot.cli.local import meaning
from bot.config import propose
from bot.config.propose import candidates
from bot.errors import ConfigurationError, InputError
from bot.git.local import LocalRepository
from bot.model.noun import Sha, noun

__all__ = ["OwnEnvironmentInGit", "OwnRepository", "read_own"]

FILE = "tidegate.yaml"


@noun
class OwnEnvironmentInGit:
    """An environment as the repository describes it."""

    name: str
    source: str
    target: str
    scope: str


@noun
class OwnRepository:
    """The repository and its present commit, its environments, the teams that approve, and the proposed tidegate.yaml
    ("" when it has one).
    """

    name: str
    top: Path
    head: Sha
    environments: tuple[OwnEnvironmentInGit, ...]
    teams: frozenset[str]
    proposal: str


async def read_own(repository: Path) -> OwnRepository:
    """Read a repository's present commit. InputError: it is none, or its file cannot be used or proposed."""
    local = await LocalRepository.find(repository)
    head = await local.resolve("HEAD")
    tree = await local.tree(head)
    tree = await local.load(tree, candidates(tree) | {FILE})
    proposal = ""
    if FILE in tree.entries:
        text = tree.read(FILE)
    else:
        proposed = propose(tree)
        if not proposed.environments:
            raise InputError(
                f"{repository} holds no overlay, chart or folder of manifests; write a {FILE} and commit it first"
            )
        proposal, text = proposed.text, proposed.text.encode()
    try:
        found = meaning(text, local, tree)
    except ConfigurationError as error:
        raise InputError(f"{FILE}: {error}") from None
    return OwnRepository(
        name=local.top.name, top=local.top, head=head, proposal=proposal,
        environments=tuple(
            OwnEnvironmentInGit(name=e.id.name, source=e.source.path, target=e.target, scope=e.scope)
            for e in found.environments
        ),
        teams=frozenset(
            each.removeprefix("team:") for e in found.environments for each in e.approvals.approvers
            if each.startswith("team:")
        ),
    )  # fmt: skip
