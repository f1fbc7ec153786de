"""The CEL rules of a kind of custom resources (`x-kubernetes-validations`): found once, then applied to objects.

Old values are found as the API server finds them: fields and keys by name, items of a list only where the list is told
apart by keys. A rule is never applied to null.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.check.cel.rules import Rule, Subject, rule_of
from bot.check.cel.values import ABSENT, Unknown
from bot.check.schemas.custom.structural import Refused
from bot.check.schemas.problem import Path, Problem, Unevaluated, field_name, shown
from bot.errors import CelError, CelEvaluationError
from bot.model.noun import noun

__all__ = ["Node", "broken_rules", "node_of"]


@noun
class Node:
    """A schema with rules, or with rules somewhere below it. `apart` are the keys that tell a list's items apart."""

    schema: Mapping[str, Any]
    rules: tuple[Rule, ...]
    fields: Mapping[str, "Node"]
    others: "Node | None" = None
    items: "Node | None" = None
    apart: tuple[str, ...] = ()


def node_of(schema: Mapping[str, Any], path: Path = ()) -> Node | None:
    """The rules of a sound structural schema; None: it has none. Refused: a rule cannot be used."""
    rules = tuple(rules_in(schema, path))
    properties = schema.get("properties") or {}
    below = {name: node_of(each, (*path, "properties", name)) for name, each in properties.items()}
    fields = {name: each for name, each in below.items() if each}
    inner = {
        name: node_of(schema[name], (*path, name)) if isinstance(schema.get(name), Mapping) else None
        for name in ("additionalProperties", "items")
    }
    if not (rules or fields or any(inner.values())):
        return None
    by_keys = schema.get("x-kubernetes-list-type") == "map"
    return Node(
        schema=schema, rules=rules, fields=fields, others=inner["additionalProperties"], items=inner["items"],
        apart=tuple(schema.get("x-kubernetes-list-map-keys") or ()) if by_keys else (),
    )  # fmt: skip


def rules_in(schema: Mapping[str, Any], path: Path) -> Iterator[Rule]:
    """The rules of one schema."""
    listed = schema.get("x-kubernetes-validations")
    if not isinstance(listed, list | None):
        raise Refused((*path, "x-kubernetes-validations"), "its rules are no list")
    for index, each in enumerate(listed or ()):
        at = (*path, "x-kubernetes-validations", index)
        if not isinstance(each, Mapping):
            raise Refused(at, "a rule is no mapping")
        try:
            yield rule_of(each)
        except CelError as error:
            raise Refused((*at, "rule"), f"a rule cannot be used ({shown(error.message)})") from None


def broken_rules(node: Node, body: Mapping[str, Any], old: Any) -> Iterator[Problem | Unevaluated]:
    """What is wrong with a settled object; `old` is what it was, settled too: a value, `ABSENT` or `Unknown`."""
    yield from walk(node, seen(body), seen(old) if isinstance(old, Mapping) else old, ())


def seen(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object as rules see it: of its metadata only the names."""
    metadata = body.get("metadata")
    names = ("name", "generateName")
    kept = {name: metadata[name] for name in names if name in metadata} if isinstance(metadata, Mapping) else {}
    return {**body, "metadata": kept}


def walk(node: Node, value: Any, old: Any, path: Path) -> Iterator[Problem | Unevaluated]:
    """A value and everything below it."""
    if value is None:
        return
    if node.rules:
        yield from applied(node, value, ABSENT if old is None else old, path)
    if isinstance(value, Mapping):
        for name, each in value.items():
            inner = node.fields.get(name, node.others if name not in (node.schema.get("properties") or {}) else None)
            if inner:
                yield from walk(inner, each, below(old, name), (*path, name))
    elif isinstance(value, list) and node.items:
        for index, each in enumerate(value):
            yield from walk(node.items, each, item_before(node, each, old), (*path, index))


def applied(node: Node, value: Any, old: Any, path: Path) -> Iterator[Problem | Unevaluated]:
    """The rules of one node."""
    subject = Subject(value, node.schema, old)
    for rule in node.rules:
        try:
            broken = rule.broken(subject)
        except CelEvaluationError:
            yield Unevaluated(shown(rule.program.expression), path)
            continue
        if broken:
            at = (*path, *broken.path)
            wrong = f"breaks a rule of its CustomResourceDefinition: {shown(broken.message, 500)}"
            yield Problem(at=at, field=field_name(at), wrong=wrong, fix="change it so that the rule holds")


def below(old: Any, name: str) -> Any:
    """What a field was before."""
    if isinstance(old, Mapping):
        return old.get(name, ABSENT)
    return old if isinstance(old, Unknown) else ABSENT


def item_before(node: Node, item: Any, old: Any) -> Any:
    """What an item of a list was before, where items are told apart by keys."""
    if not node.apart or isinstance(old, Unknown):
        return old if node.apart else ABSENT
    if not isinstance(old, list) or not isinstance(item, Mapping):
        return ABSENT
    key = [item.get(name) for name in node.apart]
    same = (each for each in old if isinstance(each, Mapping) and [each.get(name) for name in node.apart] == key)
    return next(same, ABSENT)
