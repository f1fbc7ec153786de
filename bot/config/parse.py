"""The bytes of `tidegate.yaml` → a `Configuration`, or everything that is wrong with it at once."""

from typing import Any

from bot.config.fault import Fault
from bot.config.rules import prefix_faults, rule_faults
from bot.config.violations import violations
from bot.document import Document, Limits, load_documents
from bot.errors import ConfigurationError, DocumentError
from bot.model.environment import ApprovalRule, Configuration, Environment, Source
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.plan import Finding

__all__ = ["FILE", "parse"]

FILE = "tidegate.yaml"
"""Where the configuration lies: at the root of the repository."""

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
        [Finding(check=CHECK, level="error", message=message, path=FILE, line=line, column=column)]
    )


def _finding(document: Document, fault: Fault) -> Finding:
    line, column = document.locate(fault.path)
    return Finding(
        check=CHECK, level="error", message=fault.message, fix=fault.fix, path=FILE, line=line, column=column
    )


def _semantic(value: Any, faults: list[Fault]) -> list[Fault]:
    """The faults beyond the schema, of those parts only that the schema finds nothing wrong with."""
    found: list[Fault] = []
    broken = {each.path[:2] for each in faults}
    environments = value.get("environments") if isinstance(value, dict) else None
    if isinstance(environments, dict) and ("environments",) not in broken:
        sound = {name: each for name, each in environments.items() if ("environments", name) not in broken}
        found += rule_faults(sound, frozenset(environments))
    prefix = value.get("prefix") if isinstance(value, dict) and ("prefix",) not in broken else None
    found += prefix_faults(prefix) if prefix else []
    return found


def _configuration(document: Document, repository: RepositoryId) -> Configuration:
    value = document.value
    environments = tuple(
        _environment(EnvironmentId(repository=repository, name=name), each, document.locate(("environments", name))[0])
        for name, each in value["environments"].items()
    )
    chosen = {key: value[key] for key in ("check", "prefix") if key in value}
    return Configuration(environments=environments, **chosen)


def _environment(id: EnvironmentId, value: Any, line: int) -> Environment:
    """One environment; a key that is absent keeps the default of its noun."""
    chosen = {key: value[key] for key in ("scope", "first_apply", "drift") if key in value}
    if chosen.get("drift") is False:
        # The word off, without quotes, is read as false.
        chosen["drift"] = "off"
    if "plain" in value.get("secrets", {}):
        chosen["plain_secrets"] = value["secrets"]["plain"]
    return Environment(
        id=id,
        source=Source(path=value["source"]["path"], renderer=value["source"].get("renderer")),
        target=value["target"],
        apply=value["apply"],
        after=tuple(value.get("after", ())),
        approvals=_approvals(value.get("approvals", {})),
        line=line,
        **chosen,
    )


def _approvals(value: Any) -> ApprovalRule:
    chosen = {key: value[key] for key in ("count", "author", "reviews") if key in value}
    return ApprovalRule(approvers=tuple(value.get("from", ())), **chosen)
