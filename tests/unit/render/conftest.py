"""Trees made of texts."""

from collections.abc import Callable

import pytest

from bot.model.tree import Tree
from tests.support import trees


@pytest.fixture
def tree() -> Callable[..., Tree]:
    """Makes a tree of files (all loaded), `links` (path → target) and `submodules`."""
    return trees.tree
