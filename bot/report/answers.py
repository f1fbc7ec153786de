"""The words with which commands are answered: what happened, or which rule refused and what to type instead."""

from collections.abc import Sequence

from bot.model.environment import Environment
from bot.model.identity import Permission, Person
from bot.model.noun import Digest, Sha
from bot.model.report import Standing
from bot.report.changes import short_digest

__all__ = [
    "ALL_OR_NONE",
    "EDITED",
    "LATE",
    "NOT_MERGED",
    "NOT_SHOWN",
    "NO_PLAN",
    "OLDER_STORE",
    "PLANNED",
    "UNCLEAR",
    "ambiguous",
    "approved",
    "asked",
    "deletions_approved",
    "destroys_more",
    "does_not_render",
    "for_environment",
    "fork_needs",
    "going_back",
    "held",
    "help_text",
    "moved_on",
    "no_right",
    "not_affected",
    "not_an_approver",
    "not_described",
    "not_destroyed",
    "not_on_branch",
    "nothing_pending",
    "nothing_to_approve",
    "refusal",
    "released",
    "standings",
    "status_of",
    "withdrawn",
]

ALL_OR_NONE = " None of this comment's commands was obeyed: they are accepted together or not at all."
EDITED = "This comment was edited, or its first text never reached the server. Type the command again in a new comment."
LATE = "This was found more than an hour after it was written, so it was not obeyed. Type it again if it still holds."
NOT_MERGED = "Only what is merged is applied: merge the pull request first. Its plan is above."
NOT_SHOWN = "no plan was published here before that comment; look at the one above, then type it again"
UNCLEAR = (
    "the plan changed in the very second of that comment, so nobody can tell which one it is about; "
    "look at the one above, then type it again"
)
NO_PLAN = "there is no plan that could be approved; fix what the checks say first"
OLDER_STORE = (
    "the target was written after the last time that the database knows of, so the database is older (a backup): "
    "restore the newer one; or approve here what is merged, and only then release"
)
PLANNED = "Planned again."


def refusal(message: str, suggestion: str, *, several: bool) -> str:
    """What is wrong with a command as it was written, and what to type instead; `several` were written with it."""
    sentence = message[:1].upper() + message[1:] + ("" if message.endswith((".", "?")) else ".")
    return (f"{sentence} Type `{suggestion}`." if suggestion else sentence) + (ALL_OR_NONE if several else "")


def no_right(person: Person, needed: Permission, *, looked_up: bool) -> str:
    """The writer lacks a permission, or it could not be looked up."""
    if not looked_up:
        return (
            f"What {person.login} may do here could not be looked up, so nothing was done. Type it again in a minute."
        )
    return f"This needs {needed.name.lower()} access to the repository, which {person.login} does not have."


def fork_needs(head: str, prefix: str) -> str:
    """A fork's head is planned only when its very commit is named."""
    return (
        "A change from a fork is planned for one commit at a time. "
        f"Read what it changes, then type `{prefix} plan {head}`."
    )


def nothing_to_approve(phase: str) -> str:
    """There is no plan in this thread."""
    reasons = {
        "closed": "the pull request is closed without being merged",
        "conflict": "git cannot merge it; resolve that first",
        "fork": "the fork's commit was not planned yet",
        "misconfigured": "tidegate.yaml has errors; fix them first",
        "unreadable": "it cannot be read; correct that first",
    }
    return f"There is nothing to approve here: {reasons.get(phase, 'it affects no environment')}."


def not_affected(names: Sequence[str]) -> str:
    """The named environments have no plan in this thread."""
    return f"This pull request does not change {', '.join(names)}; there is nothing to act on."


def for_environment(name: str, reason: str) -> str:
    """A reason, for one environment."""
    return f"{name}: {reason.rstrip('.')}."


def not_an_approver(environment: Environment, unknown: bool) -> str:
    """The writer is not among an environment's approvers."""
    if unknown:
        return "the membership could not be looked up, so nothing was done; type it again in a minute"
    who = " or ".join(environment.approvals.approvers) or "everyone with write access"
    return f"this is for {who}"


