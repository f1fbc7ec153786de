"""An earlier revision of the branch that somebody asks to have applied instead of its head."""

from bot.errors import InputError
from bot.flow.assess import assess
from bot.flow.ground import described, last_seen
from bot.flow.pending import Before, pending
from bot.flow.world import World
from bot.model.forge import Repository
from bot.model.identity import EnvironmentId
from bot.model.noun import Digest, Sha, noun
from bot.report import answers
from bot.store import environments

__all__ = ["Earlier", "earlier"]


@noun
class Earlier:
    """A revision, and the state that it renders for an environment."""

    revision: Sha
    digest: Digest


async def earlier(world: World, repository: Repository, id: EnvironmentId, commit: str) -> Earlier:
    """What `commit` (7 to 40 digits) would make of an environment. InputError: why it cannot be a candidate."""
    ground = await last_seen(world, repository)
    revision = await ground.mirror.resolve(commit)
    if not await ground.mirror.descends(revision, ground.base):
        raise InputError(answers.not_on_branch(revision, repository.default_branch))
    row = await world.store.read(lambda conn: environments.find(conn, id))
    if row is not None and row.applied and not await ground.mirror.descends(row.applied.revision, revision):
        raise InputError(answers.going_back(revision))
    found = await described(ground, revision, id.name)
    if found is None:
        raise InputError(answers.not_described(revision, id.name))
    candidate = await pending(world, ground, found, Before())
    async with assess(world.tools, candidate.subject, candidate.facts) as assessed:
        head = assessed.assessment.head
    if head is None:
        raise InputError(answers.does_not_render(revision, id.name))
    return Earlier(revision=revision, digest=head.digest)
