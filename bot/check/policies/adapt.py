"""Where the engine reads an expression otherwise than the API server does: written so that both mean the same.

Fields of `request` are variables of their own here, which `has()` and `.?` cannot take apart. And what may be null as a
whole has no fields for the API server, where the engine fails.
"""

from bot.check.cel.source import Token, tokens

__all__ = ["adapted"]

WHOLE = frozenset({"object", "oldObject", "namespaceObject", "params"})
THERE = frozenset(
    ["kind", "resource", "requestKind", "requestResource", "name", "operation", "userInfo", "dryRun", "options"]
)
ABSENT = frozenset({"subResource", "requestSubResource"})
DOTS = (".", ".?")


def adapted(expression: str) -> str:
    """The expression for the engine. Everything else is as it was, at its place or a little behind it."""
    given = tokens(expression)
    new, copied, index = [], 0, 0
    while index < len(given):
        found = tested(given, index) or chosen(given, index)
        if found is None:
            index += 1
            continue
        text, length = found
        last = given[index + length - 1]
        new += [expression[copied : given[index].at], text]
        copied, index = last.at + len(last.text), index + length
    return "".join([*new, expression[copied:]])


def tested(given: tuple[Token, ...], at: int) -> tuple[str, int] | None:
    """`has(request.name)`, `has(oldObject.spec)`: what to write instead, and how many tokens it stands for."""
    texts = [each.text for each in given[at : at + 6]]
    if len(texts) < 6 or (texts[0], texts[1], texts[3], texts[5]) != ("has", "(", ".", ")") or begins_late(given, at):
        return None
    root, field = texts[2], texts[4]
    if root in WHOLE:
        return f"optional.ofNonZeroValue({root}).?{field}.hasValue()", 6
    if root != "request":
        return None
    if field == "namespace":
        return '(request.namespace != "")', 6
    return ("true", 6) if field in THERE else ("false", 6) if field in ABSENT else None


def chosen(given: tuple[Token, ...], at: int) -> tuple[str, int] | None:
    """`request.?name`, `oldObject.?spec`, `oldObject[?"spec"]`: the same."""
    texts = [each.text for each in given[at : at + 3]]
    if len(texts) < 3 or given[at].kind != "name" or begins_late(given, at):
        return None
    root, sign, field = texts
    if root in WHOLE and sign in (".?", "[?"):
        return f"optional.ofNonZeroValue({root})", 1
    if root != "request" or sign != ".?":
        return None
    if field == "namespace":
        return "optional.ofNonZeroValue(request.namespace)", 3
    return (
        (f"optional.of(request.{field})", 3) if field in THERE else ("optional.none()", 3) if field in ABSENT else None
    )


def begins_late(given: tuple[Token, ...], at: int) -> bool:
    """Whether a name is a field of something else."""
    return at > 0 and given[at - 1].text in DOTS
