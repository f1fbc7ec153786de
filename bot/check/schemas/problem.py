"""One thing that is wrong with a value, and the words for its place. Names in it may be a stranger's."""

import json

from bot.model.noun import noun

__all__ = ["LONGEST_NAME", "MOST", "Path", "Problem", "Unevaluated", "field_name", "shown"]

Path = tuple[str | int, ...]
"""Keys and indices from a value's root."""

LONGEST_NAME = 80

MOST = 20
"""Problems of one object that are told; more of them help nobody."""


@noun
class Problem:
    """One thing that is wrong: `field` and `wrong` make a sentence, `fix` says what to do, `at` is where to show it."""

    at: Path
    field: str
    wrong: str
    fix: str


class Unevaluated(Exception):
    """A rule has no result for an object. `text` is the rule's own, `at` the value it is about."""

    def __init__(self, text: str, at: Path) -> None:
        super().__init__(text)
        self.text, self.at = text, at


def field_name(path: Path, root: str = "the object") -> str:
    """`spec.containers[0].image`; a key that is no plain word is quoted and cut, so that it stays one line."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        elif key.isascii() and key.replace("_", "").isalnum() and len(key) <= LONGEST_NAME:
            text += f".{key}" if text else key
        else:
            text += f"[{json.dumps(key if len(key) <= LONGEST_NAME else key[:LONGEST_NAME] + '…')}]"
    return text or root


def shown(text: str, longest: int = 200) -> str:
    """Text that a stranger chose, on one line: whatever does not print is escaped, and what is long is cut."""
    if len(text) <= longest and text.isprintable():
        return text
    safe = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text[:longest])
    return safe + ("…" if len(text) > longest else "")
