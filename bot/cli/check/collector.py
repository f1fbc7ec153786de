"""The garbage collector of a command that reads much and then ends."""

import gc

__all__ = ["calm_collector"]


def calm_collector() -> None:
    """Have it look rarely: what is loaded and read stays to the end, and looking through all of it takes a while."""
    gc.freeze()
    gc.set_threshold(500_000, 20, 50)
