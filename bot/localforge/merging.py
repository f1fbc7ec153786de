"""The merge button: git's own merge, made without a checkout."""

from dataclasses import replace

from bot.localforge.core import Core
from bot.localforge.errors import ApiError
from bot.localforge.events import tell_pull, tell_push
from bot.localforge.git.repository import GitDir
from bot.localforge.git.values import Signature
from bot.localforge.git.write import Moved, commit_tree, copy, move
from bot.localforge.pulls import happened
from bot.localforge.pushes import follow, follow_base
from bot.localforge.rows import Account, Pull

__all__ = ["merge", "signature_of", "update_branch"]


def _not_mergeable() -> ApiError:
    return ApiError(405, "Pull Request is not mergeable")


def signature_of(core: Core, account: Account) -> Signature:
    """How an account signs a commit made now."""
    return Signature(account.name or account.login, account.email or account.private_email, core.now())


async def merge(
    core: Core, pull: Pull, actor: Account, method: str, sha: str | None, message: str | None = None
) -> Pull:
    """Merge by `merge`, `squash` or `rebase`. ApiError 405: it cannot be merged (so); 409: the head is not at `sha`."""
    repository = core.state.repositories[pull.repository]
    core.require(repository, actor, "write")
    if method not in METHODS:
        raise ApiError(405, f"{method.title()} merges are not allowed on this repository.")
    git = await core.git(repository)
    async with git.lock:
        pull = core.state.pulls[pull.id]
        base = git.branches.get(pull.base)
        if pull.state != "open" or pull.draft or base is None:
            raise _not_mergeable()
        if sha is not None and sha != pull.head_sha:
            raise ApiError(409, "Head branch was modified. Review and try the merge again.")
        tree = await git.merged_tree(base, pull.head_sha)
        if tree is None:
            raise _not_mergeable()
        made = await METHODS[method](core, pull, actor, (tree, base), message)
        try:
            await move(git, f"refs/heads/{pull.base}", made, base)
        except Moved as error:
            raise ApiError(409, "Base branch was modified. Review and try the merge again.") from error
        now = core.now()
        merged = core.state.pulls.put(
            replace(
                pull,
                state="closed",
                closed_at=now,
                merged_at=now,
                updated_at=now,
                merged_by=actor.id,
                merge_commit_sha=made,
                base_sha=base,
            )
        )
    happened(core, merged, actor, "merged", made)
    tell_pull(core, merged, actor, "closed")
    await tell_push(core, repository, actor, f"refs/heads/{pull.base}", (base, made))
    await follow_base(core, repository, actor, pull.base)
    return merged


async def update_branch(core: Core, pull: Pull, actor: Account) -> None:
    """ "Update branch": merge the base into the head, written by who pressed it and committed by GitHub.

    ApiError 422: they conflict; 403: who presses it cannot write to the head's repository.
    """
    source, repository = (core.state.repositories[id] for id in (pull.head_repository, pull.repository))
    core.require(source, actor, "write")
    git, base = await core.git(source), (await core.git(repository)).branches.get(pull.base, pull.base_sha)
    if source.id != repository.id:
        await copy(git, core.git_path(repository), [f"refs/heads/{pull.base}"])
    async with git.lock:
        before = dict(git.refs)
        tree = await git.merged_tree(pull.head_sha, base)
        if tree is None:
            raise ApiError(422, "merge conflict between base and head")
        text = f"Merge branch '{pull.base}' into {pull.head}"
        made = await commit_tree(git, tree, (pull.head_sha, base), text, signature_of(core, actor))
        await move(git, f"refs/heads/{pull.head}", made, pull.head_sha)
    await follow(core, source, actor, before)


async def _merge(core: Core, pull: Pull, actor: Account, onto: tuple[str, str], message: str | None) -> str:
    tree, base = onto
    git = await core.git(core.state.repositories[pull.repository])
    owner = core.known(core.state.repositories[pull.head_repository].owner).login
    text = message or f"Merge pull request #{pull.number} from {owner}/{pull.head}\n\n{pull.title}"
    return await commit_tree(git, tree, (base, pull.head_sha), text, signature_of(core, actor))


async def _squash(core: Core, pull: Pull, _: Account, onto: tuple[str, str], message: str | None) -> str:
    tree, base = onto
    git = await core.git(core.state.repositories[pull.repository])
    author = signature_of(core, core.known(pull.account))
    text = message or f"{pull.title} (#{pull.number})"
    trailers = await _co_authors(git, pull, base, author.email)
    return await commit_tree(git, tree, (base,), f"{text}\n\n{trailers}" if trailers else text, author)


async def _co_authors(git: GitDir, pull: Pull, base: str, author: str) -> str:
    commits = await git.log(pull.head_sha, base)
    others = {commit.author.email: commit.author.name for commit in reversed(commits) if commit.author.email != author}
    return "\n".join(f"Co-authored-by: {name} <{email}>" for email, name in others.items())


async def _rebase(core: Core, pull: Pull, actor: Account, onto: tuple[str, str], _: str | None) -> str:
    """Every commit once more on the base, by its author and committed by who pressed the button.

    https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges
    """
    tip = onto[1]
    git = await core.git(core.state.repositories[pull.repository])
    for commit in reversed(await git.log(pull.head_sha, tip)):
        if len(commit.parents) != 1:
            continue
        # a commit with the tip's files on the commit's own parent: then that parent is what both have in common
        base = await commit_tree(git, await _tree_of(git, tip), commit.parents, "", commit.author)
        tree = await git.merged_tree(base, commit.sha)
        if tree is None:
            raise ApiError(405, "This branch can't be rebased")
        tip = await commit_tree(git, tree, (tip,), commit.message, commit.author, signature_of(core, actor))
    return tip


async def _tree_of(git: GitDir, sha: str) -> str:
    return (await git.commit(sha)).tree


METHODS = {"merge": _merge, "squash": _squash, "rebase": _rebase}
