"""What a checkup found, in every form: for people, and for the programs that read it."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as xml

import pytest
from jsonschema import Draft4Validator

from bot.model.checked import Checked, Judged
from bot.model.plan import Finding
from bot.model.resource import ResourceId
from bot.report.findings.github import to_github
from bot.report.findings.junit import to_junit
from bot.report.findings.sarif import to_sarif
from bot.report.findings.shape import to_json
from bot.report.findings.text import to_text

SCHEMA = json.loads((Path(__file__).parent / "sarif" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
WEB = ResourceId(type="Deployment.apps", name="web")


def finding(**given: Any) -> Finding:
    base: dict[str, Any] = {
        "check": "schemas", "level": "error", "message": "spec.replicas must be an integer, not a string", "line": 2,
        "fix": "write the number without quotes", "path": "a/web.yaml", "column": 3, "resource": WEB,
    }  # fmt: skip
    return Finding(**{**base, **given})


def checked(*findings: Finding, name: str = "prod") -> Checked:
    return Checked(environments=(Judged(name=name, source="a", objects=3, findings=findings),))


EVERY_KIND = checked(
    finding(),
    finding(level="unknown", check="policies", rule="no-latest-tag", line=0, column=0, path=""),
    finding(level="warning", path="weird name,é:%.yaml", message="100%: a\nb", line=7),
    finding(level="notice", waived="ana until 2030-01-31"),
    finding(level="error", message="\x1b[31mred \x00", path="a/web.yaml", line=9),
)
SOURCES = {"a/web.yaml": "spec:\n  replicas: four\n"}


FILES = Checked(environments=(Judged(name="prod", source="a", objects=3, findings=()),), files=(finding(column=0),))
HOSTILE = checked(
    *(
        finding(level=level, message="\x00\x1b]0;\r\nb", path="caf\udce9\x1b.yaml", fix="\x1b" * 5000, rule="\x1b\x00")
        for level in ("error", "unknown", "warning")
    ),
    finding(level="notice", waived="\x1b\x00"),
    name="\x00",
)


@pytest.mark.parametrize("found", [EVERY_KIND, checked(), FILES, HOSTILE])
def test_sarif_is_what_its_schema_says(found: Checked) -> None:
    assert [each.message for each in Draft4Validator(SCHEMA).iter_errors(to_sarif(found))] == []


def test_sarif_holds_any_name_and_no_text_that_github_refuses() -> None:
    (run,) = to_sarif(HOSTILE)["runs"]
    uris = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]}
    assert uris == {"a/web.yaml", "caf%E9%1B.yaml"}
    (rule,) = (each for each in run["tool"]["driver"]["rules"] if each["id"] != "schemas")
    assert len(rule["fullDescription"]["text"]) == len(rule["help"]["text"]) == 1000


def test_xml_and_lines_hold_any_text() -> None:
    root = xml.fromstring(to_junit(HOSTILE, 1.0).encode("utf-8"))
    assert [each.get("file") for each in root.iter("testcase")] == ["a/web.yaml", "caf��.yaml"]
    assert {each.tag for each in root.iter() if each.text and "\\nb; " in each.text} == {
        "failure",
        "error",
        "system-out",
    }
    for lines in (to_text(HOSTILE, {}, 1.0, False), to_github(HOSTILE)):
        assert {char for char in lines if not char.isprintable()} == {"\n"}
    assert len(to_github(HOSTILE).split("\n")) == 4


def test_what_is_wrong_beside_the_environments_is_in_every_form() -> None:
    assert to_json(FILES, 1.0)["summary"]["errors"] == len(to_json(FILES, 1.0)["files"]) == 1
    assert len(to_sarif(FILES)["runs"][0]["results"]) == 1
    assert to_github(FILES).startswith("::error file=a/web.yaml,line=2,col=1,title=schemas::")
    root = xml.fromstring(to_junit(FILES, 1.0))
    assert [(each.get("name"), each.get("failures")) for each in root] == [("prod", "0"), ("files", "1")]
    assert "1 error in 1 environment" in to_text(FILES, {}, 1.0, False)
    (empty,) = xml.fromstring(to_junit(Checked(environments=()), 1.0))
    assert (empty.get("tests"), empty.get("failures")) == ("1", "0")


def test_the_sarif_schema_would_find_a_mistake() -> None:
    log = to_sarif(EVERY_KIND)
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert list(Draft4Validator(SCHEMA).iter_errors(log)) != []


def test_sarif_results_name_rule_place_and_environment() -> None:
    run = to_sarif(EVERY_KIND)["runs"][0]
    results = {each["message"]["text"][:20]: each for each in run["results"]}
    place = results["spec.replicas must b"]
    assert [each["id"] for each in run["tool"]["driver"]["rules"]] == ["policies/no-latest-tag", "schemas"]
    assert all(run["tool"]["driver"]["rules"][each["ruleIndex"]]["id"] == each["ruleId"] for each in run["results"])
    assert place["properties"]["environments"] == ["prod"]
    where = results["100%: a\nb. To fix it"]["locations"][0]["physicalLocation"]
    assert where["artifactLocation"] == {"uri": "weird%20name%2C%C3%A9%3A%25.yaml", "uriBaseId": "SRCROOT"}
    assert where["region"] == {"startLine": 7, "startColumn": 3}
    assert "SRCROOT" in run["originalUriBaseIds"]


def test_what_is_unknown_is_an_error_everywhere() -> None:
    unknown = checked(finding(level="unknown"))
    assert to_sarif(unknown)["runs"][0]["results"][0]["level"] == "error"
    assert to_github(unknown).startswith("::error ")
    assert xml.fromstring(to_junit(unknown, 1.0)).get("errors") == "1"
    assert to_json(unknown, 1.0)["summary"]["unknown"] == 1


def test_fingerprints_survive_lines_above_and_differ_from_one_another() -> None:
    def prints(found: Checked) -> list[str]:
        return [each["partialFingerprints"]["tidegate/v1"] for each in to_sarif(found)["runs"][0]["results"]]

    assert prints(checked(finding(line=2))) == prints(checked(finding(line=40)))
    assert len(set(prints(checked(finding(line=2), finding(line=40), finding(message="other"))))) == 3


def test_every_result_has_a_location_since_github_refuses_a_report_otherwise() -> None:
    (run,) = to_sarif(checked(finding(path="", line=0, column=0)))["runs"]
    (location,) = run["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "tidegate.yaml"


def test_a_waived_finding_is_a_suppressed_result() -> None:
    waived = checked(finding(level="notice", waived="ana until 2030-01-31"))
    result = to_sarif(waived)["runs"][0]["results"][0]
    assert result["suppressions"] == [{"kind": "external", "justification": "ana until 2030-01-31"}]


def test_junit_has_the_usual_shape() -> None:
    root = xml.fromstring(to_junit(EVERY_KIND, 1.25))
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors")) == ("testsuites", "3", "1", "1")
    (suite,) = root
    assert {"name", "tests", "failures", "errors", "skipped"} <= suite.attrib.keys()
    for case in suite:
        assert case.tag == "testcase"
        assert {"classname", "name"} <= case.attrib.keys()
        assert {child.tag for child in case} <= {"failure", "error", "system-out"}
    failure = next(suite.iter("failure"))
    assert failure.get("message", "").startswith("a/web.yaml:2:3: error: spec.replicas")
    assert failure.get("type") == "schemas"


def test_junit_of_nothing_wrong_passes() -> None:
    root = xml.fromstring(to_junit(checked(), 0.1))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("1", "0", "0")


def test_workflow_commands_are_escaped() -> None:
    lines = to_github(EVERY_KIND).split("\n")
    assert len(lines) == 5
    assert (
        "::warning file=weird name%2Cé%3A%25.yaml,line=7,col=3,title=schemas::100%25: a%0Ab%0Awrite the number without "
        "quotes" in lines
    )
    assert lines[0] == (
        "::error title=policies/no-latest-tag::could not be evaluated: spec.replicas must be an integer, "
        "not a string%0Awrite the number without quotes"
    )
    assert "\x1b" not in "".join(lines)


def test_text_shows_the_line_and_what_to_do() -> None:
    assert to_text(checked(finding()), SOURCES, 0.84, False) == (
        "a/web.yaml\n"
        "  2:3 error: spec.replicas must be an integer, not a string [schemas]\n"
        "      1 │ spec:\n"
        "      2 │   replicas: four\n"
        "        │   ^^^^^^^^\n"
        "      fix: write the number without quotes\n"
        "\n"
        "1 error in 1 environment (3 objects), 0.8 s"
    )


def test_text_has_colours_when_asked_and_never_somebody_elses() -> None:
    plain, coloured = (to_text(EVERY_KIND, SOURCES, 1.0, colour) for colour in (False, True))
    assert "\x1b" not in plain and "\\x1b[31mred" in plain
    assert "\x1b[31merror\x1b[0m" in coloured and "\x1b[31mred" not in coloured


def test_one_finding_of_several_environments_is_said_once() -> None:
    both = Checked(
        environments=tuple(Judged(name=name, source="a", objects=1, findings=(finding(),)) for name in ("dev", "prod"))
    )
    assert to_text(both, SOURCES, 1.0, False).count("spec.replicas") == 1
    assert "[schemas] (dev, prod)" in to_text(both, SOURCES, 1.0, False)
    assert "not a string (dev, prod)%0A" in to_github(both)
    assert to_json(both, 1.0)["summary"]["errors"] == 1
    assert len(to_sarif(both)["runs"][0]["results"]) == 1
    assert xml.fromstring(to_junit(both, 1.0)).get("failures") == "2"


SECRET = (
    "kind: Secret\nmetadata:\n  name: s\nstringData:\n  password: hunter2\n  more: |\n    key hunter2\n    a: hunter2\n"
)
SECRET_ID = ResourceId(type="Secret", name="s")


@pytest.mark.parametrize("line", range(1, 9))
@pytest.mark.parametrize(
    "given",
    [
        {"resource": SECRET_ID},
        {"resource": SECRET_ID, "check": "secrets"},
        {"resource": None, "check": "render", "message": "not valid YAML"},
        {"resource": WEB, "check": "schemas"},
    ],
)
def test_no_value_of_a_secret_is_in_an_excerpt(line: int, given: dict[str, Any]) -> None:
    text = to_text(checked(finding(line=line, **given)), {"a/web.yaml": SECRET}, 1.0, False)
    assert "hunter2" not in text
    assert f"{line} │" in text


def test_a_line_is_shown_without_what_a_terminal_obeys() -> None:
    text = to_text(checked(finding()), {"a/web.yaml": "a: \x1b[31m\nb:\t\u202ec\n"}, 1.0, False)
    assert "1 │ a: \\x1b[31m\n      2 │ b: \\u202ec\n" in text


@pytest.mark.parametrize("check", ["leaks", "secrets"])
@pytest.mark.parametrize("line", ["- value: hunter2", "  hunter2: value"])
def test_what_a_scanner_found_is_not_shown_by_another_finding(line: str, check: str) -> None:
    source = {"a/web.yaml": f"env:\n{line}\n"}
    leak = finding(check=check, level="warning", column=10, message="looks like a password")
    for found in (checked(leak), checked(finding(), leak), checked(finding(line=3), leak)):
        assert "hunter2" not in to_text(found, source, 1.0, False)
    assert "hunter2" in to_text(checked(finding()), source, 1.0, False)


def test_a_secret_in_json_or_in_a_list_is_masked() -> None:
    for text in ('{"kind": "Secret",\n"data": {"p": "hunter2"}}\n', "items:\n- kind: Secret\n  data: {p: hunter2}\n"):
        for line in (1, 2, 3):
            shown = to_text(checked(finding(line=line)), {"a/web.yaml": text}, 1.0, False)
            assert "hunter2" not in shown


@pytest.mark.parametrize("kind", ["kind: !!str Secret", "kind: &k Secret", "kind:\n  Secret", "? kind\n: Secret"])
def test_a_secret_is_known_however_its_kind_is_written(kind: str) -> None:
    text = f"{kind}\ndata:\n  p: hunter2\n  p: hunter2\n"
    for line in range(1, text.count("\n") + 1):
        assert "hunter2" not in to_text(checked(finding(line=line)), {"a/web.yaml": text}, 1.0, False)


def test_what_a_secret_is_made_of_is_masked() -> None:
    text = "secretGenerator:\n- name: s\n  literals:\n  - p=hunter2\n  files: [nowhere]\nresources: []\n"
    for line in range(1, 7):
        assert "hunter2" not in to_text(checked(finding(line=line)), {"a/web.yaml": text}, 1.0, False)


def test_a_secret_beside_other_documents_is_masked_and_they_are_not() -> None:
    text = "kind: ConfigMap\nname: shown\n---\nkind: Secret\ndata: hunter2\n"
    assert "name: shown" in to_text(checked(finding(line=2)), {"a/web.yaml": text}, 1.0, False)
    assert "hunter2" not in to_text(checked(finding(line=5)), {"a/web.yaml": text}, 1.0, False)
    text = "kind: Secret\ndata: hunter2\n---\nkind: ConfigMap\nname: shown\n"
    assert "hunter2" not in to_text(checked(finding(line=2)), {"a/web.yaml": text}, 1.0, False)
    assert "name: shown" in to_text(checked(finding(line=5)), {"a/web.yaml": text}, 1.0, False)


def test_an_object_that_is_a_secret_is_masked_in_a_file_that_does_not_say_so() -> None:
    text = "metadata: {name: s}\ndata: {p: hunter2}\n"
    assert "hunter2" not in to_text(checked(finding(resource=SECRET_ID)), {"a/web.yaml": text}, 1.0, False)


@pytest.mark.parametrize("rest", ["", " b"])
@pytest.mark.parametrize("given", [{"line": 5, "resource": SECRET_ID}, {"line": 4, "resource": None}])
def test_a_line_of_a_longer_text_is_no_key_of_a_secret(given: dict[str, Any], rest: str) -> None:
    text = f"kind: Secret\nstringData:\n  a: |\n    hunter2:{rest}\n  c: d\n"
    assert "hunter2" not in to_text(checked(finding(**given)), {"a/web.yaml": text}, 1.0, False)


def test_a_file_of_one_line_that_does_not_end() -> None:
    for line in (0, 1):
        text = to_text(checked(finding(line=line)), {"a/web.yaml": "kind: Pod"}, 1.0, False)
        assert (text.count("│"), text.count("kind: Pod")) == (2 * line, line)


def test_the_end_of_a_line_may_be_that_of_another_system() -> None:
    text = to_text(checked(finding()), {"a/web.yaml": "spec:\r\n  replicas: four\r\n"}, 1.0, False)
    assert "      2 │   replicas: four\n" in text


def test_long_lines_and_odd_places_are_shown_as_well_as_can_be() -> None:
    long = "x: " + "a" * 500 + " key: 1\n"
    text = to_text(checked(finding(line=1, column=505)), {"a/web.yaml": long}, 1.0, False)
    assert max(map(len, text.split("\n"))) < 160 and "key: 1" in text
    for line, column in ((99, 1), (1, 9999), (0, 0)):
        assert "error" in to_text(checked(finding(line=line, column=column)), SOURCES, 1.0, False)


def test_json_is_the_documented_shape() -> None:
    found = to_json(EVERY_KIND, 1.23456)
    assert found["summary"] == {
        "errors": 2, "unknown": 1, "warnings": 1, "notices": 1, "environments": 1, "objects": 3, "seconds": 1.235,
    }  # fmt: skip
    assert set(found) == {"version", "summary", "environments", "files", "unaffected"}
    assert found["environments"][0]["findings"][0] == {
        "check": "schemas", "rule": "", "level": "error", "message": "spec.replicas must be an integer, not a string",
        "fix": "write the number without quotes", "waived": "", "object": "Deployment web", "path": "a/web.yaml",
        "line": 2, "column": 3,
    }  # fmt: skip
