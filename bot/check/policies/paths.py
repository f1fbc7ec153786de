"""Which parts of an object an expression looks at, read off its text: CEL itself gives no place of what it refuses."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from bot.check.cel.engine import Scope
from bot.check.cel.source import Token, tokens

__all__ = ["EACH", "Pattern", "patterns"]

EACH = "*"
"""The step to every item of a list, or to every key of a map."""

Pattern = tuple[str | int, ...]

MACROS = frozenset(
    [
        *("all", "exists", "exists_one", "existsOne", "map", "filter", "sortBy", "transformList", "transformMap"),
        *("transformMapEntry",),
    ]
)
BINDING = frozenset({"optMap", "optFlatMap"})
THROUGH = frozenset({"orValue", "or", "value", "filter", "sort", "sortBy", "reverse", "distinct", "slice", "flatten"})
"""Methods whose result is what they are called on, or a part of it."""

OPENING, CLOSING = {"(": ")", "[": "]", "[?": "]", "{": "}"}, frozenset(")]}")
MOST = 400


@lru_cache(maxsize=2048)
def patterns(expression: str, scope: Scope) -> tuple[Pattern, ...]:
    """The paths below `object` that an expression and the definitions it uses name, in the order of the text."""
    known: dict[str, tuple[Pattern, ...]] = {}
    for each in scope.definitions:
        known[each.name] = tuple(dict.fromkeys(_Reader(tokens(each.expression), known, scope.prefix).read()))[:MOST]
    return tuple(dict.fromkeys(_Reader(tokens(expression), known, scope.prefix).read()))[:MOST]


class _Reader:
    """One pass over an expression's tokens. `known` are the paths of the definitions by name."""

    def __init__(self, given: tuple[Token, ...], known: Mapping[str, tuple[Pattern, ...]], prefix: str) -> None:
        self.tokens, self.known, self.prefix = given, known, prefix
        self.names: dict[str, tuple[Pattern, ...]] = {}
        # of every bracket that is open: the paths within it, and those that what comes behind it stands for too
        self.groups: list[tuple[list[Pattern], list[Pattern]]] = [([], [])]
        self.carried: list[Pattern] = []
        self.at = 0

    def text(self, offset: int = 0) -> str:
        """The token that many places ahead; "" behind the end."""
        index = self.at + offset
        return self.tokens[index].text if index < len(self.tokens) else ""

    def read(self) -> Iterator[Pattern]:
        """All paths. What follows a name or a closed bracket is read as steps below it."""
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            roots = self.roots(token)
            if roots is not None:
                yield from self.steps(roots)
            elif token.text in OPENING:
                self.groups.append(([], self.carried))
                self.carried = []
                self.at += 1
            elif token.text in CLOSING and len(self.groups) > 1:
                inner, carried = self.groups.pop()
                self.groups[-1][0].extend(inner)
                self.at += 1
                yield from self.steps([*carried, *inner], moved=True)
            else:
                self.at += 1

    def roots(self, token: Token) -> list[Pattern] | None:
        """The paths that a name stands for, with the tokens that make up the name behind us; None: it is none."""
        if token.kind != "name" or (self.at and self.tokens[self.at - 1].text in (".", ".?")):
            return None
        if token.text in self.names:
            self.at += 1
            return list(self.names[token.text])
        if token.text == "object":
            self.at += 1
            return [()]
        if token.text == self.prefix and self.text(1) in (".", ".?") and self.text(2) in self.known:
            self.at += 3
            return list(self.known[self.tokens[self.at - 1].text])
        return None

    def steps(self, paths: list[Pattern], moved: bool = False) -> Iterator[Pattern]:
        """The paths after all selections that follow; a macro gives its variable the items of what it is called on."""
        while True:
            step = self.text(1)
            if self.text() in (".", ".?") and self.tokens[min(self.at + 1, len(self.tokens) - 1)].kind == "name":
                if self.text(2) == "(":
                    self.call(step, paths)
                    break
                paths, moved = [(*each, step) for each in paths], False
                self.at += 2
            elif self.text() in ("[", "[?") and self.text(2) == "]" and (key := literal(step)) is not None:
                paths, moved = [(*each, key) for each in paths], False
                self.at += 3
            else:
                break
        if not moved:
            self.groups[-1][0].extend(paths)
            yield from paths

    def call(self, name: str, paths: list[Pattern]) -> None:
        """A method: the variables of a macro stand for the items, and its result for what it was called on."""
        self.at += 2
        self.carried = paths if name in THROUGH else []
        if name in MACROS or name in BINDING:
            step: Pattern = (EACH,) if name in MACROS else ()
            inner = tuple((*each, *step) for each in paths)
            if self.text(2) == ",":
                self.names[self.text(1)] = inner
            if self.text(2) == "," and self.text(4) == ",":
                self.names[self.text(3)] = inner


def literal(text: str) -> str | int | None:
    """The key that a token is: a number, or text without escapes."""
    if text.isdecimal():
        return int(text)
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"" and "\\" not in text:
        return text[1:-1]
    return None
