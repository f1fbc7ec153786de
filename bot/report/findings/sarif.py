"""Findings as SARIF 2.1.0, the form that code scanning services take.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html; what GitHub reads of it:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

import hashlib
from collections import Counter
from typing import Any
from urllib.parse import quote

from bot import __version__
from bot.model.checked import Checked
from bot.model.environment import CONFIGURATION
from bot.model.plan import Finding
from bot.report.escape import clip
from bot.report.findings.shape import merged

__all__ = ["to_sarif"]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"error": "error", "unknown": "error", "warning": "warning", "notice": "note"}
ABOUT = {
    "schemas": "Objects have the fields and types that their API knows.",
    "secrets": "Nothing secret stands in git in plain text.",
    "render": "Every environment renders to objects that can be applied.",
    "configuration": "tidegate.yaml is one that can be used.",
    "check": "Every check gives an answer.",
}
"""What is demanded, by check; a rule of a policy speaks for itself."""

LONGEST = 1000
NOWHERE = CONFIGURATION
"""Where a finding of no file is: GitHub refuses a report as a whole if one result has no location."""


def to_sarif(checked: Checked) -> dict[str, Any]:
    """One run with all findings; one that several environments share is one result that names them."""
    found = merged(checked)
    names = sorted({finding.kind for finding, _ in found})
    seen: Counter[str] = Counter()
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Tidegate", "semanticVersion": __version__,
                        "rules": [rule(name, next(f for f, _ in found if f.kind == name)) for name in names],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The repository's root."}}},
                "results": [result(finding, where, names, seen) for finding, where in found],
            }
        ],
    }  # fmt: skip


def rule(name: str, example: Finding) -> dict[str, Any]:
    """A rule with its help: what is demanded, and for a policy what to do."""
    about = ABOUT.get(name, f"The rule {name} holds.")
    fix = f" To fix it: {example.fix}" if example.rule and example.fix else ""
    return {
        "id": name,
        "name": name.replace("/", "-"),
        "shortDescription": {"text": about},
        "fullDescription": {"text": clip(about + fix, LONGEST)},
        "help": {"text": clip(f"{about}{fix} Every result says what to do.", LONGEST)},
        "defaultConfiguration": {"level": LEVELS[example.level]},
    }


def result(finding: Finding, where: tuple[str, ...], names: list[str], seen: Counter[str]) -> dict[str, Any]:
    """One finding. The fingerprint has no line in it, so that it survives edits above."""
    text = finding.message + (f". To fix it: {finding.fix}" if finding.fix else "")
    key = f"{finding.kind}\0{finding.path}\0{finding.resource}\0{finding.message}"
    seen[key] += 1
    print_ = hashlib.sha256(f"{key}\0{seen[key]}".encode("utf-8", "surrogateescape")).hexdigest()[:32]
    found: dict[str, Any] = {
        "ruleId": finding.kind,
        "ruleIndex": names.index(finding.kind),
        "level": LEVELS[finding.level],
        "message": {"text": text},
        "locations": [{"physicalLocation": physical(finding)}],
        "partialFingerprints": {"tidegate/v1": print_},
        "properties": {"environments": list(where), "unknown": finding.level == "unknown"},
    }
    if finding.waived:
        found["suppressions"] = [{"kind": "external", "justification": finding.waived}]
    return found


def physical(finding: Finding) -> dict[str, Any]:
    """The place in a file; a finding of the file as a whole has no region."""
    uri = quote((finding.path or NOWHERE).encode("utf-8", "surrogateescape"), safe="/")
    place: dict[str, Any] = {"artifactLocation": {"uri": uri, "uriBaseId": "SRCROOT"}}
    if finding.line:
        place["region"] = {"startLine": finding.line, "startColumn": max(1, finding.column)}
    return place
