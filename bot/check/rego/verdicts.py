"""What rules said of objects → findings, by conftest's conventions."""

from collections.abc import Iterator, Sequence
from typing import Any

from bot.check.discreet import discreet, one_line
from bot.model.noun import Json
from bot.model.plan import Finding
from bot.model.resource import Resource

__all__ = ["findings"]

NAME = "rego"
KINDS = ("violation", "deny", "warn")
FIX = "change the object as the policy asks, or have a waiver written into tidegate.yaml"
SHAPE_FIX = "write `deny contains msg if { … }`, where msg is a text or an object with a text `msg`"


def findings(records: Sequence[Json], resources: Sequence[Resource]) -> list[Finding]:
    """The findings of all records, by object, rule and message."""
    ordered = sorted(records, key=lambda each: (each["object"], each["namespace"]))
    return [found for each in ordered for found in of_object(each, resources[each["object"]])]


def of_object(record: Json, resource: Resource) -> Iterator[Finding]:
    """What the rules of one namespace say of one object.

    `exception` holds lists of rules' names without `deny_`, `warn_` or `violation_`, that do not count for it.
    """
    rules = dict(record["rules"])
    excepted = names_of(rules.pop("exception", None))
    for name in sorted(rules):
        rule = f"{record['namespace']}.{name}"
        if suffix(name) in excepted:
            continue
        kind, value = rules[name]["type"], rules[name]["value"]
        if kind not in ("set", "array"):
            yield misshapen(resource, rule, f"is {article(kind)}, and should be a set of messages")
            continue
        level = "warning" if name.startswith("warn") else "error"
        told = [said(each, resource, rule, level) for each in value]
        yield from sorted(told, key=lambda each: (each.level, each.message))


def names_of(exception: Any) -> frozenset[str]:
    """The names in a set of lists of names."""
    if not isinstance(exception, dict) or not isinstance(exception["value"], list):
        return frozenset()
    lists = [each for each in exception["value"] if isinstance(each, list)]
    return frozenset(name for each in lists for name in each if isinstance(name, str))


def suffix(name: str) -> str:
    """A rule's name without what kind of rule it is: `deny_root` is `root`, `deny` is empty."""
    for kind in KINDS:
        if name == kind:
            return ""
        if name.startswith(kind + "_"):
            return name.removeprefix(kind + "_")
    return name


def said(value: Any, resource: Resource, rule: str, level: Any) -> Finding:
    """One message of a rule."""
    message, fix = (value.get("msg"), value.get("fix")) if isinstance(value, dict) else (value, None)
    if not isinstance(message, str) or not message.strip():
        return misshapen(resource, rule, "gave something that is neither a text nor an object with a text `msg`")
    text = f"{resource.id}: {discreet(message, resource)}"
    remedy = discreet(fix, resource) if isinstance(fix, str) and fix.strip() else FIX
    return finding(resource, rule, level, text, remedy)


def misshapen(resource: Resource, rule: str, wrong: str) -> Finding:
    """A rule that says nothing that could be understood; it is never taken for agreement."""
    return finding(resource, rule, "unknown", f"{resource.id}: the policy {one_line(rule)} {wrong}", SHAPE_FIX)


def article(kind: Any) -> str:
    """`a string`, `an object`."""
    word = one_line(str(kind))
    return f"{'an' if word[:1] in 'aeiou' else 'a'} {word}"


def finding(resource: Resource, rule: str, level: Any, message: str, fix: str) -> Finding:
    """A finding about an object, where it begins in its file."""
    origin = resource.origin
    line, column = (origin.locate(()) if origin.locate else (origin.line, 1)) if origin else (0, 0)
    return Finding(
        check=NAME, level=level, message=message, fix=fix, resource=resource.id, rule=one_line(rule),
        path=origin.path if origin else "", line=line, column=column,
    )  # fmt: skip
