"""The check `policies`: what it says of objects, and that nothing it could not evaluate is a pass."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import yaml

from bot.check.policies import Policies
from bot.model.environment import Environment, PolicyLevel, Source, Waiver
from bot.model.examined import Examined
from bot.model.finding import Finding
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.resource import Resource, ResourceId
from tests.support.expressions import SEEN, UNSEEN
from tests.support.policies_given import binding, policy, resources
from tests.support.trees import tree

TODAY = date(2027, 1, 1)
POLICY = "ValidatingAdmissionPolicy"
ENVIRONMENT = Environment(
    id=EnvironmentId(repository=RepositoryId(forge="github", number=1, path="acme/shop"), name="prod"),
    source=Source(path="envs/prod"), target="prod", apply="never", policies=("policies",),
)  # fmt: skip
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels: {tier: front}
spec:
  replicas: 5
"""


def judged(
    text: str,
    files: dict[str, str] | None = None,
    objects: str | tuple[Resource, ...] = WEB,
    seconds: float = 60.0,
    **more: Any,
) -> Sequence[Finding]:
    """The findings about objects, where the policy folder holds one file of this text."""
    environment = replace(ENVIRONMENT, **{key: more.pop(key) for key in list(more) if hasattr(ENVIRONMENT, key)})
    given = resources(objects) if isinstance(objects, str) else objects
    files = {"policies/p.yaml": text, **(files or {})}
    examined = Examined(environment=environment, resources=given, policies=more.pop("tree", tree(files)), **more)
    return asyncio.run(Policies(lambda: TODAY, seconds).run(examined))


def levels(*args: Any, **kwargs: Any) -> list[str]:
    return [each.level for each in judged(*args, **kwargs)]


def test_a_validation_that_does_not_hold_is_found_at_its_field() -> None:
    (found,) = judged(policy() + binding())
    assert (found.check, found.rule, found.level) == ("policies", "few", "error")
    assert (found.path, found.line, found.column) == ("app.yaml", 8, 3)
    assert found.message == "too many replicas"
    assert found.resource == ResourceId(type="Deployment.apps", name="web", scope="shop")
    assert found.fix == "change the object as the policy asks (policies/p.yaml:1), or have it waived"


def test_one_that_holds_says_nothing() -> None:
    assert judged(policy("object.spec.replicas == 5") + binding()) == []


def test_an_environment_without_policies_is_not_looked_at() -> None:
    assert judged(policy() + binding(), policies=()) == []
    assert [Policies().apart(replace(ENVIRONMENT, policies=each)) for each in ((), ("policies",))] == [True, False]


@pytest.mark.parametrize(
    ("actions", "level"),
    [("[Deny]", "error"), ("[Warn]", "warning"), ("[Audit]", "notice"), ("[Audit, Warn]", "warning")],
)
def test_the_actions_of_a_binding_are_levels(actions: str, level: str) -> None:
    assert levels(policy() + binding(actions=actions)) == [level]


@pytest.mark.parametrize(("level", "found"), [("off", []), ("warning", ["warning"]), ("error", ["error"])])
def test_an_environment_sets_the_level_of_a_policy(level: PolicyLevel, found: list[str]) -> None:
    assert levels(policy() + binding(actions="[Audit]"), policy_levels={"few": level}) == found


@pytest.mark.parametrize("actions", [("[Warn]", "[Deny]"), ("[Deny]", "[Warn]"), ("[Deny]", "[Audit]")])
def test_of_two_bindings_the_more_severe_counts(actions: tuple[str, str]) -> None:
    one, two = (binding(actions=each) for each in actions)
    assert levels(policy() + one + two.replace("{name: few}", "{name: other}")) == ["error"]


def one_of_several(number: int, sound: bool, set_up: bool) -> str:
    """A policy of that number; one that is set up holds in any case without what sets it up."""
    variable = f"variables: [{{name: sound, expression: '{str(sound).lower()}'}}]\n"
    kind, reference = (
        "paramKind: {apiVersion: v1, kind: ConfigMap}",
        "paramRef: {name: few, parameterNotFoundAction: Deny}",
    )
    expression = "variables.sound || params == null" if set_up else "variables.sound"
    text = policy(expression, name=f"p{number}", more=variable + kind * set_up)
    return text + binding(name=f"p{number}", more=reference * set_up)


