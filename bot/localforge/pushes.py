"""What follows from moved branches: pull requests get a new head, close, or turn out to be merged; hooks are told."""

from dataclasses import replace

from bot.localforge.core import Core
from bot.localforge.events import tell_pull, tell_push
from bot.localforge.git.repository import HEADS
from bot.localforge.pulls import close, happened, show_head
from bot.localforge.rows import Account, Pull, Repository

__all__ = ["follow", "follow_base"]


async def follow(core: Core, repository: Repository, sender: Account, before: dict[str, str]) -> None:
    """Compare the refs as they were with what they are, and let everything else follow."""
    after = (await core.git(repository)).refs
    for ref in sorted(before.keys() | after.keys()):
        old, new = before.get(ref), after.get(ref)
        if old == new or not ref.startswith(HEADS):
            continue
        await tell_push(core, repository, sender, ref, (old, new))
        branch = ref[len(HEADS) :]
        for pull in core.state.pulls:
            if pull.state == "open" and (pull.head_repository, pull.head) == (repository.id, branch):
                await _follow_head(core, pull, sender, new)
        await follow_base(core, repository, sender, branch)


async def _follow_head(core: Core, pull: Pull, sender: Account, new: str | None) -> None:
    if new is None:
        close(core, pull, core.known(pull.account))
        return
    base = (await core.git(core.state.repositories[pull.repository])).branches.get(pull.base, pull.base_sha)
    moved = core.state.pulls.put(replace(pull, head_sha=new, base_sha=base, updated_at=core.now()))
    await show_head(core, moved)
    happened(core, moved, sender, "pushed", f"{pull.head_sha[:7]} → {new[:7]}")
    tell_pull(core, moved, sender, "synchronize", before=pull.head_sha, after=new)


async def follow_base(core: Core, repository: Repository, sender: Account, branch: str) -> None:
    """A branch moved: open pull requests into it are compared with it anew, and those it holds already are merged."""
    git = await core.git(repository)
    tip = git.branches.get(branch)
    for pull in core.pulls(repository, "open"):
        if pull.base != branch or tip is None or pull.base_sha == tip:
            continue
        if await git.merge_base(tip, pull.head_sha) != pull.head_sha:
            core.state.pulls.put(replace(pull, base_sha=tip))
            continue
        now = core.now()
        closed = replace(pull, state="closed", closed_at=now, updated_at=now)
        merged = core.state.pulls.put(replace(closed, merged_at=now, merged_by=sender.id, merge_commit_sha=tip))
        happened(core, merged, sender, "merged", tip)
        tell_pull(core, merged, sender, "closed")
