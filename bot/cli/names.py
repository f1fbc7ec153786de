"""What a person is told who names an environment that there is not."""

from collections.abc import Collection
from difflib import get_close_matches

from bot.errors import InputError

__all__ = ["no_environment"]


def no_environment(name: str, known: Collection[str]) -> InputError:
    """The error that says which of the `known` ones was probably meant, else which there are."""
    near = get_close_matches(name, sorted(known), n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"tidegate.yaml has {', '.join(sorted(known))}"
    return InputError(f"there is no environment {name!r}; {hint}")
