"""The log of requests that the forge answered, for tests and benchmarks."""

from collections import deque
from dataclasses import dataclass
from typing import Any

__all__ = ["Call", "CallLog"]

KEPT_CALLS = 200_000


@dataclass(frozen=True, slots=True)
class Call:
    """One request through the API or git: its door, what was asked, the answer's status, and the seconds it took."""

    door: str
    method: str
    path: str
    status: int
    seconds: float
    account: str | None


class CallLog:
    """The newest requests, oldest first."""

    def __init__(self) -> None:
        self.calls: deque[Call] = deque(maxlen=KEPT_CALLS)

    def add(self, *facts: Any) -> None:
        """Write one request down; the facts are `Call`'s."""
        self.calls.append(Call(*facts))

    def reset(self) -> None:
        """Start anew."""
        self.calls.clear()

    def seconds(self) -> float:
        """The sum of the forge's own time."""
        return sum(call.seconds for call in self.calls)
