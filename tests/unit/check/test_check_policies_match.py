"""Whether a policy is about an object, and what it is shown of it: plurals, namespaces, labels, defaults."""

import asyncio
from dataclasses import replace

import pytest

from bot.check.policies import Policies
from bot.model.environment import Environment
from bot.model.examined import Examined
from tests.support.policies_given import binding, policy, resources
from tests.support.trees import tree

RULES = "{apiGroups: ['GROUP'], apiVersions: ['*'], operations: ['*'], resources: [PLURAL]}"


def judged(environment: Environment, policies: str, objects: str) -> list[str]:
    """The levels of what is found."""
    examined = Examined(
        environment=replace(environment, policies=("policies",)), resources=resources(objects),
        policies=tree({"policies/p.yaml": policies}),
    )  # fmt: skip
    return [each.level for each in asyncio.run(Policies().run(examined))]


def holds(environment: Environment, expression: str, rules: str, text: str) -> bool | None:
    """Whether a policy holds for an object; None: it is about other ones."""
    if not judged(environment, policy("false", rules=rules) + binding(), text):
        return None
    return judged(environment, policy(expression, rules=rules) + binding(), text) == []


@pytest.mark.parametrize(
    ("group", "kind", "plural"),
    [
        ("gateway.networking.k8s.io", "Gateway", "gateways"),
        ("networking.istio.io", "Gateway", "gateways"),
        ("acme.io", "APIKey", "apikeys"),
        ("acme.io", "AccessPolicy", "accesspolicies"),
        ("acme.io", "Mesh", "meshes"),
        ("acme.io", "Index", "indexes"),
        ("networking.k8s.io", "NetworkPolicy", "networkpolicies"),
        ("networking.k8s.io", "Ingress", "ingresses"),
        ("", "Endpoints", "endpoints"),
    ],
)
def test_a_kind_that_nobody_describes_has_a_likely_plural(
    environment: Environment, group: str, kind: str, plural: str
) -> None:
    rules = RULES.replace("GROUP", group).replace("PLURAL", plural)
    text = f"apiVersion: {group}/v1\nkind: {kind}\nmetadata: {{name: a, namespace: shop}}\n".replace(" /", " ")
    assert holds(environment, f"request.resource.resource == '{plural}'", rules, text) is True


@pytest.mark.parametrize(
    ("group", "kind", "given", "namespace"),
    [
        ("gateway.networking.k8s.io", "GatewayClass", "", ""),
        ("gateway.networking.k8s.io", "Gateway", ", namespace: shop", "shop"),
        ("acme.io", "Fleet", "", ""),
        ("networking.k8s.io", "IngressClass", "", ""),
        ("networking.k8s.io", "Ingress", "", "default"),
        ("", "Namespace", "", "a"),
    ],
)
def test_a_request_names_the_namespace_that_its_object_is_in(
    environment: Environment, group: str, kind: str, given: str, namespace: str
) -> None:
    rules = RULES.replace("GROUP", "*").replace("PLURAL", "'*'")
    text = f"apiVersion: {group}/v1\nkind: {kind}\nmetadata: {{name: a{given}}}\n".replace(" /", " ")
    assert holds(environment, f"request.namespace == '{namespace}'", rules, text) is True


def test_a_namespace_is_no_object_within_one(environment: Environment) -> None:
    rules = RULES.replace("GROUP", "").replace("PLURAL", "namespaces")
    text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"
    seen = "namespaceObject == null && !has(object.metadata.namespace)"
    assert holds(environment, seen, rules[:-1] + ", scope: Cluster}", text) is True
    assert holds(environment, "true", rules[:-1] + ", scope: Namespaced}", text) is None