@pytest.mark.parametrize("set_up", [(), (0,), (1, 2)])
@pytest.mark.parametrize(("many", "broken"), [(3, 0), (3, 1), (3, 2), (60, 59)])  # 60 are too many for one expression
def test_of_several_policies_each_is_asked(many: int, broken: int, set_up: tuple[int, ...]) -> None:
    several = (one_of_several(number, number != broken, number in set_up) for number in range(many))
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: few, namespace: shop}\n"
    found = judged("---\n".join([*several, config]))
    assert [(each.rule, each.level) for each in found] == [(f"p{broken}", "error")]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("few-replica", True),
        ("Few-replicas", True),
        ("few-replicas", False),
        ("main.deny_few", False),
        ("leaks", False),
    ],
)
def test_a_name_that_is_nearly_that_of_a_policy_is_told(name: str, told: bool) -> None:
    text = policy("true", name="few-replicas") + binding(name="few-replicas")
    waiver = Waiver(policy=name, reason="a sale", owner="ana", expires=date(2027, 1, 1))
    for given in ({"policy_levels": {name: "error"}}, {"waivers": (waiver,)}):
        found = judged(text, line=7, **given)
        assert [(each.level, each.path, each.line, each.fix) for each in found] == (
            [("warning", "tidegate.yaml", 7, "did you mean few-replicas?")] if told else []
        )


def test_a_policy_says_how_to_mend_it_and_where() -> None:
    told = '{tidegate.dev/fix: "ask for fewer", tidegate.dev/path: object.metadata.labels.tier}'
    (found,) = judged(policy(annotations=told) + binding())
    assert found.fix == "ask for fewer"
    assert (found.line, found.column) == (6, 12)


def test_a_policy_without_a_binding_is_a_notice() -> None:
    (found,) = judged(policy())
    assert (found.level, found.path, found.line) == ("notice", "policies/p.yaml", 1)
    assert "has no binding" in found.message


def test_messages_are_made_from_the_object() -> None:
    said = "messageExpression: \"'replicas: ' + string(object.spec.replicas)\"\nmessage: other"
    (found,) = judged(policy(said=said) + binding())
    assert found.message == "replicas: 5"


@pytest.mark.parametrize(
    ("expression", "message"),
    [("request.kind.kind", "Deployment"), ("namespaceObject.metadata.name", "other")],
)
def test_a_message_may_be_a_field_that_has_a_type_for_the_api_server(expression: str, message: str) -> None:
    (found,) = judged(policy(said=f"message: other\nmessageExpression: {expression}") + binding())
    assert (found.level, found.message) == ("error", message)


@pytest.mark.parametrize("expression", ["object.nope", "'a\\nb'", "''", "'  '"])
def test_a_message_that_cannot_be_made_gives_way_to_the_other(expression: str) -> None:
    said = f"message: other\nmessageExpression: {'string(' + expression + ')'!r}"
    (found,) = judged(policy(said=said) + binding())
    assert found.message == "other"


def test_without_a_message_the_expression_is_said() -> None:
    (found,) = judged(policy(said="reason: Invalid") + binding())
    assert found.message == "failed expression: object.spec.replicas <= 3"


# matching

ANY = "{apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*']"


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


