"""Which objects a policy is about: by rules, selectors, labels of namespaces, versions and definitions."""

import pytest

from tests.support.policies_given import ANY, NAMESPACE, WEB, binding, judged, levels, policy, resources


@pytest.mark.parametrize(
    ("rule", "hit"),
    [
        (ANY + "}", True),
        (ANY.replace("'*'], apiV", "''], apiV") + "}", False),
        (ANY.replace("apiVersions: ['*']", "apiVersions: [v1]") + "}", True),
        (ANY.replace("operations: ['*']", "operations: [CREATE]") + "}", True),
        (ANY.replace("operations: ['*']", "operations: [UPDATE, DELETE, CONNECT]") + "}", False),
        (ANY.replace("resources: ['*']", "resources: [deployments]") + "}", True),
        (ANY.replace("resources: ['*']", "resources: ['*/*']") + "}", True),
        (ANY.replace("resources: ['*']", "resources: ['deployments/*']") + "}", True),
        (ANY.replace("resources: ['*']", "resources: [deployments/scale, 'pods/*', '*/scale', pods]") + "}", False),
        (ANY + ", scope: Namespaced}", True),
        (ANY + ", scope: Cluster}", False),
        (ANY + ", resourceNames: [web]}", True),
        (ANY + ", resourceNames: [api]}", False),
    ],
)
def test_rules_say_which_objects(rule: str, hit: bool) -> None:
    assert levels(policy(rules=rule) + binding()) == (["error"] if hit else [])


def test_a_rule_that_names_objects_is_asked_for_each() -> None:
    text = policy(rules=ANY + ", resourceNames: [web]}") + binding()
    for names in (("api", "web"), ("web", "api")):
        objects = resources("---\n".join(WEB.replace("web", each) for each in names))
        assert [each.resource.name for each in judged(text, objects=objects) if each.resource] == ["web"]


NAMED = "kubernetes.io/metadata.name"


@pytest.mark.parametrize(
    ("constraints", "hit"),
    [
        ("excludeResourceRules: [" + ANY + "}]", False),
        ("excludeResourceRules: [" + ANY + ", resourceNames: [api]}]", True),
        ("objectSelector: {matchLabels: {tier: front}}", True),
        ("objectSelector: {matchLabels: {tier: back}}", False),
        ("objectSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [front]}]}", False),
        ("objectSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [back]}]}", True),
        ("objectSelector: {matchExpressions: [{key: other, operator: NotIn, values: [front]}]}", True),
        ("objectSelector: {matchExpressions: [{key: other, operator: DoesNotExist}]}", True),
        ("objectSelector: {matchExpressions: [{key: tier, operator: Exists}]}", True),
        ("namespaceSelector: {}", True),
        (f"namespaceSelector: {{matchLabels: {{{NAMED}: shop}}}}", True),
        (f"namespaceSelector: {{matchExpressions: [{{key: {NAMED}, operator: NotIn, values: [shop]}}]}}", False),
        (f"namespaceSelector: {{matchLabels: {{{NAMED}: other, team: a}}}}", False),
    ],
)
def test_selectors_say_which_objects(constraints: str, hit: bool) -> None:
    assert levels(policy(constraints=constraints) + binding()) == (["error"] if hit else [])
    bound = policy() + binding(more="matchResources:\n" + "\n".join(f"  {each}" for each in constraints.split("\n")))
    assert levels(bound) == (["error"] if hit else [])


def test_the_labels_before_the_change_may_select_an_object_too() -> None:
    text = policy(constraints="objectSelector: {matchLabels: {tier: back}}") + binding()
    assert levels(text, before=resources(WEB.replace("front", "back"))) == ["error"]
    (found,) = judged(text, before=None)
    assert (found.level, "labels before the change" in found.message) == ("unknown", True)


@pytest.mark.parametrize("other", ["services", "deployments"])
def test_each_policy_is_about_its_own_objects(other: str) -> None:
    rule = f"{{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: [{other}]}}"
    texts = [policy("false", name="other", rules=rule), binding("other"), policy(), binding()]
    wanted = {"few"} | ({"other"} if other == "deployments" else set())
    for several in (texts, [*texts[2:], *texts[:2]]):
        assert {each.rule for each in judged("---\n".join(several))} == wanted


