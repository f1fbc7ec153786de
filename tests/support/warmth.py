"""Imported by the process that those of a pool are copies of, which can be told by it."""

import os

__all__ = ["origin"]

IMPORTED_BY = os.getpid()


def origin() -> tuple[int, int]:
    """The process that asks, and the one that imported this."""
    return os.getpid(), IMPORTED_BY