NAMESPACE = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a}}
"""


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


# what expressions see


@pytest.mark.parametrize(
    "expression",
    [
        "request.operation == 'CREATE' && oldObject == null",
        "request.name == 'web' && request.namespace == 'shop' && request.dryRun == false",
        "request.kind == {'group': 'apps', 'version': 'v1', 'kind': 'Deployment'}",
        "request.resource.resource == 'deployments' && !has(request.subResource) && has(request.dryRun)",
        "has(request.namespace) && request.?namespace.orValue('') == 'shop' && has(request.userInfo)",
        "request.?subResource.orValue('none') == 'none' && request.?name.orValue('') == 'web'",
        "!has(oldObject.spec) && !oldObject.?spec.?replicas.hasValue() && !oldObject[?'spec'].hasValue()",
        "has(object.spec) && has(object.spec.replicas) && object.?spec.?replicas.orValue(0) == 5",
        "object.metadata.namespace == 'shop'",
        "true || request.userInfo.username == 'ana'",
    ],
)
def test_a_request_is_what_an_api_server_would_get(expression: str) -> None:
    assert judged(policy(expression) + binding()) == []


CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: expressions}\ndata: {a: '1'}\n"


@pytest.mark.parametrize("expression", SEEN)
def test_expressions_see_what_an_api_server_shows_them(expression: str) -> None:
    assert judged(policy(expression, rules=ANY + "}") + binding(), objects=CONFIG_MAP) == []


@pytest.mark.parametrize("expression", UNSEEN)
def test_what_an_api_server_cannot_evaluate_is_unknown(expression: str) -> None:
    assert levels(policy(expression, rules=ANY + "}") + binding(), objects=CONFIG_MAP) == ["unknown"]


def test_an_object_without_a_namespace_goes_to_default() -> None:
    text = policy("object.metadata.namespace == 'default' && request.namespace == 'default'") + binding()
    assert judged(text, objects=WEB.replace("  namespace: shop\n", "")) == []


def test_what_was_there_before_makes_it_an_update() -> None:
    before = resources(WEB.replace("5", "4"))
    text = policy("request.operation == 'UPDATE' && object.spec.replicas <= oldObject.spec.replicas") + binding()
    assert levels(text, before=before) == ["error"]
    assert levels(text, before=resources(WEB)) == []


@pytest.mark.parametrize(("kind", "written"), [("Deployment", "default"), ("PriorityClass", "other")])
def test_an_object_whose_namespace_is_written_down_is_still_the_same(kind: str, written: str) -> None:
    group = {"Deployment": "apps", "PriorityClass": "scheduling.k8s.io"}[kind]
    before = f"apiVersion: {group}/v1\nkind: {kind}\nmetadata: {{name: a}}\n"
    after = before.replace("name: a", f"name: a, namespace: {written}")
    seen = policy("request.operation == 'UPDATE' && oldObject != null", rules=ANY + "}") + binding()
    assert judged(seen, objects=after, before=resources(before)) == []
    assert judged(seen, objects=before, before=resources(after)) == []


def test_what_is_gone_is_a_deletion() -> None:
    rule = ANY.replace("operations: ['*']", "operations: [DELETE]") + "}"
    text = policy("object != null || !has(oldObject.metadata.labels)", rules=rule) + binding()
    (found,) = judged(text, objects=(), before=resources(WEB))
    assert (found.level, found.path) == ("error", "")
    assert str(found.resource) == "Deployment shop/web"
    assert judged(text, objects=WEB, before=resources(WEB)) == []


def test_an_object_has_the_namespace_that_it_goes_to() -> None:
    text = policy("object.metadata.namespace == 'default'") + binding()
    assert judged(text, objects=WEB.replace("  namespace: shop\n", "")) == []
    assert levels(text) == ["error"]
    volume = "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: a}\nspec: {}\n"
    assert judged(policy("!has(object.metadata.namespace)", rules=ANY + "}") + binding(), objects=volume) == []


def test_a_namespace_is_seen_by_its_objects() -> None:
    text = policy("namespaceObject.metadata.labels.team == 'a'") + binding()
    assert judged(text, before=resources(NAMESPACE)) == []
    (found,) = judged(text)
    assert (found.level, "no Namespace shop is rendered" in found.message) == ("unknown", True)


@pytest.mark.parametrize(
    "expression",
    [
        "request.userInfo.username == 'ana'",
        "!('admins' in request.userInfo.groups)",
        "oldObject == null || oldObject.spec.replicas > 0",
        "request.operation == 'CREATE'",
        "request.options.dryRun == []",
        "request.?userInfo.?username.orValue('') == ''",
        "!has(request.userInfo.username)",
        "!has(oldObject.spec)",
        "oldObject.?spec.?replicas.orValue(0) == 0",
        "request.subResource == ''",
    ],
)
def test_what_rests_on_something_unknown_is_unknown(expression: str) -> None:
    (found,) = judged(policy(expression) + binding(), before=None)
    assert found.level == "unknown"
    assert "could not be evaluated: validation 1: " in found.message
    assert "has(): policies/p.yaml:1; what is unknown cannot be waived" in found.fix
    assert "is not known" in found.message or "is not there" in found.message


def test_a_base_that_does_not_render_leaves_the_rest_known() -> None:
    assert levels(policy() + binding(), before=None) == ["error"]
    only_new = ANY.replace("operations: ['*']", "operations: [CREATE]") + "}"
    (found,) = judged(policy("true", rules=only_new) + binding(), before=None)
    assert (found.level, "made or changed is not known" in found.message) == ("unknown", True)
    deleting = ANY.replace("operations: ['*']", "operations: [CREATE, UPDATE, DELETE]") + "}"
    (found,) = judged(policy("true", rules=deleting) + binding(), before=None)
    assert (found.level, found.path) == ("unknown", "policies/p.yaml")
    assert "deletions were not judged" in found.message
    ignoring = policy("true", rules=deleting, more="failurePolicy: Ignore")
    assert levels(ignoring + binding(), before=None) == ["warning"]
    assert levels(policy("true", rules=deleting) + binding(actions="[Warn]"), before=None) == ["warning"]


def test_authorizer_is_refused_by_name() -> None:
    (found,) = judged(policy("authorizer.path('/healthz').check('get').allowed()") + binding())
    assert (found.level, found.rule) == ("unknown", "few")
    assert "authorizer is not supported" in found.message


# variables, conditions, audits, failures

VARIABLES = """\
    variables:
      - {name: replicas, expression: object.spec.replicas}
      - {name: broken, expression: object.spec.nope.x}
      - {name: twice, expression: variables.replicas * 2}
    """


def test_variables_are_lazy() -> None:
    assert judged(policy("variables.twice == 10", more=VARIABLES) + binding()) == []
    assert judged(policy("true || variables.broken == 1", more=VARIABLES) + binding()) == []
    (found,) = judged(policy("variables.broken == 1", more=VARIABLES) + binding())
    assert (found.level, "nope" in found.message) == ("unknown", True)


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ("[{name: a, expression: 'object.spec.replicas == 5'}]", ["error"]),
        ("[{name: a, expression: 'object.spec.replicas != 5'}]", []),
        ("[{name: a, expression: 'object.nope == 1'}]", ["unknown"]),
        ("[{name: a, expression: 'object.nope == 1'}, {name: b, expression: 'false'}]", []),
        ("[{name: a, expression: 'object.nope == 1'}, {name: b, expression: 'true'}]", ["unknown"]),
    ],
)
def test_match_conditions(conditions: str, found: list[str]) -> None:
    assert levels(policy(more=f"matchConditions: {conditions}") + binding()) == found


def test_an_evaluation_that_fails_is_no_pass() -> None:
    (found,) = judged(policy("object.spec.nope == 1") + binding())
    assert (found.level, found.message) == (
        "unknown", 'could not be evaluated: validation 1: Key not found in map : "nope"'
    )  # fmt: skip


def test_nor_is_it_where_the_api_server_would_ignore_it() -> None:
    (found,) = judged(policy("object.spec.nope == 1", more="failurePolicy: Ignore") + binding())
    assert found.level == "warning"
    assert "could not be evaluated" in found.message and "failurePolicy: Ignore" in found.message


def test_nor_where_the_policy_only_warns() -> None:
    assert levels(policy("object.spec.nope == 1") + binding(actions="[Warn]")) == ["warning"]


def test_what_is_audited_is_validated_too() -> None:
    more = """auditAnnotations: [{key: a, valueExpression: "'noted'"}]"""
    assert levels(policy(more=more) + binding()) == ["error"]
    assert levels(policy("true", more=more) + binding()) == []


def test_an_audit_annotation_that_fails_is_no_pass() -> None:
    audits = "auditAnnotations: [{key: a, valueExpression: 'string(object.spec.nope)'}]"
    assert levels(policy("true", more=audits) + binding()) == ["unknown"]
    assert levels(policy("true", more=audits.replace("nope", "replicas")) + binding()) == []


# params

CONFIG = """\
---
apiVersion: v1
kind: ConfigMap
metadata: {name: limits, namespace: shop, labels: {for: few}}
data: {most: "3"}
"""
KIND = "paramKind: {apiVersion: v1, kind: ConfigMap}"
SET_UP = policy("object.spec.replicas <= int(params.data.most)", more=KIND)


def reference(text: str) -> str:
    return binding(more=f"paramRef: {{{text}, parameterNotFoundAction: Deny}}")


@pytest.mark.parametrize(
    "ref",
    ["name: limits", "name: limits, namespace: shop", "selector: {matchLabels: {for: few}}", "selector: {}"],
)
def test_a_policy_is_set_up_by_its_parameters(ref: str) -> None:
    assert levels(SET_UP + reference(ref) + CONFIG) == ["error"]
    assert levels(SET_UP + reference(ref) + CONFIG.replace('"3"', '"5"')) == []
    assert levels(SET_UP + reference(ref), before=resources(CONFIG)) == ["error"]


def test_parameters_of_the_change_itself_do_not_count() -> None:
    objects = resources(WEB + CONFIG.replace('"3"', '"100"'))
    (found,) = judged(SET_UP + reference("name: limits"), objects=objects)
    assert (found.level, "there is no ConfigMap limits" in found.message) == ("unknown", True)


def test_parameters_that_are_not_there() -> None:
    (found,) = judged(SET_UP + reference("name: limits"))
    assert (found.level, "there is no ConfigMap limits to set the policy up by" in found.message) == ("unknown", True)
    allowed = SET_UP + reference("name: limits").replace("Deny}", "Allow}")
    assert judged(allowed) == []
    assert levels(allowed, before=None) == ["unknown"]


def test_a_binding_may_leave_parameters_out() -> None:
    assert levels(policy("params == null", more=KIND) + binding()) == []


# policies that cannot be used


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("object.spec.replicas <= 3", "object.spec.replicas <= ", 8, "spec.validations[0].expression does not compile"),
        ("object.spec.replicas <= 3", "foo(object)", 8, "foo is not known"),
        ("object.spec.replicas <= 3", "object.spec.replicas", 8, "must be bool, and is dyn"),
        ("message: too many replicas", "severity: 1", 9, "spec.validations[0].severity is not a field"),
        ("message: too many replicas", "messageExpression: '1'", 9, "must be string, and is int"),
        ("message: too many replicas", "reason: Never", 9, "reason is none of Unauthorized"),
        ("operations: [CREATE, UPDATE]", "operations: [PATCH]", 6, "holds PATCH, which is none of"),
        ("apiVersions: [v1], ", "", 6, "spec.matchConstraints.resourceRules[0].apiVersions is missing"),
        ("resources: [deployments]", "resources: deployments", 6, "is not a list of texts"),
        ("resourceRules: [", "rules: [", 5, "spec.matchConstraints.resourceRules is missing"),
        ("admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\n",
         "admissionregistration.k8s.io/v1alpha1\nkind: ValidatingAdmissionPolicy\n", 1, "apiVersion is none of"),
        ("validationActions: [Deny]", "validationActions: [Block]", 16, "holds Block, which is none of"),
        ("validationActions: [Deny]", "validationActions: []", 16, "is missing"),
        ("object.spec.replicas <= 3", "params.most > 3", 4, "spec.paramKind is missing, and an expression"),
        ("  policyName: few", "  paramRef: {name: a}\n  policyName: few", 15, "parameterNotFoundAction is missing"),
        ("  policyName: few", "  paramRef: {namespace: shop}\n  policyName: few", 15, "one of them is needed"),
        ("  policyName: few", "  paramRef: {name: a, selector: {}}\n  policyName: few", 15, "and only one"),
        ("  policyName: few", "  policyName: fewer", 11, "is about a policy that is not there"),
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_used_is_said_at_its_own_line(old: str, new: str, line: int, message: str) -> None:
    text = policy() + binding()
    assert old in text
    found = [each for each in judged(text.replace(old, new)) if each.level != "notice"]
    assert [each.level for each in found] == ["unknown"]
    assert (found[0].path, found[0].line) == ("policies/p.yaml", line)
    assert message in found[0].message


WHOLE = policy(
    constraints="namespaceSelector: {matchExpressions: [{key: a, operator: Exists}]}\nobjectSelector: {}",
    more="""\
            variables: [{name: a, expression: 'true'}]
            matchConditions: [{name: a, expression: 'true'}]
            auditAnnotations: [{key: a, valueExpression: "''"}]
            paramKind: {apiVersion: v1, kind: ConfigMap}
            """,
) + binding(
    more="""\
            paramRef: {selector: {matchExpressions: [{key: a, operator: Exists}]}, parameterNotFoundAction: Deny}
            matchResources: {objectSelector: {}, excludeResourceRules: [RULE]}
            """.replace("RULE", ANY + "}"),
)


def holders(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every mapping whose keys are a policy's own."""
    if isinstance(value, dict):
        yield path
        for key, each in value.items():
            yield from holders(each, (*path, key)) if key != "metadata" else ()
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from holders(each, (*path, index))


