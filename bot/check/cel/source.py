"""The text of an expression as tokens: which names it uses, and how one name takes another's place.

https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from bot.model.noun import noun

__all__ = ["Token", "chains", "renamed", "replaced", "tokens"]

TOKEN = re.compile(
    r"""
      (?P<space> \s+ | //[^\n]* )
    | (?P<text>
        (?: [rR][bB]? | [bB][rR] ) (?: \"\"\".*?\"\"\" | '''.*?''' | "[^"\n]*" | '[^'\n]*' )
      | [bB]? (?: \"\"\"(?:\\.|.)*?\"\"\" | '''(?:\\.|.)*?''' | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' )
      )
    | (?P<name> [A-Za-z_][A-Za-z0-9_]* )
    | (?P<quoted> `[^`\n]*` )
    | (?P<number> [0-9][0-9A-Za-z_.]* )
    | (?P<sign> \.\? | \[\? | . )
    """,
    re.VERBOSE | re.DOTALL,
)


@noun
class Token:
    """A part of an expression: `kind` is space, text, name, quoted, number or sign; `at` is its offset."""

    kind: str
    text: str
    at: int


@lru_cache(maxsize=2048)
def tokens(expression: str) -> tuple[Token, ...]:
    """All tokens but spaces and comments. A text that never ends comes apart into signs; the compiler says so."""
    found = TOKEN.finditer(expression)
    return tuple(
        Token(kind=str(each.lastgroup), text=each.group(), at=each.start())
        for each in found
        if each.lastgroup != "space"
    )


def chains(expression: str) -> Iterator[tuple[int, tuple[str, ...], int]]:
    """Every name with the fields that are selected from it by dots: (start, names, end) by offset.

    A name after a dot is no start; `.?` counts as a dot.
    """
    given = tokens(expression)
    index = 0
    while index < len(given):
        token = given[index]
        before = given[index - 1].text if index else ""
        if token.kind != "name" or before in (".", ".?"):
            index += 1
            continue
        names, end = [token.text], index
        while end + 2 < len(given) and given[end + 1].text in (".", ".?") and given[end + 2].kind == "name":
            names.append(given[end + 2].text)
            end += 2
        yield token.at, tuple(names), given[end].at + len(given[end].text)
        index = end + 1


def replaced(expression: str, names: Mapping[tuple[str, str], str]) -> tuple[str, list[tuple[int, int]]]:
    """The expression with each `first.second` written as its new name, and where its parts now stand.

    The places are (new offset, old offset) pairs in order, each of them where the text is the same again.
    """
    new, places, copied, length = [], [(0, 0)], 0, 0
    given = tokens(expression)
    for index in range(len(given) - 2):
        first, dot, second = given[index : index + 3]
        before = given[index - 1].text if index else ""
        name = names.get((first.text, second.text)) if dot.text == "." and second.kind == "name" else None
        if name is None or first.kind != "name" or before in (".", ".?"):
            continue
        kept = expression[copied : first.at]
        copied = second.at + len(second.text)
        new += [kept, name]
        length += len(kept) + len(name)
        places.append((length, copied))
    return "".join([*new, expression[copied:]]), places


def renamed(expression: str, names: Mapping[str, str], unless: Mapping[str, re.Pattern[str]]) -> str:
    """The expression with other names, of the same length, for functions and (with a dot before the name) methods.

    Those in `unless` keep theirs where what stands first in the brackets is as it says.
    """
    given = tokens(expression)
    for index, (token, bracket, after) in enumerate(zip(given, given[1:], given[2:], strict=False)):
        before = given[index - 1].text if index else ""
        name = f".{token.text}" if before == "." else token.text
        if token.kind != "name" or bracket.text != "(" or before == ".?" or name not in names:
            continue
        if name not in unless or not unless[name].fullmatch(after.text):
            end = token.at + len(token.text)
            expression = expression[: token.at] + names[name] + expression[end:]
    return expression
