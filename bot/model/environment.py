"""What `tidegate.yaml` means: environments with their rules."""

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from typing import Any, Literal

from bot.model.identity import EnvironmentId
from bot.model.noun import noun

__all__ = [
    "CONFIGURATION", "ApprovalRule", "Configuration", "Environment", "PolicyLevel", "Redescribed", "Source", "Waiver",
]  # fmt: skip

CONFIGURATION = "tidegate.yaml"
"""Where a repository describes its environments: a file at its root."""

PolicyLevel = Literal["off", "warning", "error"]
"""How a broken policy counts; `off` leaves the policy out."""


@noun
class Source:
    """Where an environment's manifests are. `renderer` None means: the one that claims the path."""

    path: str
    renderer: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@noun
class ApprovalRule:
    """Who must agree. `approvers` are `team:org/name` and `user:login`; empty means everyone with write access.

    `author` allows the authors of the change to count; `reviews` lets a forge review count as an approval.
    """

    count: int = 0
    approvers: tuple[str, ...] = ()
    author: bool = False
    reviews: bool = True


@noun
class Waiver:
    """Somebody answers for objects that break a policy, until `expires` (that day included, UTC).

    `objects` are `Kind/name` or `Kind/namespace/name` with `*` for any run of characters; empty means every object.
    """

    policy: str
    reason: str
    owner: str
    expires: date
    objects: tuple[str, ...] = ()


@noun
class Environment:
    """One environment as a revision of `tidegate.yaml` describes it. `line` is where it stands in that file.

    `policies` are folders in the repository and shipped policies (`builtin:no-latest-tag`), for every environment of
    the file; `policy_levels` change single ones by name here; `waivers` are those that concern this environment.
    `decrypt`: what SOPS encrypted is decrypted when it is applied.
    """

    id: EnvironmentId
    source: Source
    target: str
    scope: str = ""
    apply: Literal["never", "on-command", "on-merge"]
    first_apply: Literal["on-command", "on-merge"] = "on-command"
    drift: Literal["off", "report", "revert"] = "report"
    after: tuple[str, ...] = ()
    approvals: ApprovalRule = ApprovalRule()
    decrypt: bool = False
    plain_secrets: Literal["error", "warning"] = "error"
    missing_schemas: Literal["notice", "error"] = "notice"
    policies: tuple[str, ...] = ()
    policy_levels: Mapping[str, PolicyLevel] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    line: int = field(default=0, compare=False)


@noun
class Configuration:
    """A whole `tidegate.yaml`; one without environments stands in for a file that is not there.

    `check: approvals` makes missing approvals fail the check; `prefix` begins a command.
    `schemas` maps globs of the repository's files to the path of the JSON Schema that they are to satisfy.
    """

    environments: tuple[Environment, ...] = ()
    check: Literal["blocking", "approvals"] = "blocking"
    prefix: str = "/gate"
    schemas: Mapping[str, str] = field(default_factory=dict)

    def environment(self, name: str) -> Environment | None:
        """The environment of that name, or None."""
        return next((each for each in self.environments if each.id.name == name), None)

    def gone_in(self, later: "Configuration") -> tuple[str, ...]:
        """The names of the environments that a later one does not describe any more."""
        described = {each.id.name for each in later.environments}
        return tuple(each.id.name for each in self.environments if each.id.name not in described)


@noun
class Redescribed:
    """What another `tidegate.yaml` says differently of some environments; of the file as a whole where there are none.

    `settings` are (key, before, after): a key as the file has it, its values as people write them, "" for none.
    """

    environments: tuple[str, ...]
    settings: tuple[tuple[str, str, str], ...]
