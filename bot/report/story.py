"""What a report tells: one value with everything that a thread's comment, check and page are made from."""

from dataclasses import field
from datetime import datetime
from typing import Literal

from bot.model.environment import Redescribed
from bot.model.forge import PullRequest
from bot.model.gate import Assessment
from bot.model.noun import Sha, noun
from bot.model.plan import Finding
from bot.model.report import Answer

__all__ = ["Phase", "Standing", "Story"]


Phase = Literal[
    "planning", "open", "conflict", "fork", "elsewhere", "unconfigured", "misconfigured", "unreadable", "merged",
    "closed",
]  # fmt: skip
"""See `Story`."""


@noun
class Standing:
    """Where an environment stands after the merge, as far as this pull request is concerned.

    `state`: `applied` (this pull request's part is in force), `waiting` (see the verdict), `failed` (`detail` says
    what), `superseded` (`detail` says why nothing of it was left to apply).
    """

    environment: str
    state: Literal["applied", "waiting", "failed", "superseded"]
    revision: Sha | None = None
    detail: str = ""
    at: datetime | None = None


@noun
class Story:
    """A pull request as Tidegate sees it.

    `phase`: `planning` (nothing computed yet), `open`, `conflict` (with base; `conflicts` names the paths),
    `fork` (not planned before someone with write access says so), `elsewhere` (does not target the default branch),
    `unconfigured` (no tidegate.yaml on the base), `misconfigured` (`findings` say where), `unreadable` (beyond a limit,
    `findings` say what), `merged`, `closed`. A `conflict` without paths has no commit in common with its base.
    `base` is the base head that was merged with; `at` is when this state was planned (UTC).
    `preview` holds the assessments under the tidegate.yaml of the pull request itself, in effect after the merge;
    `former` those of the same environments under the base's, where that is another state, which never comes to be.
    `leaving` are environments that its own tidegate.yaml describes no more, `described` what it says differently.
    `findings` of an `open` one are about changed files that have a schema of their own.
    `links`: `plan` → the full-plan page, `environment:<name>` → that environment's page.
    """

    pull: PullRequest
    phase: Phase
    base: Sha | None = None
    base_branch: str = "main"
    at: datetime | None = None
    assessments: tuple[Assessment, ...] = ()
    preview: tuple[Assessment, ...] = ()
    former: tuple[Assessment, ...] = ()
    unaffected: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    described: tuple[Redescribed, ...] = ()
    standings: tuple[Standing, ...] = ()
    findings: tuple[Finding, ...] = ()
    conflicts: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    prefix: str = "/gate"
    check: Literal["blocking", "approvals"] = "blocking"
    links: dict[str, str] = field(default_factory=dict)
