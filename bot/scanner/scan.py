"""The scanner's library, behind an interface of our own: bytes → sightings."""

import time
from dataclasses import field
from typing import Literal

from bot.model.noun import noun
from bot.scanner.library import load

__all__ = ["Scanner", "Sighting", "left_until"]


@noun
class Sighting:
    """Something that looks like a secret. `start` and `end` are offsets in the bytes that were scanned.

    `value` is the secret itself, decoded where it was base64: for telling that two sightings are of one secret.
    """

    rule: str
    name: str
    confidence: Literal["medium", "high"]
    start: int
    end: int
    value: str = field(repr=False)


class Scanner:
    """Detects secrets in bytes, also under two layers of base64. It only detects: whether they work is never tried.

    The library and its rules are loaded by the first scan: about half a second and 50 MB, and ten seconds of the
    processor on a machine where it never ran (the compiled rules are kept in the user's cache folder).
    """

    def scan(self, data: bytes, seconds: float) -> list[Sighting]:
        """What looks like a secret, in order of place. TimeoutError: it took longer than `seconds`."""
        found = [each for each in load().scan(data, timeout=seconds) if each.visible]
        sightings = [
            Sighting(
                rule=each.rule_id,
                name=each.rule_name,
                confidence="high" if each.confidence == "high" else "medium",
                start=each.location["start_offset"],
                end=each.location["end_offset"],
                value=each.secret,
            )
            for each in found
        ]
        return sorted(sightings, key=lambda each: (each.start, each.end, each.rule))

    def texts(self, data: bytes, seconds: float) -> list[str]:
        """What looks like a secret, as it stands there and decoded. TimeoutError: it took longer than `seconds`."""
        found = self.scan(data, seconds)
        return [text for each in found for text in (data[each.start : each.end].decode("utf-8", "replace"), each.value)]

    def load(self) -> None:
        """Load the library now, before a clock runs."""
        load()


def left_until(end: float) -> float:
    """How many seconds of the time for several scans are left, by `time.monotonic`. TimeoutError: none."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
