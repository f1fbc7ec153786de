"""The real programs that a test runs, or the reason why it cannot."""

from pathlib import Path

import pytest

from tests.tools.build import Missing, locate

__all__ = ["program"]


def program(name: str) -> Path:
    """The program's path. The test that asks is skipped, with the reason, where it is missing."""
    try:
        return locate(name)
    except Missing as error:
        pytest.skip(str(error))
