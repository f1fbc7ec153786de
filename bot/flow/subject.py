"""What the spine works with and on: the adapters, one environment with its revisions, and what comes of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field

from bot.errors import InputError
from bot.flow.evaluate import Evaluator
from bot.model.environment import Environment
from bot.model.gate import Asked, Assessment
from bot.model.kubernetes import Kubernetes
from bot.model.noun import noun
from bot.model.tree import Elsewhere, Tree
from bot.render import Renderer
from bot.target import SavedPlan, Target

__all__ = ["Assessed", "Fetch", "Load", "Made", "Ruling", "Subject", "Tools", "nothing_from_elsewhere"]

Load = Callable[[Tree, frozenset[str]], Awaitable[Tree]]

Fetch = Callable[[Elsewhere], Awaitable[Tree]]


async def nothing_from_elsewhere(wanted: Elsewhere) -> Tree:
    """Where nothing can be fetched. InputError: always."""
    raise InputError(f"{wanted.url} is outside the repository, and nothing is fetched from elsewhere here")


@noun
class Tools:
    """The adapters that the spine works with. `key` seals object digests, so that stored ones give no secret away.

    `renderers` tell what a render reads, `evaluator` renders and checks, and `fetch` brings what a render needs from
    outside the repository. `kubernetes` holds the API of each target by name.
    """

    renderers: tuple[Renderer, ...]
    evaluator: Evaluator
    targets: Mapping[str, Target]
    key: bytes
    fetch: Fetch = nothing_from_elsewhere
    kubernetes: Mapping[str, Kubernetes] = field(default_factory=dict)
    scheme: str = "d1"

    def api(self, environment: Environment) -> Kubernetes:
        """The API that an environment's manifests are for: its target's, else the newest that is known."""
        return self.kubernetes.get(environment.target, Kubernetes())


@noun
class Ruling:
    """Policies that count: those that `environment` names (with its levels and waivers), as they stand in `tree`."""

    environment: Environment
    tree: Tree


@noun
class Made:
    """How the applied state was made: its revision's tree, the environment as that describes it, and the programs."""

    environment: Environment
    tree: Tree
    tools: tuple[str, ...]


@noun
class Subject:
    """What is to be assessed: `head` as `environment` describes it, compared with `base` as `before` described it.

    `rulings` say by which policies, all of which must be kept; none means by those of `head` itself.
    `uid` is the environment's immutable id. `branch` is the one that deploys. `allowed` are the targets that the
    server lets this repository use. `destination` is where the recorded applied state is: at another one nothing was
    applied yet. `made` is how it was made, where it is to be found out whether the programs of today make the same.
    """

    environment: Environment
    before: Environment | None
    base: Tree | None
    head: Tree
    load: Load
    uid: str
    branch: str
    allowed: frozenset[str]
    destination: str = ""
    asked: Asked | None = None
    preview: bool = False
    rulings: tuple[Ruling, ...] = ()
    made: Made | None = None


@noun
class Assessed:
    """An assessment with the plan that can be carried out while the context is open (None: there is none)."""

    assessment: Assessment
    saved: SavedPlan | None
