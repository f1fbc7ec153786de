"""Who and what: repositories, pull requests, environments, people, and the keys of the queue."""

from dataclasses import field
from enum import IntEnum

from bot.model.noun import noun

__all__ = [
    "EnvironmentId",
    "Key",
    "Permission",
    "Person",
    "PullRequestId",
    "RepositoryId",
    "ResourceId",
    "Wake",
    "key_text",
    "repository_of",
]


@noun
class RepositoryId:
    """A repository of a forge. `number` is the forge's immutable id; `path` (owner/name) may change: not compared."""

    forge: str
    number: int
    path: str = field(compare=False)

    def __str__(self) -> str:
        return f"{self.forge}:{self.path}"


@noun
class PullRequestId:
    """A pull request (GitHub) or merge request (GitLab), by its number within the repository."""

    repository: RepositoryId
    number: int

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"


@noun
class EnvironmentId:
    """An environment by its name in `tidegate.yaml`."""

    repository: RepositoryId
    name: str

    def __str__(self) -> str:
        return f"{self.repository}/{self.name}"


Key = RepositoryId | PullRequestId | EnvironmentId
"""What a piece of work is about; the queue holds one row per key."""


def key_text(key: Key) -> str:
    """The key as one line of text, stable when a repository is renamed: `pull:github:17:4`."""
    match key:
        case RepositoryId(forge=forge, number=number):
            return f"repository:{forge}:{number}"
        case PullRequestId(repository=repository, number=number):
            return f"pull:{repository.forge}:{repository.number}:{number}"
        case EnvironmentId(repository=repository, name=name):
            return f"environment:{repository.forge}:{repository.number}:{name}"


def repository_of(key: Key) -> RepositoryId:
    """The repository that a key is of."""
    return key if isinstance(key, RepositoryId) else key.repository


@noun
class Wake:
    """A hint: look at `key`. The reason is for logs only; all facts are read again."""

    key: Key
    reason: str


@noun
class Person:
    """An account of a forge. `id` is immutable and is what rules compare; `login` is for people to read."""

    id: int
    login: str = field(compare=False)
    bot: bool = field(default=False, compare=False)


class Permission(IntEnum):
    """What an account may do in a repository, in rising order."""

    NONE = 0
    READ = 1
    WRITE = 2
    ADMIN = 3


@noun
class ResourceId:
    """Identity of a resource: `type` is `Deployment.apps` or `Secret` (kind and group), `scope` the namespace or ""."""

    type: str
    name: str
    scope: str = ""

    @property
    def kind(self) -> str:
        """The kind without its group."""
        return self.type.partition(".")[0]

    @property
    def group(self) -> str:
        """The API group; "" is the core group."""
        return self.type.partition(".")[2]

    def __str__(self) -> str:
        return f"{self.kind} {self.scope}/{self.name}" if self.scope else f"{self.kind} {self.name}"
