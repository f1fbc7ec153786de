"""The shape of a check that an operator writes. Nothing here is needed at run time: plain dicts and lists are enough.

An entry point of the group `tidegate.checks` loads to an object like `OwnCheck`.
"""

from typing import Any, Literal, NotRequired, Protocol, TypedDict

__all__ = ["OwnCheck", "OwnFinding"]


class OwnFinding(TypedDict):
    """One thing that is wrong.

    `message` is a sentence. `level` is `error` when not given. `resource` is the index of the object in the list that
    `run` was given, and `at` the way to the place in it: `["spec", "replicas"]`. `rule` tells several rules of one
    check apart: policies and waivers in `tidegate.yaml` name them `<check>.<rule>`. `fix` says what to do.
    """

    message: str
    level: NotRequired[Literal["error", "warning", "notice"]]
    resource: NotRequired[int]
    at: NotRequired[list[str | int]]
    rule: NotRequired[str]
    fix: NotRequired[str]


class OwnCheck(Protocol):
    """A check over the desired objects of one environment."""

    name: str
    """The name of the entry point."""

    def run(self, resources: list[dict[str, Any]]) -> list[OwnFinding]:
        """What is wrong with the objects, which are manifests as JSON values; `[]` where nothing is."""
        ...
