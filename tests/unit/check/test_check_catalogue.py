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

from bot.check.schemas.native.catalogue import Catalogue, known_versions, minor_order, shipped, version_order
from bot.errors import InputError
from bot.model.groups import is_own_group
from bot.model.kubernetes import NEWEST
from bot.settings import KUBERNETES

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "bot" / "check" / "schemas" / "native" / "versions"


@pytest.fixture(scope="module", params=KUBERNETES)
def catalogue(request: pytest.FixtureRequest) -> Catalogue:
    return Catalogue(request.param)


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


@pytest.mark.parametrize(
    ("group", "kind", "resource"),
    [
        ("", "Pod", ("pods", True)), ("", "Namespace", ("namespaces", False)), ("", "Endpoints", ("endpoints", True)),
        ("networking.k8s.io", "NetworkPolicy", ("networkpolicies", True)),
        ("networking.k8s.io", "IngressClass", ("ingressclasses", False)),
    ],
)  # fmt: skip
def test_where_objects_are_made_is_there(
    catalogue: Catalogue, group: str, kind: str, resource: tuple[str, bool]
) -> None:
    assert catalogue.resource(group, kind) == resource


def test_every_group_is_known_as_kubernetes_own(catalogue: Catalogue) -> None:
    assert {group for group in catalogue.groups if not is_own_group(group)} == set()


def test_every_version_of_a_kind_is_made_at_the_same_place(catalogue: Catalogue) -> None:
    resources = catalogue.content["resources"]
    for (group, kind), versions in catalogue.kinds.items():
        names = [f"{group}/{version}/{kind}".removeprefix("/") for version in versions]
        assert {tuple(resources[name]) for name in names} == {catalogue.resource(group, kind)}


@pytest.mark.parametrize(
    ("group", "kind"),
    [
        ("autoscaling", "Scale"),
        ("policy", "Eviction"),
        ("", "ComponentStatus"),
        ("authentication.k8s.io", "TokenRequest"),
    ],
)
def test_what_is_never_made_is_no_kind(catalogue: Catalogue, group: str, kind: str) -> None:
    assert (group, kind) not in catalogue.kinds


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


def test_every_form_is_of_a_definition_and_of_its_fields(catalogue: Catalogue) -> None:
    forms = shipped(f"types-{catalogue.version}")
    assert len(forms) > 400
    for name, form in forms.items():
        properties = catalogue.definitions[name]["properties"]
        assert {*form.get("always", ()), *form.get("kept", ())} <= properties.keys(), name


def test_the_files_are_small_and_have_no_time_in_them() -> None:
    for file in SHIPPED.glob("*.gz"):
        packed = file.read_bytes()
        assert len(packed) < 30_000
        assert packed[4:8] == b"\0\0\0\0"


def test_the_settings_know_which_versions_are_shipped() -> None:
    assert known_versions() == KUBERNETES
    assert NEWEST in KUBERNETES
    assert sorted(["1.9", "1.36", "1.10"], key=minor_order) == ["1.9", "1.10", "1.36"]


def test_stability_and_then_age_order_versions() -> None:
    versions = ["v2", "v1", "v1beta2", "v1beta1", "v2alpha1", "v1alpha1", "other"]
    assert sorted(versions, key=version_order, reverse=True) == versions


def test_a_version_that_is_not_shipped_is_no_empty_catalogue() -> None:
    with pytest.raises(InputError, match=r"no schemas of Kubernetes 1\.5; there are those of 1\.31, "):
        Catalogue("1.5")


def test_misspelt_values_are_known_in_every_version(catalogue: Catalogue) -> None:
    properties = catalogue.definitions["core.v1.Container"]["properties"]
    assert properties["imagePullPolicy"]["enum"] == ["", "Always", "IfNotPresent", "Never"]
    claim = catalogue.definitions["core.v1.PersistentVolumeClaimSpec"]["properties"]
    assert "ReadWriteOnce" in claim["accessModes"]["items"]["enum"]
    assert properties["ports"]["mapList"] == {"containerPort": 0, "protocol": "TCP"}


def test_what_goes_has_a_time_and_mostly_a_successor() -> None:
    table = shipped("lifecycle")
    assert table["batch/v1beta1/CronJob"] == {
        "deprecated": "1.21",
        "removed": "1.25",
        "replacement": "batch/v1/CronJob",
    }
    assert all(minor_order(each["deprecated"]) < minor_order(each["removed"]) for each in table.values())


