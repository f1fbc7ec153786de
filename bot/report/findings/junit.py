"""Findings as JUnit XML, in the shape that Jenkins' and GitLab's readers know: a suite per environment.

GitLab shows the case's `classname`, `name` and `file`: https://docs.gitlab.com/ci/testing/unit_test_reports/
"""

import re
from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from xml.etree import ElementTree as xml

from bot.model.checked import Checked
from bot.model.plan import Finding

__all__ = ["to_junit"]

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped (section 2.2)."""


def to_junit(checked: Checked, seconds: float) -> str:
    """The report. Errors are failures, what could not be evaluated is an error, warnings are output."""
    root = xml.Element("testsuites", name="tidegate", time=f"{seconds:.3f}")
    suites = [suite(each.name, each.findings) for each in checked.environments]
    if checked.files or not suites:
        suites.append(suite("files", checked.files))
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(each.get(name, "0")) for each in suites)))
    root.extend(suites)
    xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n"


def suite(name: str, findings: tuple[Finding, ...]) -> xml.Element:
    """One environment: a case per file with findings; one that passes where there is none."""
    ordered = sorted(findings, key=attrgetter("order"))
    cases = [case(name, path, group) for path, group in groupby(ordered, key=lambda each: each.path)]
    if not cases:
        cases = [xml.Element("testcase", classname=name, name="everything")]
    failures, errors = (sum(len(each.findall(tag)) > 0 for each in cases) for tag in ("failure", "error"))
    element = xml.Element(
        "testsuite", name=safe(name), tests=str(len(cases)), failures=str(failures), errors=str(errors), skipped="0"
    )
    element.extend(cases)
    return element


def case(suite: str, path: str, findings: Iterable[Finding]) -> xml.Element:
    """One file. A reader shows one result of a case, so findings of the same kind are one of several lines."""
    element = xml.Element("testcase", classname=safe(suite), name=safe(path or "the environment"))
    if path:
        element.set("file", safe(path))
    found = list(findings)
    for tag, levels in (("failure", ("error",)), ("error", ("unknown",))):
        of_kind = [each for each in found if each.level in levels]
        if of_kind:
            part = xml.SubElement(element, tag, message=safe(line(of_kind[0])), type=safe(of_kind[0].check))
            part.text = safe("\n".join(map(line, of_kind)))
    rest = [each for each in found if each.level not in ("error", "unknown")]
    if rest:
        xml.SubElement(element, "system-out").text = safe("\n".join(map(line, rest)))
    return element


def line(finding: Finding) -> str:
    """`envs/prod/web.yaml:7:3: what is wrong; what to do [check]`."""
    place = f"{finding.path}:{finding.line}:{max(1, finding.column)}: " if finding.line else ""
    fix = f"; {finding.fix}" if finding.fix else ""
    return f"{place}{finding.level}: {finding.message}{fix} [{finding.kind}]".replace("\n", "\\n")


def safe(text: str) -> str:
    """Text that XML can hold."""
    return NOT_XML.sub("�", text)