def moved_on(shown: Digest, now: Digest) -> str:
    """The state that the writer saw is not the one that is planned by now."""
    return (
        f"the plan you saw was for state {short_digest(shown)}; by now it is {short_digest(now)}, shown above. "
        "Look at it, then type it again"
    )


def destroys_more(names: Sequence[str]) -> str:
    """The plan destroys what it did not when the writer saw it, or another form of it."""
    return (
        f"the plan you saw did not destroy {', '.join(names)} as it is now, see above. Look at it, then type it again"
    )


def approved(names: Sequence[str], left_out: Sequence[str]) -> str:
    """Which environments an approval was recorded for, and why not for others."""
    return " ".join([f"Approved: {', '.join(names)}.", *left_out])


def withdrawn(names: Sequence[str]) -> str:
    """Approvals that were taken back."""
    return f"Your approvals here no longer count: {', '.join(names) or 'there were none'}."


def not_destroyed(unknown: Sequence[str], destroyed: Sequence[str]) -> str:
    """Names that the plan does not destroy."""
    planned = f"The plan destroys {', '.join(destroyed)}." if destroyed else "The plan destroys nothing."
    return f"{', '.join(unknown)} would not be destroyed. {planned}" if unknown else planned


def ambiguous(names: Sequence[str], objects: Sequence[str]) -> str:
    """Names that stand for several of the objects that the plan destroys; those are told by their full names."""
    return f"{', '.join(names)} may mean {', '.join(objects)}: write the full name of each that you mean."


def deletions_approved(names: Sequence[str]) -> str:
    """Which objects may be destroyed."""
    return f"May be destroyed: {', '.join(names)}."


def not_on_branch(revision: Sha, branch: str) -> str:
    """A commit that never was on the branch that deploys."""
    return f"{revision[:7]} is not a commit of {branch}; only what was merged is applied"


def going_back(revision: Sha) -> str:
    """A commit that is older than the applied one."""
    return f"{revision[:7]} is older than what is applied; to go back, revert the pull request"


def not_described(revision: Sha, name: str) -> str:
    """A commit whose tidegate.yaml says nothing usable of the environment."""
    return f"tidegate.yaml at {revision[:7]} does not describe {name}"


def does_not_render(revision: Sha, name: str) -> str:
    """A commit at which the environment has no state."""
    return f"{name} does not render at {revision[:7]}"


def nothing_pending(names: Sequence[str]) -> str:
    """Nothing of this pull request waits to be applied."""
    return f"Nothing of this pull request waits to be applied to {', '.join(names) or 'any environment'}."


def asked(names: Sequence[str]) -> str:
    """An apply was asked for; the gate decides."""
    return f"Asked for: {', '.join(names)}. It is applied as soon as the gate lets it; what it waits for is above."


def held(names: Sequence[str], prefix: str) -> str:
    """Nothing is written to these environments."""
    return f"Held: nothing is written to {', '.join(names)} before somebody types `{prefix} release {' '.join(names)}`."


def released(names: Sequence[str]) -> str:
    """No hold and no stop after a partial apply is left, whether there was one or not."""
    return f"Released: nothing holds {', '.join(names)} now."


def help_text(rows: Sequence[tuple[str, str]], prefix: str) -> str:
    """The commands, a line each, with what it does."""
    return "\n".join(["The commands are:", *(f"`{prefix} {syntax}`: {meaning}." for syntax, meaning in rows)])


def status_of(standing: Standing) -> str:
    """Where an environment stands, in one sentence."""
    name, reason = standing.environment, standing.reason
    if not standing.revision:
        return f"{name}: nothing was applied yet{f' ({reason})' if reason else ''}."
    since = f" since {standing.since:%Y-%m-%d %H:%M} UTC" if standing.since else ""
    drifted = f", {standing.drifted} drifted" if standing.drifted else ""
    seen = f" (seen {standing.seen:%H:%M:%S} UTC)" if standing.seen else ""
    return f"{name}: at {standing.revision[:7]}{since}; {reason or standing.health}{drifted}{seen}."


def standings(found: Sequence[Standing], prefix: str) -> str:
    """Where environments stand, a line each, and that they are looked at once more."""
    if not found:
        return "The branch that deploys describes no environment yet."
    again = f"Another look is under way; `{prefix} status` once more tells what it saw."
    return "\n".join([*map(status_of, found), again])
