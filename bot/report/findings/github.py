"""Findings as workflow commands of GitHub Actions, which become annotations of the run and the files.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands; how values are escaped:
https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
"""

from collections.abc import Iterator

from bot.model.checked import Checked
from bot.model.plan import Finding
from bot.report.escape import visible
from bot.report.findings.shape import merged

__all__ = ["to_github"]

COMMANDS = {"error": "error", "unknown": "error", "warning": "warning", "notice": "notice"}


def to_github(checked: Checked) -> str:
    """One line per finding; nothing where there is none."""
    found = merged(checked)
    several = len(checked.environments) > 1
    return "\n".join(command(finding, names if several else ()) for finding, names in found)


def command(finding: Finding, names: tuple[str, ...]) -> str:
    """`::error file=…,line=…,col=…,title=…::message`."""
    properties = ",".join(f"{key}={of_property(value)}" for key, value in fields(finding))
    where = f" ({', '.join(names)})" if names else ""
    fix = f"\n{finding.fix}" if finding.fix else ""
    said = "could not be evaluated: " if finding.level == "unknown" else ""
    return f"::{COMMANDS[finding.level]} {properties}::{of_message(said + finding.message + where + fix)}"


def fields(finding: Finding) -> Iterator[tuple[str, str]]:
    """The command's properties."""
    if finding.path:
        yield "file", finding.path
    if finding.path and finding.line:
        yield "line", str(finding.line)
        yield "col", str(max(1, finding.column))
    yield "title", finding.kind


def of_message(text: str) -> str:
    """What ends a command, and the sign that escapes, escaped; other ends of lines are written out."""
    return visible(text).replace("%", "%25").replace("\n", "%0A")


def of_property(text: str) -> str:
    """The same, and what ends a property."""
    return of_message(text).replace(":", "%3A").replace(",", "%2C")