def test_a_namespaces_labels_come_from_what_is_rendered() -> None:
    text = policy(constraints="namespaceSelector: {matchLabels: {team: a}}") + binding()
    assert levels(text, objects=WEB + "---\n" + NAMESPACE) == ["error"]
    assert levels(text, before=resources(NAMESPACE)) == ["error"]
    assert levels(text.replace("team: a", "team: b"), before=resources(NAMESPACE)) == []
    (found,) = judged(text)
    assert found.level == "unknown"
    assert "labels of a namespace, and no Namespace shop is rendered" in found.message


@pytest.mark.parametrize("labels", ["5", "[tier]", "front"])
def test_labels_of_another_type_are_none(labels: str) -> None:
    text = policy(constraints="objectSelector: {matchLabels: {tier: front}}") + binding()
    assert levels(text, objects=WEB.replace("{tier: front}", labels)) == []
    text = policy(constraints="namespaceSelector: {matchLabels: {team: a}}") + binding()
    assert levels(text, objects=WEB + "---\n" + NAMESPACE.replace("{team: a}", labels)) == []


def test_nothing_but_a_namespace_is_taken_for_one() -> None:
    text = policy(constraints="namespaceSelector: {matchLabels: {team: a}}") + binding()
    namesake = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop, namespace: shop, labels: {team: b}}\n"
    assert levels(text, objects=WEB + namesake) == ["unknown"]


def test_what_belongs_to_no_namespace_is_never_left_out_by_one() -> None:
    objects = "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: a}\nspec: {}\n"
    text = policy("false", rules=ANY + "}", constraints="namespaceSelector: {matchLabels: {team: a}}") + binding()
    assert levels(text, objects=objects) == ["error"]
    assert levels(text, objects=NAMESPACE) == ["error"]
    assert levels(text, objects=NAMESPACE.replace("team: a", "team: b")) == []


def test_another_version_of_a_resource_would_be_converted() -> None:
    objects = "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: a, namespace: b}\nspec: {}\n"
    rule = "{apiGroups: [autoscaling], apiVersions: [v2], operations: [CREATE], resources: [horizontalpodautoscalers]}"
    (found,) = judged(policy("true", rules=rule) + binding(), objects=objects)
    assert found.level == "unknown"
    assert "version v2 of horizontalpodautoscalers" in found.message
    assert judged(policy("true", rules=rule, constraints="matchPolicy: Exact") + binding(), objects=objects) == []


def test_a_version_that_the_api_does_not_have_is_about_nothing() -> None:
    rule = "{apiGroups: [apps], apiVersions: [v1beta1], operations: [CREATE], resources: [deployments]}"
    assert levels(policy("false", rules=rule) + binding()) == []
    crd = """\
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: mice.acme.io}
        spec:
          {group: acme.io, names: {kind: Mouse, plural: mice}, versions: [{name: v1}, {name: v2}, VERSION]}
        """.replace("VERSION", "{name: v3, served: false}")
    mouse = resources("apiVersion: acme.io/v1\nkind: Mouse\nmetadata: {name: a, namespace: b}\n")
    rule = "{apiGroups: [acme.io], apiVersions: [VERSION], operations: [CREATE], resources: [mice, mouses]}"
    for version, known, unknown in (("v1", "error", "error"), ("v3", "unknown", "unknown"), ("v4", "", "unknown")):
        text = policy("false", rules=rule.replace("VERSION", version)) + binding()
        assert levels(text, objects=mouse, before=resources(crd)) == ([known] if known else [])
        assert levels(text, objects=mouse) == [unknown]


def test_a_custom_resource_is_known_by_its_definition() -> None:
    crd = """\
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: geese.acme.io}
        spec: {group: acme.io, scope: Cluster, names: {kind: Goose, plural: geese}, versions: []}
        """
    goose = "apiVersion: acme.io/v1\nkind: Goose\nmetadata: {name: a}\nspec: {}\n"
    rule = "{apiGroups: [acme.io], apiVersions: [v1], operations: [CREATE], resources: [geese], scope: Cluster}"
    text = policy("request.resource.resource != 'geese'", rules=rule) + binding()
    assert levels(text, objects=(*resources(crd), *resources(goose))) == ["error"]
    assert levels(text, objects=resources(goose), before=resources(crd)) == ["error"]
    assert levels(text, objects=resources(goose)) == []


def test_policies_never_keep_anybody_from_mending_policies() -> None:
    text = policy("false", rules=ANY + "}") + binding()
    assert judged(text, objects=resources(text.replace("few", "other"))) == []
    other = "apiVersion: x.admissionregistration.k8s.io/v1\nkind: X\nmetadata: {name: a}\n"
    assert levels(text, objects=other) == ["error"]