META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
REF = "#/components/schemas/"
GENERATED = """\
func schema_k8sio_api_apps_v1_Thing(ref common.ReferenceCallback) common.OpenAPIDefinition {
\t\t\t\t\t"mode": {
\t\t\t\t\t\tSchemaProps: spec.SchemaProps{
\t\t\t\t\t\t\tEnum:        []interface{}{"On", "Off"},
\t\t\t\t\t"modes": {
\t\t\t\t\t\tSchemaProps: spec.SchemaProps{
\t\t\t\t\t\t\tItems: &spec.SchemaOrArray{
\t\t\t\t\t\t\t\t\t\tEnum:        []interface{}{"On", "Off"},
"""


def test_the_script_makes_the_same_bytes_of_the_same_document(script: ModuleType) -> None:
    thing = {
        "description": "left out", "type": "object", "required": ["metadata"],
        "properties": {
            "metadata": {"allOf": [{"$ref": REF + META}], "default": {}, "description": "left out"},
            "count": {"type": "integer", "format": "int32"},
            "mode": {"type": "string"},
            "modes": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            "parts": {"type": "array", "items": {"$ref": REF + "io.k8s.api.apps.v1.Part"},
                      "x-kubernetes-list-map-keys": ["port", "protocol"]},
            "$ref": {"type": "string"},
        },
        "x-kubernetes-group-version-kind": [{"group": "apps", "version": "v1", "kind": "Thing"}],
    }  # fmt: skip
    part = {"type": "object", "properties": {"port": {"type": "integer"}, "protocol": {"default": "TCP"}}}
    document = {"io.k8s.api.apps.v1.Thing": thing, META: {"type": "object"}, "io.k8s.api.apps.v1.Part": part,
                "io.k8s.api.apps.v1.Unused": {}}  # fmt: skip
    made_at = {"post": {"x-kubernetes-group-version-kind": {"group": "apps", "version": "v1", "kind": "Thing"}}}
    paths = {"/apis/apps/v1/namespaces/{namespace}/things": made_at, "/apis/apps/v1/things": {"get": {}}}
    read = {"schemas": document, "paths": paths}
    made = script.make("v1", read, script.enumerated(GENERATED))
    assert made == script.make("v1", json.loads(json.dumps(read)), script.enumerated(GENERATED))
    content = json.loads(gzip.decompress(made))
    assert content["kinds"] == {"apps/v1/Thing": "apps.v1.Thing"}
    assert content["resources"] == {"apps/v1/Thing": ["things", True]}
    nowhere = json.loads(gzip.decompress(script.make("v1", {**read, "paths": {}}, script.enumerated(GENERATED))))
    assert nowhere["kinds"] == nowhere["resources"] == nowhere["definitions"] == {}
    assert set(content["definitions"]) == {"apps.v1.Thing", "apps.v1.Part", "meta.v1.ObjectMeta"}
    assert content["definitions"]["apps.v1.Thing"] == {
        "type": "object", "required": ["metadata"], "additionalProperties": False,
        "properties": {
            "metadata": {"$ref": "#/definitions/meta.v1.ObjectMeta"},
            "count": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
            "mode": {"type": "string", "enum": ["", "Off", "On"]},
            "modes": {"type": "array", "items": {"type": "string", "enum": ["Off", "On"]}, "setList": True},
            "parts": {"type": "array", "items": {"$ref": "#/definitions/apps.v1.Part"},
                      "mapList": {"port": None, "protocol": "TCP"}},
            "$ref": {"type": "string"},
        },
    }  # fmt: skip


def test_values_of_a_field_that_is_not_there_stop_the_script(script: ModuleType) -> None:
    document = {"schemas": {"io.k8s.api.apps.v1.Thing": {"type": "object", "properties": {}}}, "paths": {}}
    with pytest.raises(ValueError, match="that are not there"):
        script.make("v1", document, script.enumerated(GENERATED))
    with pytest.raises(ValueError, match="belong to no field"):
        script.enumerated('\t\t\t\t\t\t\tEnum:        []interface{}{"On"},\n')


@pytest.mark.parametrize("minor", KUBERNETES)
def test_the_shipped_file_is_what_the_script_makes_of_kubernetes(script: ModuleType, minor: str) -> None:
    try:
        folder = subprocess.run(["go", "env", "GOMODCACHE"], check=True, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        pytest.skip("go is not installed, so Kubernetes' OpenAPI documents cannot be found")
    module = f"k8s.io/kubernetes@{script.KUBERNETES[minor]}"
    if not (Path(folder) / module).exists():
        pytest.skip(f"{module} was not downloaded")
    assert script.schemas_of(minor) == (SHIPPED / f"{minor}.json.gz").read_bytes()


def test_importing_the_check_does_not_load_the_validator() -> None:
    code = "import sys, bot.check.schemas.check as s; s.Schemas(); sys.exit('jsonschema_rs' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
