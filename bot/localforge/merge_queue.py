"""The merge queue: a commit on a branch of its own, which becomes the base when the App's check on it is green.

https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
"""

from dataclasses import replace

from bot.localforge.core import Core
from bot.localforge.errors import ApiError
from bot.localforge.events import tell_group, tell_pull, tell_push
from bot.localforge.git.repository import HEADS
from bot.localforge.git.write import commit_tree, move
from bot.localforge.merging import signature_of
from bot.localforge.pulls import happened
from bot.localforge.pushes import follow_base
from bot.localforge.rows import Account, CheckRun, Pull

__all__ = ["PREFIX", "checked", "enqueue"]

PREFIX = f"{HEADS}gh-readonly-queue/"


async def enqueue(core: Core, pull: Pull, actor: Account) -> str:
    """Put a pull request at the end of its base's queue; the commit that is to be checked. ApiError 405: it cannot be.

    It comes after what is in the queue already, so that its commit holds that too.
    """
    repository = core.state.repositories[pull.repository]
    core.require(repository, actor, "write")
    git = await core.git(repository)
    async with git.lock:
        base = _last(git.refs, pull.base) or git.branches.get(pull.base)
        tree = await git.merged_tree(base, pull.head_sha) if base and pull.state == "open" else None
        if base is None or tree is None:
            raise ApiError(405, "Pull Request is not mergeable")
        message = f"Merge pull request #{pull.number}\n\n{pull.title}"
        made = await commit_tree(git, tree, (base, pull.head_sha), message, signature_of(core, actor))
        ref = f"{PREFIX}{pull.base}/pr-{pull.number}-{base}"
        await move(git, ref, made)
    happened(core, pull, actor, "added to the merge queue", made)
    tell_pull(core, pull, actor, "enqueued")
    await tell_push(core, repository, actor, ref, (None, made))
    tell_group(core, repository, actor, "checks_requested", {"head_sha": made, "head_ref": ref, "base_sha": base})
    return made


def _last(refs: dict[str, str], branch: str) -> str | None:
    """The newest commit of a branch's queue: the one on which no other is built."""
    queued = {name: sha for name, sha in refs.items() if name.startswith(f"{PREFIX}{branch}/pr-")}
    built_on = {name.rpartition("-")[2] for name in queued}
    return next((sha for sha in queued.values() if sha not in built_on), None)


async def checked(core: Core, run: CheckRun) -> None:
    """A check ended: merge what it was asked for by the queue, or take it out."""
    repository = core.state.repositories[run.repository]
    git = await core.git(repository)
    ref = next((name for name, sha in git.refs.items() if sha == run.head_sha and name.startswith(PREFIX)), None)
    if ref is None:
        return
    branch, _, name = ref[len(PREFIX) :].rpartition("/pr-")
    number, _, base = name.partition("-")
    if run.conclusion == "success" and base in [sha for other, sha in git.refs.items() if other.startswith(PREFIX)]:
        return  # the one before it comes first
    pull, bot = core.pull(repository, int(number)), core.bot
    async with git.lock:
        await move(git, ref, None)
        merged = run.conclusion == "success" and git.branches.get(branch) == base
        if merged:
            await move(git, f"{HEADS}{branch}", run.head_sha, base)
    await tell_push(core, repository, bot, ref, (run.head_sha, None))
    if not merged:
        happened(core, pull, bot, "removed from the merge queue")
        tell_pull(core, pull, bot, "dequeued", reason="CI_FAILURE")
        return
    now = core.now()
    closed = replace(pull, state="closed", closed_at=now, merged_at=now, updated_at=now, merged_by=bot.id)
    done = core.state.pulls.put(replace(closed, merge_commit_sha=run.head_sha, base_sha=base))
    happened(core, done, bot, "merged", run.head_sha)
    tell_pull(core, done, bot, "closed")
    await tell_push(core, repository, bot, f"{HEADS}{branch}", (base, run.head_sha))
    await follow_base(core, repository, bot, branch)
    for later in [each for each in core.state.check_runs if each.status == "completed"]:
        await checked(core, later)
