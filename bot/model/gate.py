"""Approvals and verdicts: what was agreed to, and what the gate answers."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Literal

from bot.model.environment import ApprovalRule, Environment, Redescribed
from bot.model.identity import Person, PullRequestId
from bot.model.noun import Digest, noun
from bot.model.plan import Finding, Plan
from bot.model.resource import Desired, ResourceId

__all__ = ["Approval", "Asked", "Assessment", "Comparison", "Hold", "Lease", "State", "Verdict"]

State = Literal["pass", "fail", "unknown", "wait", "skip"]
"""Of a rule: satisfied; broken; could not be evaluated; not yet; does not apply."""


@noun
class Approval:
    """Somebody agreed to a state of an environment, as the plan in `pull_request`'s thread showed it.

    `objects` are the changed objects with the digests they are to have; `destroys` the (id, uid) it may destroy.
    """

    environment: str
    pull_request: PullRequestId
    desired: Digest
    objects: Mapping[ResourceId, Digest] = field(repr=False)
    destroys: frozenset[tuple[ResourceId, str]] = frozenset()
    by: Person
    how: Literal["command", "review", "deletions"]
    at: datetime


@noun
class Asked:
    """Somebody with write access typed `apply` when this digest was shown."""

    digest: Digest
    by: Person


@noun
class Hold:
    """`/gate hold` by somebody, since `at`."""

    by: str
    reason: str
    at: datetime


@noun
class Verdict:
    """A node of the gate's answer: the rule, its state and reason, who can satisfy it and the next command to type."""

    rule: str
    state: State
    reason: str
    who: tuple[str, ...] = ()
    next: str = ""
    children: tuple["Verdict", ...] = ()


@noun
class Assessment:
    """What one environment would become: the spine's result, for the pull request and for the apply alike.

    `base` is None where the environment is new. `head` and `plan` are None where the render failed; `findings` say why.
    `to_approve` are the objects, in their form, that approving the head is about; `checked` counts those that were
    checked; `preview` marks an environment as the pull request's own `tidegate.yaml` would have it (in effect after the
    merge). `rules` are all that must be satisfied, those of the applied revision too.
    """

    environment: Environment
    base: Desired | None
    head: Desired | None
    plan: Plan | None
    to_approve: Mapping[ResourceId, Digest] = field(default_factory=dict, repr=False)
    findings: tuple[Finding, ...] = ()
    checked: int = 0
    preview: bool = False
    rules: tuple[ApprovalRule, ...] = ()
    verdict: Verdict | None = None


@noun
class Comparison:
    """What lies between two revisions of a repository, as far as its environments go.

    `leaving` are those that tidegate.yaml describes no more, `described` is what it says differently of others.
    """

    assessments: tuple[Assessment, ...]
    leaving: tuple[str, ...] = ()
    described: tuple[Redescribed, ...] = ()


@noun
class Lease:
    """The right to work on a key: `epoch` fences every write, `claimed` is what will be settled, `until` is UTC."""

    key: str
    epoch: int
    claimed: int
    until: datetime
