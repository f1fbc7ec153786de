"""What an API server's own types make of an object before a policy sees it: empty fields, quantities, Secrets."""

from typing import Any

import pytest
import yaml

from bot.check.cel.library.quantity import canonical
from bot.check.policies.typed import as_typed
from tests.support.policies_given import ANY, binding, levels, policy


def typed(kind: str, text: str) -> dict[str, Any]:
    """What is left of an object, without its type."""
    version, _, name = kind.rpartition("/")
    made = as_typed({"apiVersion": version, "kind": name, **yaml.safe_load(text)})
    return {key: each for key, each in made.items() if key not in ("apiVersion", "kind")}


@pytest.mark.parametrize(
    ("kind", "given", "left"),
    [
        ("v1/Pod", "{metadata: {labels: {}, finalizers: []}, spec: {nodeSelector: {}, hostname: ''}}",
         "{metadata: {}, spec: {}}"),
        ("v1/Pod", "{spec: {hostNetwork: false, shareProcessNamespace: false, priority: 0, affinity: {}, os: null}}",
         "{spec: {shareProcessNamespace: false, priority: 0, affinity: {}, os: null}}"),
        ("v1/Pod", "{spec: {containers: [{ports: [{hostPort: 0, name: ''}, {hostPort: 1}], command: []}]}}",
         "{spec: {containers: [{ports: [{}, {hostPort: 1}]}]}}"),
        ("v1/Pod", "{metadata: {labels: {name: '', a: b}}}", "{metadata: {labels: {name: '', a: b}}}"),
        ("v1/Pod", "{resources: {limits: {cpu: 1000m, memory: 0.5Gi}, requests: {cpu: 0.5, memory: many, x: true}}}",
         "{resources: {limits: {cpu: '1', memory: 512Mi}, requests: {cpu: 500m, memory: many, x: true}}}"),
        ("v1/Pod", "{emptyDir: {sizeLimit: 1024Ki, medium: ''}}", "{emptyDir: {sizeLimit: 1Mi}}"),
        ("v1/Service", "{spec: {selector: {}, ports: [{targetPort: ''}, {nodePort: 0, targetPort: 0}]}}",
         "{spec: {ports: [{}, {}]}}"),
        ("apps/v1/Deployment", "{spec: {selector: {}, replicas: 0}}", "{spec: {selector: {}, replicas: 0}}"),
        ("networking.k8s.io/v1/NetworkPolicy", "{spec: {podSelector: {}, ingress: []}}", "{spec: {podSelector: {}}}"),
        ("networking.k8s.io/v1/Ingress", "{spec: {ingressClassName: '', rules: []}}", "{spec: {ingressClassName: ''}}"),
        ("rbac.authorization.k8s.io/v1/Role", "{rules: []}", "{rules: []}"),
        ("rbac.authorization.k8s.io/v1/Role", "{rules: [{verbs: [], resourceNames: []}]}", "{rules: [{verbs: []}]}"),
        ("scheduling.k8s.io/v1/PriorityClass", "{value: 0, globalDefault: false}", "{value: 0}"),
        ("v1/ConfigMap", "{data: {}, binaryData: {}}", "{}"),
        ("v1/ConfigMap", "{data: {name: '', cpu: 1000m}}", "{data: {name: '', cpu: 1000m}}"),
        ("v1/Secret", "{stringData: {a: ä, b: ''}, data: {a: eA==, c: eA==}}", "{data: {a: w6Q=, b: '', c: eA==}}"),
        ("v1/Secret", "{stringData: {}, data: null}", "{data: null}"),
        ("v1/Secret", "{stringData: {a: b}, data: null}", "{data: {a: Yg==}}"),
        ("acme.io/v1/Secret", "{stringData: {}, labels: {}}", "{stringData: {}, labels: {}}"),
        ("acme.io/v1/X", "{metadata: {labels: {}, name: a}, spec: {name: ''}}",
         "{metadata: {name: a}, spec: {name: ''}}"),
        ("apiextensions.k8s.io/v1/CustomResourceDefinition", "{metadata: {labels: {}}, spec: {data: {}}}",
         "{metadata: {}, spec: {data: {}}}"),
    ],
)  # fmt: skip
def test_what_is_empty_is_there_only_where_a_type_can_tell(kind: str, given: str, left: str) -> None:
    assert typed(kind, given) == yaml.safe_load(left)


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
