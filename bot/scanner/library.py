"""The library with its rules, loaded once by a process. Kept small: it is what a check begins with."""

from functools import cache
from threading import Lock, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kingfisher_sdk import Scanner as Native

__all__ = ["load", "preload"]

LOADING = Lock()
LOADED: list["Native"] = []


def load() -> "Native":
    """The library's scanner, one for the process. Safe to call from several threads at once."""
    with LOADING:
        if not LOADED:
            LOADED.append(native())
        return LOADED[0]


@cache
def preload() -> Thread:
    """Begin to load the rules, which other threads need not wait for; the thread ends when that is done.

    It is begun once: whoever asks again gets the same thread.
    """
    # no daemon: one that is cut off within the library could take the process down
    loading = Thread(target=load)
    loading.start()
    return loading


def native() -> "Native":
    """The library with its rules. Comments in a file cannot silence it: their author is who is being checked."""
    # Imported here: a process that has nothing to check does not carry the library in its memory.
    from kingfisher_sdk import DetectionPolicy, Rules, Scanner

    policy = DetectionPolicy(inline_ignores=False, markup_context=False)
    return Scanner(Rules(confidence="medium"), policy=policy)