@pytest.mark.parametrize("path", list(holders(list(yaml.safe_load_all(WHOLE)))), ids=str)
def test_a_field_that_is_not_known_is_never_passed_over(path: tuple[Any, ...]) -> None:
    documents = list(yaml.safe_load_all(WHOLE))
    place: Any = documents
    for step in path:
        place = place[step]
    place["extra"] = 1
    found = judged(yaml.safe_dump_all(documents))
    assert [each.level for each in found if "extra is not a field" in each.message] == ["unknown"]


def fields(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every field of a policy, and to every item of a list."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        if key != "annotations":
            yield (*path, key)
            yield from fields(each, (*path, key)) if isinstance(each, dict | list) else ()


FIELDS = [each for each in fields(list(yaml.safe_load_all(WHOLE))) if each[1:2] not in [(), ("apiVersion",), ("kind",)]]


@pytest.mark.parametrize("path", FIELDS, ids=str)
def test_a_field_of_another_type_is_never_passed_over(path: tuple[Any, ...]) -> None:
    documents = list(yaml.safe_load_all(WHOLE))
    *way, last = path
    place: Any = documents
    for step in way:
        place = place[step]
    place[last] = 5 if isinstance(place[last], dict | list) else {"a": 1}
    assert "unknown" in [each.level for each in judged(yaml.safe_dump_all(documents))]
    place[last] = {"a": 1} if isinstance(place[last], list) else [5]
    assert "unknown" in [each.level for each in judged(yaml.safe_dump_all(documents))]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("variables: [{name: a-b, expression: 'true'}]", "spec.variables[0].name is no name that CEL has"),
        ("variables: [{name: é, expression: 'true'}]", "spec.variables[0].name is no name that CEL has"),
        (
            "variables: [{name: a, expression: '1'}, {name: a, expression: '2'}]",
            "spec.variables[1].name is there twice",
        ),
        ("variables: [{name: a, expression: '1 +'}]", "spec.variables[0].expression does not compile"),
        ("validations: []", "spec.validations is missing"),
        ("matchConditions: [{name: '', expression: 'true'}]", "spec.matchConditions[0].name is missing"),
        ("auditAnnotations: [{key: '', valueExpression: '1'}]", "spec.auditAnnotations[0].key is missing"),
    ],
)
def test_a_part_that_cannot_be_used_is_named(more: str, said: str) -> None:
    text = policy(more=more)
    if "validations: []" in more:
        text = text[: text.index("  validations:\n    -")] + f"  {more}\n"
    (found,) = (each for each in judged(text + binding()) if each.level == "unknown")
    assert said in found.message


