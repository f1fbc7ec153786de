"""The bytes of `tidegate.yaml` → a `Configuration`, or everything that is wrong with it at once."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from bot.config.fault import Fault
from bot.config.patterns import Described, describe, in_the_file, is_pattern
from bot.config.rules import prefix_faults, rule_faults, waiver_faults
from bot.config.violations import violations
from bot.document import Document, Limits, load_documents
from bot.errors import ConfigurationError, DocumentError
from bot.model.environment import CONFIGURATION, ApprovalRule, Configuration, Environment, PolicyLevel, Source, Waiver
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.plan import Finding
from bot.model.tree import Tree

__all__ = ["parse"]

CHECK = "configuration"
LIMITS = Limits(size=1024 * 1024, nodes=50_000)


def parse(data: bytes, repository: RepositoryId, tree: Tree) -> Configuration:
    """What the file means for `repository`; patterns of environments are matched with the folders of `tree`.

    ConfigurationError: findings in order of line, all faults of the file.
    """
    document = _document(data)
    faults = violations(document.value)
    described = _described(document.value, faults, tree)
    faults += in_the_file(_semantic(document.value, faults, described), described)
    if faults:
        findings = {_finding(document, each): None for each in faults}
        raise ConfigurationError(sorted(findings, key=lambda each: (each.line, each.column, each.message)))
    return _configuration(document, repository, described)


def _document(data: bytes) -> Document:
    try:
        documents = load_documents(data, LIMITS)
    except DocumentError as error:
        raise _refusal(error.message, error.line, error.column) from None
    if not documents:
        raise _refusal("the file is empty; begin with: version: 1")
    if len(documents) > 1:
        raise _refusal("the file holds more than one document; remove the --- and merge them", documents[1].line)
    return documents[0]


def _refusal(message: str, line: int = 1, column: int = 1) -> ConfigurationError:
    return ConfigurationError(
        [Finding(check=CHECK, level="error", message=message, path=CONFIGURATION, line=line, column=column)]
    )


def _finding(document: Document, fault: Fault) -> Finding:
    line, column = document.locate(fault.path)
    return Finding(
        check=CHECK, level="error", message=fault.message, fix=fault.fix, path=CONFIGURATION, line=line, column=column
    )


def _described(value: Any, faults: list[Fault], tree: Tree) -> Described:
    """The environments that the schema finds nothing wrong with."""
    broken = {each.path[:2] for each in faults}
    written = value.get("environments") if isinstance(value, dict) else None
    sound = written.items() if isinstance(written, dict) else ()
    return describe({name: each for name, each in sound if ("environments", name) not in broken}, tree)


def _semantic(value: Any, faults: list[Fault], described: Described) -> list[Fault]:
    """The faults beyond the schema, of those parts only that the schema finds nothing wrong with."""
    found = list(described.faults)
    if not isinstance(value, dict):
        return found
    broken = {each.path[:1] for each in faults}
    unknown = found or any(is_pattern(str(name)) for each in faults for name in each.path[1:2])  # which ones there are
    written = value.get("environments")
    if isinstance(written, dict) and not unknown:
        names = described.environments.keys() | {each for each in written if not is_pattern(each)}
        found += rule_faults(described.environments, names)
        if isinstance(value.get("waivers"), list) and ("waivers",) not in broken:
            found += waiver_faults(value["waivers"], names | written.keys())
    prefix = value.get("prefix") if ("prefix",) not in broken else None
    found += prefix_faults(prefix) if prefix else []
    return found


def _configuration(document: Document, repository: RepositoryId, described: Described) -> Configuration:
    value = document.value
    environments = []
    for name, each in described.environments.items():
        key = described.keys[name]
        id = EnvironmentId(repository=repository, name=name)
        environment = _environment(id, each, document.locate(("environments", key))[0])
        environments.append(_judged(environment, value, key))
    chosen = {key: value[key] for key in ("check", "prefix", "schemas") if key in value}
    return Configuration(environments=tuple(environments), **chosen)


def _judged(environment: Environment, value: Mapping[str, Any], key: str) -> Environment:
    """The environment with what the whole file says of it; `key` is what it stands under there."""
    named = {environment.id.name, key}
    waivers = tuple(
        _waiver(each) for each in value.get("waivers", ()) if not named.isdisjoint(each.get("environments", named))
    )
    return replace(environment, policies=tuple(value.get("policies", ())), waivers=waivers)


def _waiver(value: Any) -> Waiver:
    return Waiver(
        policy=value["policy"], reason=value["reason"], owner=value["owner"],
        expires=date.fromisoformat(value["expires"]), objects=tuple(value.get("objects", ())),
    )  # fmt: skip


def _levels(value: Mapping[str, Any]) -> dict[str, PolicyLevel]:
    """Levels by policy; the word off, without quotes, is read as false."""
    return {name: "off" if level is False else level for name, level in value.items()}


def _environment(id: EnvironmentId, value: Any, line: int) -> Environment:
    """One environment; a key that is absent keeps the default of its noun."""
    chosen = {key: value[key] for key in ("scope", "first_apply", "drift", "decrypt") if key in value}
    if chosen.get("drift") is False:
        # The word off, without quotes, is read as false.
        chosen["drift"] = "off"
    if "missing" in value.get("schemas", {}):
        chosen["missing_schemas"] = value["schemas"]["missing"]
    if "plain" in value.get("secrets", {}):
        chosen["plain_secrets"] = value["secrets"]["plain"]
    return Environment(
        id=id,
        source=_source(value["source"]),
        target=value["target"],
        apply=value["apply"],
        after=tuple(value.get("after", ())),
        approvals=_approvals(value.get("approvals", {})),
        policy_levels=_levels(value.get("policies", {})),
        line=line,
        **chosen,
    )


def _source(value: Any) -> Source:
    return Source(path=value["path"], renderer=value.get("renderer"), options=value.get("options", {}))


def _approvals(value: Any) -> ApprovalRule:
    chosen = {key: value[key] for key in ("count", "author", "reviews") if key in value}
    return ApprovalRule(approvers=tuple(value.get("from", ())), **chosen)