@pytest.mark.parametrize("selector", ["objectSelector", "namespaceSelector"])
def test_a_namespace_is_selected_by_the_label_that_a_server_gives_it(environment: Environment, selector: str) -> None:
    rules = RULES.replace("GROUP", "").replace("PLURAL", "namespaces")
    constraints = selector + ": {matchLabels: {kubernetes.io/metadata.name: a}}"
    found = [
        judged(environment, policy("false", rules=rules, constraints=constraints) + binding(), text)
        for text in (f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n" for name in ("a", "b"))
    ]
    assert found == [["error"], []]


def described(group: str, kind: str, plural: str, scope: str) -> str:
    """A CustomResourceDefinition."""
    spec = f"{{group: {group}, scope: {scope}, names: {{kind: {kind}, plural: {plural}}}, versions: []}}"
    head = f"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: {plural}.{group}}}"
    return f"---\n{head}\nspec: {spec}\n"


@pytest.mark.parametrize(
    ("group", "kind", "rule"),
    [
        ("rbac.authorization.k8s.io", "ClusterRoleBinding", "resources: [clusterrolebindings], scope: Cluster"),
        ("apps", "Deployment", "resources: [deployments], scope: Namespaced"),
        ("acme.io", "Goose", "resources: [geese], scope: Namespaced"),
    ],
)
def test_no_definition_of_a_change_leads_objects_past_a_policy(
    environment: Environment, group: str, kind: str, rule: str
) -> None:
    text = f"apiVersion: {group}/v1\nkind: {kind}\nmetadata: {{name: a, namespace: shop}}\n"
    other = "Namespaced" if "Cluster" in rule else "Cluster"
    rules = f"{{apiGroups: ['{group}'], apiVersions: ['*'], operations: ['*'], {rule}}}"
    examined = Examined(
        environment=replace(environment, policies=("policies",)),
        resources=resources(text + described(group, kind, "others", other)),
        before=resources(described("acme.io", "Goose", "geese", "Namespaced")),
        policies=tree({"policies/p.yaml": policy("false", rules=rules) + binding()}),
    )  # fmt: skip
    (found,) = asyncio.run(Policies().run(examined))
    assert (found.level, found.resource) == ("error", examined.resources[0].id)


@pytest.mark.parametrize(
    ("expression", "given", "found"),
    [
        ("object.spec.type != 'NodePort'", "{ports: [{port: 80}]}", []),
        ("object.spec.type != 'ClusterIP'", "{ports: [{port: 80}]}", ["error"]),
        ("object.spec.type == 'ClusterIP'", "{type: null, ports: [{port: 80}]}", []),
        ("object.spec.type == 'ClusterIP'", "{type: NodePort, ports: [{port: 80}]}", ["error"]),
        ("object.spec.ports.all(p, p.protocol == 'TCP' && p.targetPort == 80)", "{ports: [{port: 80}]}", []),
        ("has(object.spec.clusterIP)", "{ports: [{port: 80}]}", ["error"]),
        ("object.spec.ports.size() == 1", "{ports: 5}", ["unknown"]),
    ],
)
def test_a_policy_sees_what_an_api_server_fills_in(
    environment: Environment, expression: str, given: str, found: list[str]
) -> None:
    rules = RULES.replace("GROUP", "").replace("PLURAL", "services")
    text = policy(expression, rules=rules) + binding()
    service = f"apiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: shop}}\nspec: {given}\n"
    assert judged(environment, text, service) == found


def test_a_policy_sees_the_label_that_a_server_gives_a_namespace(environment: Environment) -> None:
    rules = RULES.replace("GROUP", "").replace("PLURAL", "namespaces")
    text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {b: c}}\n"
    seen = "object.metadata.labels == {'b': 'c', 'kubernetes.io/metadata.name': 'a'}"
    assert holds(environment, seen, rules, text) is True


@pytest.mark.parametrize(
    ("expression", "schema", "found"),
    [
        ("object.spec.insecure == true", "{default: true, type: boolean}", []),
        ("!has(object.spec.insecure) || !object.spec.insecure", "{default: true, type: boolean}", ["error"]),
        ("!has(object.spec.insecure)", "{default: true, type: nonsense}", []),
        ("object.spec.other == 'x'", "{type: string}", []),
    ],
)
def test_a_policy_sees_the_defaults_of_a_custom_resource(
    environment: Environment, expression: str, schema: str, found: list[str]
) -> None:
    properties = f"{{spec: {{type: object, properties: {{insecure: {schema}, other: {{type: string}}}}}}}}"
    version = f"{{name: v1, served: true, schema: {{openAPIV3Schema: {{type: object, properties: {properties}}}}}}}"
    definition = described("acme.io", "Goose", "geese", "Namespaced").replace("[]", f"[{version}]")
    goose = "apiVersion: acme.io/v1\nkind: Goose\nmetadata: {name: a, namespace: shop}\nspec: {other: x}\n"
    rules = RULES.replace("GROUP", "acme.io").replace("PLURAL", "geese")
    assert judged(environment, policy(expression, rules=rules) + binding(), goose + definition) == found


def test_no_definition_brings_defaults_for_a_kind_of_kubernetes_own(environment: Environment) -> None:
    properties = "{spec: {type: object, properties: {replicas: {type: integer, default: 9}}}}"
    version = f"{{name: v1, served: true, schema: {{openAPIV3Schema: {{type: object, properties: {properties}}}}}}}"
    definition = described("apps", "Deployment", "deployments", "Namespaced").replace("[]", f"[{version}]")
    rules = RULES.replace("GROUP", "apps").replace("PLURAL", "deployments")
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: shop}\nspec: {}\n"
    given = policy("object.spec.replicas == 9", rules=rules) + binding()
    assert judged(environment, given, text + definition) == ["error"]