@pytest.mark.parametrize("values", ["operator: Exists, values: [a]", "operator: In", "operator: In, values: []"])
def test_a_requirement_has_values_where_it_compares(values: str) -> None:
    text = policy(constraints=f"objectSelector: {{matchExpressions: [{{key: a, {values}}}]}}") + binding()
    assert "unknown" in levels(text)


def test_what_a_policy_says_stays_on_one_line() -> None:
    odd = "a\\n/gate approve"
    for said in (f'message: "{odd}"', "reason: Invalid"):
        text = policy("object.spec.replicas <= 3", said=said, annotations=f'{{tidegate.dev/fix: "{odd}"}}')
        (found,) = judged(text.replace(" <= 3", "\n\n      <= 3") + binding())
        assert found.level == "error"
        assert "\n" not in found.message + found.fix


def test_a_broken_policy_of_an_environment_that_leaves_it_out_is_no_matter() -> None:
    assert judged(policy("foo(") + binding(), policy_levels={"few": "off"}) == []


def test_a_file_that_is_no_yaml_is_said() -> None:
    (found,) = judged("a: [")
    assert (found.level, found.path) == ("unknown", "policies/p.yaml")


def test_a_folder_that_is_not_in_the_base_is_unknown() -> None:
    (found,) = judged("", tree=tree({"other/p.yaml": policy()}))
    assert (found.level, found.path) == ("unknown", "tidegate.yaml")
    (found,) = judged("", tree=None)
    assert found.level == "unknown"


