"""What all objects of a run have in common."""

import time

from bot.check.policies.docket import Docket
from bot.check.policies.match import Matcher
from bot.check.policies.params import Params
from bot.model.noun import noun

__all__ = ["Budget", "Court"]

LOOK_EVERY = 0.01  # seconds


class Budget:
    """The seconds of the processor that a run may take. They are looked at only now and then: a look costs time too."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.process_time() + seconds
        self._next_look = 0.0

    def is_spent(self) -> bool:
        """Whether nothing is left of it, give or take `LOOK_EVERY`."""
        now = time.monotonic()
        if now < self._next_look:
            return False
        if time.process_time() > self._ends:
            return True
        self._next_look = now + LOOK_EVERY
        return False


@noun
class Court:
    """What all objects of a run have in common."""

    docket: Docket
    params: Params
    matcher: Matcher
    budget: Budget
