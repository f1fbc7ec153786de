"""What merging makes of commits: which ones a pull request put on its branch, and which ones nobody wrote."""

from collections import Counter

from bot.git import Mirror
from bot.git.objects import CommitInfo
from bot.model.noun import Sha

__all__ = ["is_plain", "landing"]


async def landing(mirror: Mirror, merge: Sha, head: Sha, own: frozenset[Sha] = frozenset()) -> tuple[Sha, ...]:
    """The commits that a merge of `head` put on the branch one after the other, newest first: `merge` and others.

    A rebase makes each of the pull request's commits anew, and keeps who wrote it, when, and the message. `own` are the
    pull request's commits where they are known: a branch that is pushed as it stands puts those there. Only `merge`,
    where it has two parents, is a squash, or the mirror has no `head`.
    """
    landed = [merge]
    while landed[-1] in own and len(parents := await mirror.parents(landed[-1])) == 1 and parents[0] in own:
        landed.append(parents[0])
    if len(landed) > 1 or merge == head or not await mirror.has(head):
        return tuple(landed)
    proposed = Counter(written(each) for each in await mirror.commits(merge, head))
    made = {each.sha: each for each in await mirror.commits(head, merge)}
    found: list[Sha] = []
    at: Sha | None = merge
    while at in made and len(made[at].parents) == 1 and proposed[written(made[at])] > 0:
        proposed[written(made[at])] -= 1
        found.append(at)
        at = made[at].parents[0]
    return tuple(found) or (merge,)


def written(commit: CommitInfo) -> tuple[str, str, str]:
    """What a rebase leaves as it is."""
    return commit.author, commit.written, commit.message


async def is_plain(mirror: Mirror, merge: CommitInfo) -> bool:
    """Whether a merge commit is just what git makes of its two parents, so that whoever made it wrote nothing."""
    return len(merge.parents) == 2 and (await mirror.merge(*merge.parents)).tree == merge.tree
