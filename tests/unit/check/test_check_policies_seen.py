"""What expressions see of an object, its past, its namespace and the request; what is not known is never a pass."""

import pytest

from tests.support.expressions import SEEN, UNSEEN
from tests.support.policies_given import ANY, NAMESPACE, WEB, binding, judged, levels, policy, resources


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
