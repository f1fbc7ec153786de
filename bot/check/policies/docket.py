"""Which policies an object is to be judged by: worked out once for all objects that the same ones are about."""

from collections.abc import Sequence

from bot.check.cel.engine import Program
from bot.check.policies.bound import Bound
from bot.check.policies.constraints import Constraints
from bot.check.policies.quick import programs
from bot.model.noun import noun

__all__ = ["Answer", "Docket", "Hearing"]

Answer = bool | None
"""Whether an object is one that constraints are about; None: that cannot be told."""


@noun
class Hearing:
    """What objects are judged by: `every` policy, unless all of `joined` hold for one; then only those `apart`."""

    joined: tuple[Program, ...]
    apart: tuple[Bound, ...]
    every: tuple[Bound, ...]


class Docket:
    """All policies of a run. `groups` are the constraints that they have, each once; `Bound.group` counts them."""

    def __init__(self, bounds: Sequence[Bound]) -> None:
        self._bounds = tuple(bounds)
        # they are numbered in the order in which they first come
        self.groups: tuple[tuple[Constraints, ...], ...] = tuple(dict.fromkeys(each.constraints for each in bounds))
        self._known: dict[tuple[Answer, ...], Hearing] = {}

    def hearing(self, answers: tuple[Answer, ...]) -> Hearing:
        """What an object is judged by that `groups` have these answers about."""
        if answers not in self._known:
            self._known[answers] = self._called(answers)
        return self._known[answers]

    def _called(self, answers: tuple[Answer, ...]) -> Hearing:
        every = tuple(each for each in self._bounds if answers[each.group] is not False)
        apart = tuple(each for each in every if answers[each.group] is None or each.policy.params is not None)
        joined = {id(each.policy): each.policy for each in every if each not in apart}
        return Hearing(joined=programs(tuple(joined.values())), apart=apart, every=every)
