"""Findings as JSON, and what all the forms share: the sum, and one list without repetitions."""

from collections import Counter
from typing import Any

from bot.model.checked import Checked
from bot.model.noun import noun
from bot.model.plan import Finding

__all__ = ["Summary", "finding_value", "merged", "summarise", "to_json"]


@noun
class Summary:
    """How many findings there are by level (the same one of several environments counts once), and of how much."""

    errors: int
    unknown: int
    warnings: int
    notices: int
    environments: int
    objects: int
    seconds: float


def merged(checked: Checked) -> list[tuple[Finding, tuple[str, ...]]]:
    """Every finding once, with the environments that have it, in order of place."""
    found: dict[Finding, list[str]] = {each: [] for each in checked.files}
    for environment in checked.environments:
        for finding in environment.findings:
            found.setdefault(finding, []).append(environment.name)
    return sorted(((each, tuple(names)) for each, names in found.items()), key=lambda pair: pair[0].order)


def summarise(checked: Checked, seconds: float) -> Summary:
    """The sum."""
    count = Counter(finding.level for finding, _ in merged(checked))
    return Summary(
        errors=count["error"], unknown=count["unknown"], warnings=count["warning"], notices=count["notice"],
        environments=len(checked.environments), objects=sum(each.objects for each in checked.environments),
        seconds=seconds,
    )  # fmt: skip


def to_json(checked: Checked, seconds: float) -> dict[str, Any]:
    """`{version, summary, environments, files, unaffected}`; the reference describes it.

    `environments` are `{name, source, objects, findings}`, `files` the findings beside them. A finding is `{check,
    rule, level, message, fix, waived, object, path, line, column}`; 0 is no line, "" no path.
    """
    sum = summarise(checked, seconds)
    return {
        "version": 1,
        "summary": {
            "errors": sum.errors, "unknown": sum.unknown, "warnings": sum.warnings, "notices": sum.notices,
            "environments": sum.environments, "objects": sum.objects, "seconds": round(seconds, 3),
        },
        "environments": [
            {
                "name": each.name, "source": each.source, "objects": each.objects,
                "findings": [finding_value(finding) for finding in each.findings],
            }
            for each in checked.environments
        ],
        "files": [finding_value(each) for each in checked.files],
        "unaffected": list(checked.unaffected),
    }  # fmt: skip


def finding_value(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "check": finding.check, "rule": finding.rule, "level": finding.level, "message": finding.message,
        "fix": finding.fix, "waived": finding.waived, "object": str(finding.resource) if finding.resource else "",
        "path": finding.path, "line": finding.line, "column": finding.column,
    }  # fmt: skip