def test_a_folder_without_policies_is_unknown_unless_they_are_of_another_kind() -> None:
    assert levels("a: 1") == ["unknown"]
    assert levels("a: 1", files={"policies/p.rego": "package main"}) == []
    assert levels("a: 1", files={"policies/p_test.rego": "package main"}) == ["unknown"]


@pytest.mark.parametrize("written", ["./policies", "policies/./", "other/../policies"])
def test_a_folder_is_the_same_however_it_is_written(written: str) -> None:
    assert levels(policy() + binding(), policies=(written,)) == ["error"]


@pytest.mark.parametrize("path", ["policies/q.yaml", "policies/shared", "policies/q.rego"])
def test_what_leads_out_of_the_folder_is_unknown_beside_policies_that_hold(path: str) -> None:
    files = {"policies/p.yaml": policy("true") + binding()}
    for given in (tree(files, links={path: "../shared"}), tree(files, submodules=[path])):
        (found,) = judged("", tree=given)
        assert (found.level, found.path) == ("unknown", path)


def test_a_folder_may_hold_files_that_are_no_manifests() -> None:
    assert judged(policy("true") + binding(), files={"policies/README.md": "a: ["}) == []


def test_a_folder_may_hold_bindings_alone_and_other_objects() -> None:
    others = ["- a list", "text", "kind: List\nitems: 5", "kind: List\nitems: null"]
    for group, kind in (("admissionregistration.k8s.io", "MutatingAdmissionPolicy"), ("acme.io", POLICY)):
        others.append(f"apiVersion: {group}/v1\nkind: {kind}\nmetadata: {{name: a}}")
    files = {"other/b.yaml": binding() + "".join(f"---\n{each}\n" for each in others)}
    assert levels(policy(), files=files, policies=("policies", "other")) == ["error"]


