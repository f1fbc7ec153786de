"""A policy where a binding applies it, and the policies that no binding applies."""

from collections.abc import Iterator

from bot.check.policies.binding import Binding, Level
from bot.check.policies.constraints import ALL, Constraints
from bot.check.policies.load import Contents
from bot.check.policies.policy import Policy
from bot.model.environment import Environment
from bot.model.noun import noun

__all__ = ["Bound", "idle", "in_force"]


@noun
class Bound:
    """A policy where a binding applies it. `level` is how it counts in this environment.

    `unset` is how it counts that nothing sets it up: an API server refuses the object then, whatever the binding's
    actions are. `constraints` are all that keep it to certain objects; those with the same ones have the same `group`.
    """

    policy: Policy
    binding: Binding
    level: Level
    unset: Level
    constraints: tuple[Constraints, ...]
    group: int


def in_force(contents: Contents, environment: Environment) -> Iterator[Bound]:
    """Every policy with every binding of it, but those that the environment switches off."""
    groups: dict[tuple[Constraints, ...], int] = {}
    for policy in contents.policies:
        level = environment.policy_levels.get(policy.name)
        for binding in contents.bindings:
            if binding.policy == policy.name and level != "off":
                own, bound = policy.constraints, binding.constraints
                constraints = (own,) if bound is ALL else (own, bound)
                group = groups.setdefault(constraints, len(groups))
                yield Bound(
                    policy=policy, binding=binding, level=level or binding.level, unset=level or "error",
                    constraints=constraints, group=group,
                )  # fmt: skip


def idle(contents: Contents) -> Iterator[Policy]:
    """Policies that no binding applies."""
    bound = {each.policy for each in contents.bindings} | {each.policy for each in contents.problems}
    return (each for each in contents.policies if each.name not in bound)
