"""Everything the gate is told; it looks nothing up itself."""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from bot.model.environment import ApprovalRule, Environment
from bot.model.gate import Approval, Hold
from bot.model.identity import Person
from bot.model.noun import Digest, noun
from bot.model.plan import Finding, Plan
from bot.model.resource import Desired, ResourceId

__all__ = ["Facts", "Shown", "Upstream"]


@noun
class Upstream:
    """An environment of `after`: `healthy` when it ran healthy at what this revision renders for it."""

    name: str
    state: Literal["healthy", "waiting", "unknown"]


@noun
class Shown:
    """What a rider's last plan before its merge showed for this environment; it counts if no approval is required."""

    objects: Mapping[ResourceId, Digest] = field(repr=False)
    destroys: frozenset[tuple[ResourceId, str]] = frozenset()


@noun
class Facts:
    """What is known about one environment and the state it may become.

    `phase`: a pull request that is open, or the base head that is to be applied (`merged`).
    `desired`, `plan`: None where the render failed; then `findings` says why.
    `rules`: the approval rules that must all be satisfied (of the candidate's revision and of the applied one).
    `applied`: each object's digest in the recorded applied state; None where nothing was applied yet.
    `approvals`: of this pull request (open) or of all riders (merged), neither withdrawn nor spent.
    `shown`: one per rider.  `standing`: per person id, whether they belong to the approvers; None: the lookup failed.
    `authors`: ids whose approval does not count under `author: false`; `openers` opened a rider; `strangers` are e-mail
    addresses of authors without an account: then somebody other than an opener must approve.
    `asked`: somebody with write access typed `/gate apply` for exactly this digest.
    `destroyed`: objects destroyed here in the last 24 hours that no approval named.
    `forced`: the base does not descend from the applied revision. `partial`: an earlier apply stopped half-way.
    `upgraded`: between which programs the render of the applied revision changed, so that what runs cannot be made
    again; "" where it can.
    """

    environment: Environment
    phase: Literal["open", "merged"]
    prefix: str = "/gate"
    desired: Desired | None = None
    plan: Plan | None = None
    findings: tuple[Finding, ...] = ()
    rules: tuple[ApprovalRule, ...] = ()
    applied: Mapping[ResourceId, Digest] | None = field(default=None, repr=False)
    approvals: tuple[Approval, ...] = ()
    shown: tuple[Shown, ...] = ()
    standing: Mapping[int, bool | None] = field(default_factory=dict)
    authors: frozenset[int] = frozenset()
    openers: frozenset[int] = frozenset()
    strangers: tuple[str, ...] = ()
    asked: Person | None = None
    held: Hold | None = None
    after: tuple[Upstream, ...] = ()
    destroyed: int = 0
    forced: bool = False
    partial: bool = False
    upgraded: str = ""

    def command(self, verb: str) -> str:
        """What to type: `/gate approve prod`."""
        return f"{self.prefix} {verb} {self.environment.id.name}"
