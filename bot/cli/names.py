"""What a person is told who names something that there is not, or names a file as nobody reads it."""

import re
from collections.abc import Collection
from difflib import get_close_matches

from bot.errors import InputError
from bot.model.environment import CONFIGURATION
from bot.model.tree import Tree

__all__ = ["no_environment", "no_revision", "refuse_misnamed"]

SIMILAR = frozenset({CONFIGURATION, "tidegate.yml", ".tidegate.yaml", ".tidegate.yml"})


def no_environment(name: str, known: Collection[str]) -> InputError:
    """The error that says which of the `known` ones was probably meant, else which there are."""
    near = get_close_matches(name, sorted(known), n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(known))}"
    return InputError(f"there is no environment {name!r}; {hint}")


def no_revision(error: InputError, name: str, known: Collection[str], *, empty: bool) -> InputError:
    """What to type instead of a revision that there is not. `empty`: nothing is committed yet."""
    if ".." in name:
        both = " ".join(filter(None, re.split(r"\.{2,}", name)))
        hint = f"two revisions are two arguments: `tidegate plan {both}`"
    elif name in known:
        hint = f"for the environment of that name type `tidegate plan -e {name}`"
    elif empty:
        hint = "nothing is committed yet: commit first, or look with `tidegate check`, which needs no commit"
    else:
        hint = "name a branch, a tag or a commit"
    return InputError(f"{error}; {hint}")


def refuse_misnamed(tree: Tree) -> None:
    """InputError: a tree without a configuration has one under another name, so what it says would not count."""
    for path in tree.entries:
        if path.lower() in SIMILAR and CONFIGURATION not in tree.entries:
            raise InputError(f"{path} is never read; rename it to {CONFIGURATION}")
