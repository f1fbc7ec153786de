"""Options of a source: the renderer's own, pinned, and within the repository."""

import json
from typing import Any

import pytest

from bot.config import parse
from bot.errors import ConfigurationError
from bot.model.identity import RepositoryId
from bot.model.plan import Finding
from tests.support.trees import EMPTY

PINNED = {"chart": "oci://acme.io/charts/web", "version": "1.2.3", "digest": "sha256:" + "0" * 64}


def configuration(options: dict[str, Any], renderer: str = "") -> bytes:
    """A tidegate.yaml with one environment; JSON is YAML."""
    source = {"path": "web", "options": options, **({"renderer": renderer} if renderer else {})}
    environment = {"source": source, "target": "a", "apply": "never"}
    return json.dumps({"version": 1, "environments": {"a": environment}}, indent=1).encode()


def read(options: dict[str, Any], renderer: str = "") -> Any:
    """The options as an environment has them."""
    found = parse(configuration(options, renderer), RepositoryId(forge="github", number=7, path="acme/web"), EMPTY)
    return found.environments[0].source.options


def fault(options: dict[str, Any], renderer: str = "") -> Finding:
    """The one thing that is wrong with them."""
    with pytest.raises(ConfigurationError) as error:
        read(options, renderer)
    found: Finding
    (found,) = error.value.findings
    assert found.fix
    return found


@pytest.mark.parametrize("renderer", ["", "helm"])
def test_what_helm_has(renderer: str) -> None:
    options = {**PINNED, "values": ["a.yaml", "envs/b.yaml"], "release": "web", "namespace": "shop", "crds": False}
    assert read(options, renderer) == options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({**PINNED, "digest": PINNED["digest"] + "\n"}, "must be sha256: and 64 hexadecimal digits"),
        ({"crds": "yes"}, "must be true or false"),
    ],
)
def test_options_of_another_form(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read(options)
    assert [message in each.message for each in error.value.findings] == [True]


@pytest.mark.parametrize("renderer", ["plain", "kustomize"])
def test_options_of_another_renderer_are_refused_by_name(renderer: str) -> None:
    found = fault({"values": ["../x"]}, renderer)
    assert f'"values" is no option of the renderer {renderer}' in found.message
    assert found.line > 1


@pytest.mark.parametrize("missing", ["version", "digest"])
def test_a_chart_from_elsewhere_needs_both_pins(missing: str) -> None:
    found = fault({key: value for key, value in PINNED.items() if key != missing})
    assert f'"chart" needs "{missing}"' in found.message


@pytest.mark.parametrize("key", ["version", "digest"])
def test_a_pin_needs_a_chart(key: str) -> None:
    assert "for a chart from elsewhere" in fault({key: PINNED[key]}).message


@pytest.mark.parametrize(
    "url", ["http://a.io/web", "acme/web", "file:///web", "oci://a@b.io/web", "oci://a.io", "oci://a.io/../b"]
)
def test_places_that_no_chart_is_at(url: str) -> None:
    assert "no place that a chart can be at" in fault({**PINNED, "chart": url}).message


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("../a", "leaves the repository"), ("/a", "leaves the repository"), ("file:///a", "is a URL"),
        ("https://a.io/a", "is a URL"), ("-a", "begins with a dash"), ("a/../b", "leaves the repository"),
        ("./a", "is not in its shortest form"), (".git/config", "is git's own folder"), ("a\\b", "has a backslash"),
    ],
)  # fmt: skip
def test_values_that_leave_the_repository(path: str, why: str) -> None:
    assert fault({"values": ["fine.yaml", path]}).message.endswith(why)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("release", "-x"), ("release", "x" * 54), ("release", "A"), ("namespace", "a.b"), ("namespace", "-x"),
        ("namespace", "x" * 64),
    ],
)  # fmt: skip
def test_names_that_cannot_be_one(key: str, name: str) -> None:
    assert f"cannot be a {key}" in fault({key: name}).message
