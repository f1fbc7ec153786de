"""The shipped schemas: what is in them, and that the script makes them."""

import gzip
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bot.check.catalogue import Catalogue, version_order
from bot.check.schemas import KUBERNETES

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "bot" / "check" / "schemas" / f"{KUBERNETES}.json.gz"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(KUBERNETES)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """`scripts/make_schemas.py` as a module."""
    found = importlib.util.spec_from_file_location("make_schemas", ROOT / "scripts" / "make_schemas.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("version", "group", "kind"),
    [
        ("v1", "", "Pod"), ("v1", "", "Secret"), ("v1", "apps", "Deployment"), ("v1", "batch", "CronJob"),
        ("v1", "networking.k8s.io", "Ingress"), ("v1", "rbac.authorization.k8s.io", "ClusterRole"),
        ("v1", "apiextensions.k8s.io", "CustomResourceDefinition"), ("v1", "apiregistration.k8s.io", "APIService"),
        ("v2", "autoscaling", "HorizontalPodAutoscaler"), ("v1", "policy", "PodDisruptionBudget"),
    ],
)  # fmt: skip
def test_the_kinds_that_people_write_are_there(catalogue: Catalogue, version: str, group: str, kind: str) -> None:
    assert catalogue.definition(version, group, kind) in catalogue.definitions


def test_every_definition_that_is_named_is_there(catalogue: Catalogue) -> None:
    named = {each.removeprefix("#/definitions/") for each in references(dict(catalogue.definitions))}
    assert named <= set(catalogue.definitions)


def references(value: Any) -> set[str]:
    """Every `$ref` below a value whose text is one."""
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
    return own.union(*map(references, value.values()))


def test_every_definition_with_properties_is_strict(catalogue: Catalogue) -> None:
    loose = {
        name
        for name, each in catalogue.definitions.items()
        if "properties" in each and each.get("additionalProperties") is not False
    }
    assert loose == set()


def test_the_file_is_small_and_has_no_time_in_it() -> None:
    packed = SHIPPED.read_bytes()
    assert len(packed) < 60_000
    assert packed[4:8] == b"\0\0\0\0"


def test_stability_and_then_age_order_versions() -> None:
    versions = ["v2", "v1", "v1beta2", "v1beta1", "v2alpha1", "v1alpha1", "other"]
    assert sorted(versions, key=version_order, reverse=True) == versions


def test_a_version_that_is_not_shipped_is_no_empty_catalogue() -> None:
    with pytest.raises(FileNotFoundError):
        _ = Catalogue("v0.0.0").kinds


def test_the_script_makes_the_same_bytes_of_the_same_document(script: ModuleType) -> None:
    meta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    thing = {
        "description": "left out", "type": "object", "required": ["metadata"],
        "properties": {
            "metadata": {"$ref": f"#/definitions/{meta}", "description": "left out"},
            "count": {"type": "integer", "format": "int32"},
            "$ref": {"type": "string"},
        },
        "x-kubernetes-group-version-kind": [{"group": "apps", "version": "v1", "kind": "Thing"}],
    }  # fmt: skip
    document = {
        "definitions": {"io.k8s.api.apps.v1.Thing": thing, meta: {"type": "object"}, "io.k8s.api.apps.v1.Unused": {}}
    }
    made = script.make("v1", document)
    assert made == script.make("v1", json.loads(json.dumps(document)))
    content = json.loads(gzip.decompress(made))
    assert content["kinds"] == {"apps/v1/Thing": "apps.v1.Thing"}
    assert set(content["definitions"]) == {"apps.v1.Thing", "meta.v1.ObjectMeta"}
    assert content["definitions"]["apps.v1.Thing"] == {
        "type": "object", "required": ["metadata"], "additionalProperties": False,
        "properties": {
            "metadata": {"$ref": "#/definitions/meta.v1.ObjectMeta"},
            "count": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
            "$ref": {"type": "string"},
        },
    }  # fmt: skip


def test_the_shipped_file_is_what_the_script_makes_of_kubernetes(script: ModuleType) -> None:
    try:
        folder = subprocess.run(["go", "env", "GOMODCACHE"], check=True, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        pytest.skip("go is not installed, so Kubernetes' OpenAPI document cannot be found")
    document = Path(folder) / f"k8s.io/kubernetes@{KUBERNETES}" / "api/openapi-spec/swagger.json"
    if not document.exists():
        pytest.skip(f"{document} was not downloaded")
    assert script.make(KUBERNETES, json.loads(document.read_bytes())) == SHIPPED.read_bytes()


def test_importing_the_check_does_not_load_the_validator() -> None:
    code = "import sys, bot.check.schemas as s; s.Schemas(); sys.exit('jsonschema_rs' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
