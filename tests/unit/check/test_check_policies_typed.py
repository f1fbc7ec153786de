"""What an API server's own types make of an object before a policy sees it: empty fields, quantities, Secrets."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given as any_given
from hypothesis import settings
from hypothesis import strategies as st

from bot.check.cel.library.quantity import canonical
from bot.check.policies.shown import FILLS, shown
from bot.check.policies.shown.types import Types
from bot.model.kubernetes import NEWEST
from bot.settings import KUBERNETES
from tests.support.policies_given import ANY, binding, levels, policy

TYPES = Types(NEWEST, {})
"""The types alone, with nothing filled in."""


def parts(body: Mapping[str, Any]) -> dict[str, Any]:
    """An object without its type."""
    return {key: each for key, each in body.items() if key not in ("apiVersion", "kind")}


def given(kind: str, text: str) -> dict[str, Any]:
    """An object of a kind such as `apps/v1/Deployment`."""
    version, _, name = kind.rpartition("/")
    return {"apiVersion": version, "kind": name, **yaml.safe_load(text)}


@pytest.mark.parametrize(
    ("kind", "text", "left"),
    [
        ("v1/Pod", "{metadata: {labels: {}, finalizers: []}, spec: {nodeSelector: {}, hostname: ''}}",
         "{metadata: {}, spec: {containers: null}}"),
        ("v1/Pod", "{spec: {hostNetwork: false, shareProcessNamespace: false, priority: 0, affinity: {}, os: null}}",
         "{spec: {containers: null, shareProcessNamespace: false, priority: 0, affinity: {}}}"),
        ("v1/Pod", "{spec: {containers: [{name: a, ports: [{containerPort: 1, hostPort: 0, name: ''}], command: []}]}}",
         "{spec: {containers: [{name: a, ports: [{containerPort: 1}], resources: {}}]}}"),
        ("v1/Pod", "{metadata: {labels: {name: ''}}, spec: [1]}", "{metadata: {labels: {name: ''}}, spec: [1]}"),
        ("v1/Service", "{spec: {selector: {}, ports: [{port: 1, targetPort: ''}, {port: 2, nodePort: 0}, 3]}}",
         "{spec: {ports: [{port: 1, targetPort: 0}, {port: 2, targetPort: 0}, 3]}}"),
        ("apps/v1/Deployment", "{spec: {selector: {}, replicas: 0, template: {spec: null}}}",
         "{spec: {selector: {}, replicas: 0, strategy: {}, template: {metadata: {}, spec: {containers: null}}}}"),
        ("networking.k8s.io/v1/NetworkPolicy", "{spec: {ingress: []}}", "{spec: {podSelector: {}}}"),
        ("networking.k8s.io/v1/Ingress", "{spec: {ingressClassName: '', rules: []}}", "{spec: {ingressClassName: ''}}"),
        ("rbac.authorization.k8s.io/v1/Role", "{rules: []}", "{rules: []}"),
        ("rbac.authorization.k8s.io/v1/Role", "{}", "{rules: null}"),
        ("rbac.authorization.k8s.io/v1/Role", "{rules: [{verbs: [], resourceNames: []}]}", "{rules: [{verbs: []}]}"),
        ("scheduling.k8s.io/v1/PriorityClass", "{value: 0, globalDefault: false}", "{value: 0}"),
        ("v1/ConfigMap", "{data: {}, binaryData: {}, metadata: {labels: null}}", "{metadata: {}}"),
        ("v1/ConfigMap", "{data: {name: '', cpu: 1000m}}", "{data: {name: '', cpu: 1000m}}"),
        ("v1/ResourceQuota", "{spec: {hard: {cpu: 1000m, memory: many, pods: true}, scopes: []}}",
         "{spec: {hard: {cpu: '1', memory: many, pods: true}}}"),
    ],
)  # fmt: skip
def test_what_is_empty_is_there_only_where_a_type_can_tell(kind: str, text: str, left: str) -> None:
    body = given(kind, text)
    type = TYPES.kind(body["apiVersion"], body["kind"])
    assert type
    assert parts(type.whole(body)) == yaml.safe_load(left)


@pytest.mark.parametrize(
    ("kind", "text", "left"),
    [
        ("v1/Secret", "{stringData: {a: ä, b: ''}, data: {a: eA==, c: eA==}}",
         "{type: Opaque, data: {a: w6Q=, b: '', c: eA==}}"),
        ("v1/Secret", "{stringData: {}, data: null, type: ''}", "{type: Opaque}"),
        ("v1/Secret", "{stringData: {a: b}, data: null}", "{type: Opaque, data: {a: Yg==}}"),
        ("acme.io/v1/Secret", "{stringData: {}, labels: {}}", "{stringData: {}, labels: {}}"),
        ("acme.io/v1/X", "{metadata: {labels: {}, name: a}, spec: {name: ''}}",
         "{metadata: {name: a}, spec: {name: ''}}"),
        ("v1/Unheard", "{metadata: {labels: {}}, spec: {a: ''}}", "{metadata: {}, spec: {a: ''}}"),
        ("v1/Unheard", "{metadata: 1}", "{metadata: 1}"),
    ],
)  # fmt: skip
def test_what_a_policy_is_shown_of_secrets_and_of_what_has_no_type_here(kind: str, text: str, left: str) -> None:
    assert parts(shown(given(kind, text), NEWEST)) == yaml.safe_load(left)


LATER = {"resource.v1.ExactDeviceRequest", "resource.v1.DeviceSubRequest"}
"""Types that the older versions do not have."""


@pytest.mark.parametrize("version", KUBERNETES)
def test_what_is_filled_in_are_fields_of_the_type(version: str) -> None:
    types = Types(version, FILLS)
    definitions = types.catalogue.definitions
    assert FILLS.keys() - definitions.keys() <= LATER
    for name in FILLS.keys() & definitions.keys():
        assert types.named(name).written({}).keys() <= definitions[name]["properties"].keys(), name


ODD: list[Any] = [None, True, False, 0, 1, -1.5, "", "1000m", "latest", [], [None], {}, {"": None}, [{}], {"a": 1}]


@st.composite
def values(draw: st.DrawFn, schema: Mapping[str, Any]) -> Any:
    """What a schema describes, and now and then something else."""
    if name := schema.get("$ref"):
        schema = TYPES.catalogue.definitions[name.removeprefix("#/definitions/")]
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(ODD))
    if properties := schema.get("properties"):
        names = draw(st.lists(st.sampled_from(sorted(properties)), max_size=4, unique=True))
        return {name: draw(values(properties[name])) for name in names}
    if items := schema.get("items"):
        return [draw(values(items)) for _ in range(draw(st.integers(0, 2)))]
    if isinstance(inner := schema.get("additionalProperties"), dict):
        return {name: draw(values(inner)) for name in draw(st.sets(st.sampled_from(["cpu", "name", ""]), max_size=2))}
    return draw(st.sampled_from([*schema.get("enum", ()), "", "a", 0, 1, False, True]))


KINDS = sorted(name for name in TYPES.catalogue.content["kinds"] if TYPES.kind(*name.rsplit("/", 1)))


@settings(max_examples=300)
@any_given(st.data(), st.sampled_from(KINDS))
def test_whatever_an_object_holds_is_shown_and_shown_again_it_is_the_same(data: st.DataObject, name: str) -> None:
    version, _, kind = name.rpartition("/")
    schema = {"$ref": "#/definitions/" + TYPES.catalogue.content["kinds"][name]}
    given = data.draw(values(schema))
    body = {**(given if isinstance(given, dict) else {}), "apiVersion": version, "kind": kind}
    before = copy.deepcopy(body)
    made = shown(body, NEWEST)
    assert body == before
    assert shown(made, NEWEST) == made


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1000m", "1"), ("1024Mi", "1Gi"), ("0.5Gi", "512Mi"), ("1.1Gi", "1181116006400m"), ("0.5Ki", "512"),
        ("1000", "1k"), ("1.5", "1500m"), ("1.234", "1.234"), ("1e3", "1e3"), ("12e5", "1200e3"), ("1000000e0", "1e6"),
        ("0Gi", "0"), ("-1024Mi", "-1Gi"), ("5.", "5."), ("0.1", "100m"), ("9Ei", "9223372036854775807"),
        ("lots", None), ("", None),
    ],
)  # fmt: skip
def test_a_quantity_is_written_in_one_way(text: str, written: str | None) -> None:
    assert canonical(text) == written


@pytest.mark.parametrize(
    ("expression", "spec", "found"),
    [
        ("has(object.spec.serviceAccountName)", "{serviceAccountName: ''}", ["error"]),
        ("object.spec.serviceAccountName != 'admin'", "{serviceAccount: admin}", ["error"]),
        ("object.spec.containers.all(c, has(c.resources.limits))",
         "{containers: [{resources: {limits: {}}}]}", ["error"]),
        ("object.spec.containers.all(c, c.imagePullPolicy != 'Always')",
         "{containers: [{image: a, imagePullPolicy: ''}]}", ["error"]),
        ("object.spec.containers.all(c, quantity(c.resources.limits.cpu).isLessThan(quantity('2')))",
         "{containers: [{resources: {limits: {cpu: 1.5}}}]}", []),
        ("!object.spec.volumes.exists(v, has(v.emptyDir))", "{volumes: [{name: a}]}", ["error"]),
        ("!object.spec.volumes.exists(v, has(v.emptyDir))", "{volumes: [{name: a, hostPath: {path: /}}]}", []),
    ],
)  # fmt: skip
def test_a_policy_sees_what_the_types_make_of_a_pod(expression: str, spec: str, found: list[str]) -> None:
    pod = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: shop}}\nspec: {spec}\n"
    assert levels(policy(expression, rules=ANY + "}") + binding(), objects=pod) == found


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("object.?rules.orValue([]).all(r, !('*' in r.verbs))", ["unknown"]),  # null has no `all`
        ("object.rules == null", []),
        ("has(object.rules)", []),
    ],
)
def test_a_role_without_rules_has_rules_that_are_null(expression: str, found: list[str]) -> None:
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a, namespace: shop}\n"
    assert levels(policy(expression, rules=ANY + "}") + binding(), objects=role) == found