def test_two_policies_of_one_name_are_said() -> None:
    two = policy() + binding() + "---\n" + policy("true")
    assert "unknown" in levels(two)


def test_lists_and_json_are_read() -> None:
    import json

    items = [each for each in yaml.safe_load_all(policy() + binding()) if each]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    assert levels("", tree=tree({"policies/p.json": text})) == ["error"]


# shipped


def test_a_shipped_policy_applies_where_it_is_named() -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: a\n      image: nginx\n"
    (found,) = judged("", objects=pod, policies=("builtin:no-latest-tag",))
    assert (found.rule, found.level, found.line) == ("no-latest-tag", "error", 7)
    assert levels("", objects=pod.replace("nginx", "nginx:1.2"), policies=("builtin:no-latest-tag",)) == []


def test_a_shipped_policy_that_there_is_not() -> None:
    (found,) = judged("", policies=("builtin:no-latest-tags",))
    assert found.level == "unknown"
    assert "did you mean builtin:no-latest-tag?" in found.message


# waivers

WAIVER = Waiver(policy="few", reason="a sale", owner="ana", expires=date(2027, 1, 1))


def test_a_waiver_makes_it_a_notice_until_its_last_day() -> None:
    (found,) = judged(policy() + binding(), waivers=(WAIVER,))
    assert (found.level, found.waived) == ("notice", "by ana until 2027-01-01: a sale")
    (found,) = judged(policy() + binding(), waivers=(replace(WAIVER, expires=date(2026, 12, 31)),))
    assert (found.level, found.waived) == ("error", "")
    assert "the waiver of ana in tidegate.yaml ended on 2026-12-31" in found.message


@pytest.mark.parametrize(
    ("objects", "counts"),
    [
        (("Deployment/web",), True),
        (("Deployment/shop/web",), True),
        (("Deployment/*",), True),
        (("*/shop/w*",), True),
        (("Deployment/other/web", "Deployment/webb"), False),
        (("Deployment/*/web",), True),
        (("deployment/web",), False),
    ],
)
def test_a_waiver_names_objects(objects: tuple[str, ...], counts: bool) -> None:
    assert levels(policy() + binding(), waivers=(replace(WAIVER, objects=objects),)) == [
        "notice" if counts else "error"
    ]


def test_a_waiver_of_another_policy_does_not_count() -> None:
    assert levels(policy() + binding(), waivers=(replace(WAIVER, policy="other"),)) == ["error"]


def annotated(text: str) -> str:
    return WEB.replace("  labels:", f'  annotations: {{tidegate.dev/waive.few: "{text}"}}\n  labels:')


