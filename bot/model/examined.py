"""What a check looks at: one environment's desired resources with everything that bears on judging them."""

from dataclasses import field

from bot.model.environment import Environment
from bot.model.kubernetes import Kubernetes
from bot.model.noun import noun
from bot.model.resource import Resource
from bot.model.tree import Tree

__all__ = ["Examined"]


@noun
class Examined:
    """The desired resources of an environment, and what they are compared with and judged by.

    `before` are the resources that the base revision renders: empty where it has no such environment, None where that
    is not known (it does not render), so that nothing that depends on it can be a pass. `policies` is the revision
    that policies are read from (the protected base), with every file below the policy folders loaded; None: there is
    none. `files` is the rendered revision with what its render read loaded; `as_written` says that the resources are
    what these files hold, each as it stands in the file that is its origin.
    """

    environment: Environment
    resources: tuple[Resource, ...] = field(repr=False)
    before: tuple[Resource, ...] | None = field(default=(), repr=False)
    kubernetes: Kubernetes = Kubernetes()
    policies: Tree | None = None
    files: Tree | None = None
    as_written: bool = False
