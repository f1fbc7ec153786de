"""Work that is to be little: told by the processor's time, so that a busy machine makes no difference."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["soon"]

MOST = 20.0  # seconds of the processor; what these tests keep out takes hours


@contextmanager
def soon() -> Iterator[None]:
    """What is refused is refused without much work."""
    began = time.process_time()
    yield
    assert time.process_time() - began < MOST