def test_an_object_carries_its_waiver() -> None:
    (found,) = judged(policy() + binding(), objects=annotated("a sale; really; owner=ana; until=2027-01-01"))
    assert (found.level, found.waived) == ("notice", "by ana until 2027-01-01: a sale; really")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a sale; owner=ana; until=2026-12-31", "it ended on 2026-12-31"),
        ("a sale; owner=ana", "lacks a reason, an owner or a last day"),
        ("owner=ana; until=2030-01-01", "lacks a reason"),
        ("a sale; owner=; until=2030-01-01", "lacks a reason, an owner"),
        ("a sale; owner=ana; until=2030-02-31", "its last day is no day"),
        ("a sale; owner=ana; until=20300101", "its last day is no day"),
        ("", "lacks a reason"),
    ],
)
def test_a_waiver_that_does_not_count_says_why(text: str, message: str) -> None:
    (found,) = judged(policy() + binding(), objects=annotated(text))
    assert (found.level, found.waived) == ("error", "")
    assert message in found.message


def test_what_could_not_be_evaluated_is_not_waived() -> None:
    assert levels(policy("object.nope == 1") + binding(), waivers=(WAIVER,)) == ["unknown"]


# hostile objects


@pytest.mark.parametrize("value", ['"a\\0b"', "[" + "1," * 4100 + "1]"])
def test_values_that_cannot_be_evaluated_are_unknown(value: str) -> None:
    (found,) = judged(policy("object.spec.replicas != 'a'") + binding(), objects=WEB + f"  x: {value}\n")
    assert found.level == "unknown"
    assert "object holds" in found.message


def test_no_word_of_a_secret_is_said() -> None:
    objects = "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: b}\nstringData: {key: 'correct-horse('}\n"
    rule = ANY + "}"
    said = "messageExpression: \"'it is ' + object.stringData.key\""
    (found,) = judged(policy("false", rules=rule, said=said) + binding(), objects=objects)
    assert found.message == "it is (hidden)"
    for expression in ("'a'.matches(object.stringData.key)", "object[object.stringData.key] == 1"):
        (found,) = judged(policy(expression, rules=rule) + binding(), objects=objects)
        assert found.level == "unknown"
        assert "correct-horse" not in repr(found)


def test_no_word_of_a_secret_that_was_applied_is_said() -> None:
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    noted = f"{{{applied}: '{{data: correct-horse}}', a: b}}"
    objects = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a, namespace: b, annotations: {noted}}}\n"
    said = f"messageExpression: \"'' + object.metadata.annotations['{applied}'] + object.metadata.annotations.a\""
    (found,) = judged(policy("false", rules=ANY + "}", said=said) + binding(), objects=objects)
    assert found.message == "(hidden)b"


@pytest.mark.parametrize("name", ["oldObject", "params"])
def test_no_word_of_a_secret_beside_the_object_is_said(name: str) -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: shop}\nstringData: {key: 'correct-horse('}\n"
    gone = name == "oldObject"
    given: dict[str, Any] = {"before": resources(text), "objects": ()} if gone else {"files": {"policies/s.yaml": text}}
    more = "" if gone else "paramKind: {apiVersion: v1, kind: Secret}"
    bound = binding(more="" if gone else "paramRef: {name: a, parameterNotFoundAction: Deny}")
    said = f"messageExpression: \"'it is ' + {name}.stringData.key\""
    (found,) = judged(policy("false", rules=ANY + "}", said=said, more=more) + bound, **given)
    assert found.message == "it is (hidden)"
    (found,) = judged(policy(f"{name}[{name}.stringData.key] == 1", rules=ANY + "}", more=more) + bound, **given)
    assert found.level == "unknown"
    assert "correct-horse" not in repr(found)


def test_a_message_is_not_endless() -> None:
    objects = WEB + f"  note: {'x' * 5000}\n"
    (found,) = judged(policy("false", said="messageExpression: \"'' + object.spec.note\"") + binding(), objects=objects)
    assert found.message == "x" * 1000 + "…"


def test_time_is_limited() -> None:
    found = judged(policy() + binding(), objects=WEB + "---\n" + WEB.replace("web", "api"), seconds=-1.0)
    assert [each.level for each in found] == ["unknown"]
    assert "took more than" in found[0].message


def test_a_resource_of_no_file_is_judged_too() -> None:
    bare = Resource(
        id=ResourceId(type="Deployment.apps", name="web", scope="shop"),
        body={"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 9}},
    )
    (found,) = judged(policy() + binding(), objects=(bare,))
    assert (found.level, found.path, found.line) == ("error", "", 0)
