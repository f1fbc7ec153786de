"""The scanner's library, behind an interface of our own: bytes → sightings. It is young, so nothing else knows it."""

import time
from dataclasses import field
from functools import cache
from threading import Lock, Thread
from typing import TYPE_CHECKING, Literal

from bot.model.noun import noun

if TYPE_CHECKING:
    from kingfisher_sdk import Scanner as Native

__all__ = ["Scanner", "Sighting", "left_until", "preload"]


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
        found = [each for each in self.load().scan(data, timeout=seconds) if each.visible]
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

    def load(self) -> "Native":
        """The library's scanner, one for the process. Safe to call from several threads at once."""
        with LOADING:
            if not LOADED:
                LOADED.append(native())
            return LOADED[0]


def left_until(end: float) -> float:
    """How many seconds of the time for several scans are left, by `time.monotonic`. TimeoutError: none."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@cache
def preload() -> Thread:
    """Begin to load the rules, which other threads need not wait for; the thread ends when that is done.

    It is begun once: whoever asks again gets the same thread.
    """
    # no daemon: one that is cut off within the library could take the process down
    loading = Thread(target=Scanner().load)
    loading.start()
    return loading


LOADING = Lock()
LOADED: list["Native"] = []


def native() -> "Native":
    """The library with its rules. Comments in a file cannot silence it: their author is who is being checked."""
    # Imported here: a process that has nothing to check does not carry the library in its memory.
    from kingfisher_sdk import DetectionPolicy, Rules, Scanner

    policy = DetectionPolicy(inline_ignores=False, markup_context=False)
    return Scanner(Rules(confidence="medium"), policy=policy)
