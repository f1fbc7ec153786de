"""Work that is to be little: told by the processor's time, so that a busy machine makes no difference."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["soon"]


@contextmanager
def soon(most: float = 20.0) -> Iterator[None]:
    """What is refused is refused within `most` seconds of the processor; what these tests keep out takes hours."""
    began = time.process_time()
    yield
    assert time.process_time() - began < most
