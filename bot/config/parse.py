"""The bytes of `tidegate.yaml` → a `Configuration`, or everything that is wrong with it at once."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from bot.config.fault import Fault
from bot.config.rules import prefix_faults, rule_faults, waiver_faults
from bot.config.violations import violations
from bot.document import Document, Limits, load_documents
from bot.errors import ConfigurationError, DocumentError
from bot.model.environment import CONFIGURATION, ApprovalRule, Configuration, Environment, PolicyLevel, Source, Waiver
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.plan import Finding

__all__ = ["parse"]

CHECK = "configuration"
LIMITS = Limits(size=1024 * 1024, nodes=50_000)


def parse(data: bytes, repository: RepositoryId) -> Configuration:
    """What the file means for `repository`. ConfigurationError: findings in order of line, all faults of the file."""
    document = _document(data)
    faults = violations(document.value)
    faults += _semantic(document.value, faults)
    if faults:
        findings = {_finding(document, each): None for each in faults}
        raise ConfigurationError(sorted(findings, key=lambda each: (each.line, each.column, each.message)))
    return _configuration(document, repository)


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


def _semantic(value: Any, faults: list[Fault]) -> list[Fault]:
    """The faults beyond the schema, of those parts only that the schema finds nothing wrong with."""
    found: list[Fault] = []
    broken = {each.path[:2] for each in faults}
    environments = value.get("environments") if isinstance(value, dict) else None
    if isinstance(environments, dict):
        sound = {name: each for name, each in environments.items() if ("environments", name) not in broken}
        found += rule_faults(sound, frozenset(environments))
    if (
        isinstance(environments, dict)
        and isinstance(value.get("waivers"), list)
        and ("waivers",) not in {p[:1] for p in broken}
    ):
        found += waiver_faults(value["waivers"], frozenset(environments))
    prefix = value.get("prefix") if isinstance(value, dict) and ("prefix",) not in broken else None
    found += prefix_faults(prefix) if prefix else []
    return found


def _configuration(document: Document, repository: RepositoryId) -> Configuration:
    value = document.value
    environments = tuple(
        _judged(
            _environment(
                EnvironmentId(repository=repository, name=name), each, document.locate(("environments", name))[0]
            ),
            value,
        )
        for name, each in value["environments"].items()
    )
    chosen = {key: value[key] for key in ("check", "prefix", "schemas") if key in value}
    return Configuration(environments=environments, **chosen)


def _judged(environment: Environment, value: Mapping[str, Any]) -> Environment:
    """The environment with the policies and waivers of the whole file that concern it."""
    waivers = tuple(
        _waiver(each)
        for each in value.get("waivers", ())
        if environment.id.name in each.get("environments", (environment.id.name,))
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
