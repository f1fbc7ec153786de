"""The check `schemas`: what Kubernetes would refuse is found at its place, and nothing else is."""

from collections.abc import Callable
from dataclasses import replace
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.check.schemas import Schemas, explain
from bot.check.schemas.problem import MOST
from bot.model.environment import Environment, Source
from bot.model.examined import Examined
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.kubernetes import Kubernetes
from bot.model.plan import Finding
from bot.model.resource import Origin, Resource, ResourceId

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: nginx
          resources:
            limits: {cpu: 1, memory: 64Mi}
          ports:
            - containerPort: 80
"""


@pytest.fixture
def check(manifests: Callable[[str], list[Resource]], environment: Environment) -> Callable[[str], Any]:
    """Checks a YAML text."""
    schemas = Schemas()

    async def run(text: str) -> list[Finding]:
        return list(await schemas.run(Examined(environment=environment, resources=tuple(manifests(dedent(text))))))

    return run


def told(finding: Finding) -> tuple[str, str, str, int, int]:
    """A finding without what is the same in all of them."""
    assert finding.check == "schemas"
    return finding.level, finding.message, finding.fix, finding.line, finding.column


async def test_a_sound_object_has_no_findings(check: Any) -> None:
    assert await check(DEPLOYMENT) == []


@pytest.mark.parametrize(
    ("old", "new", "message", "fix", "line", "column"),
    [
        ("replicas: 2", "replica: 2", "spec.replica of Deployment shop/web is not a field that Kubernetes knows",
         "did you mean replicas?", 7, 3),
        ("image: nginx", "Image: nginx",
         "spec.template.spec.containers[0].Image of Deployment shop/web is not a field that Kubernetes knows",
         "did you mean image?", 16, 11),
        ("replicas: 2", "REPLICAS: 2", "spec.REPLICAS of Deployment shop/web is not a field that Kubernetes knows",
         "did you mean replicas?", 7, 3),
        ("replicas: 2", 'replicas: "2"', "spec.replicas of Deployment shop/web must be an integer, not a string",
         "write the number without quotes", 7, 3),
        ("replicas: 2", "replicas: 4294967296", "spec.replicas of Deployment shop/web is above 2147483647",
         "write a smaller number", 7, 3),
        ("replicas: 2", "replicas: 2.5", "spec.replicas of Deployment shop/web must be an integer, not a number",
         "change the value, or look at its indentation", 7, 3),
        ("{app: web}\n  template", "{app: true}\n  template",
         "spec.selector.matchLabels.app of Deployment shop/web must be a string, not true or false",
         "put the value in quotes", 9, 19),
        ("image: nginx", "image: nginx\n          imagePullPolicy: ifnotpresent",
         "spec.template.spec.containers[0].imagePullPolicy of Deployment shop/web is none of Always, IfNotPresent, "
         "Never", "did you mean IfNotPresent?", 17, 11),
        ("64Mi", "64MB", "spec.template.spec.containers[0].resources.limits.memory of Deployment shop/web "
         "is not a quantity", "write an amount such as 500m, 2 or 1Gi", 18, 30),
        ("- name: web\n          image", "- image",
         "spec.template.spec.containers[0].name of Deployment shop/web is missing", "add name here", 15, 11),
        ("- containerPort: 80", "- containerPort: 80\n            - {containerPort: 80, protocol: TCP}",
         "spec.template.spec.containers[0].ports[1] of Deployment shop/web has the same containerPort and protocol "
         "as an earlier item", "remove one of the two, or tell them apart", 21, 15),
        ("  labels: {app: web}\n", "  labels: {app: web}\n      creationTimestamp: yesterday\n",
         "spec.template.metadata.creationTimestamp of Deployment shop/web is not a time",
         "write it as RFC 3339 does, such as 2030-01-31T12:00:00Z", 13, 7),
    ],
)  # fmt: skip
async def test_one_mistake_is_told_at_its_line(
    check: Any, old: str, new: str, message: str, fix: str, line: int, column: int
) -> None:
    assert old in DEPLOYMENT
    (found,) = await check(DEPLOYMENT.replace(old, new))
    assert told(found) == ("error", message, fix, line, column)
    assert found.path == "app.yaml"
    assert found.resource == ResourceId(type="Deployment.apps", name="web", scope="shop")


async def test_a_time_of_a_lease_has_microseconds(check: Any) -> None:
    lease = "apiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: a}\nspec:\n  renewTime: TIME\n"
    assert await check(lease.replace("TIME", "2030-01-31T12:00:00.000000Z")) == []
    (found,) = await check(lease.replace("TIME", "2030-01-31T12:00:00Z"))
    assert found.message == "spec.renewTime of Lease a is not a time with microseconds"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ClusterRole", "Clusterrole", "roleRef.kind of RoleBinding shop/a is none of ClusterRole, Role"),
        ("rbac.authorization.k8s.io,", "rbac.k8s.io,",
         "roleRef.apiGroup of RoleBinding shop/a is not rbac.authorization.k8s.io"),
        ("kind: User", "kind: user", "subjects[0].kind of RoleBinding shop/a is none of Group, ServiceAccount, User"),
    ],
)  # fmt: skip
async def test_who_may_do_what_is_of_kinds_that_there_are(check: Any, old: str, new: str, message: str) -> None:
    text = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: a, namespace: shop}\n"
    text += "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\n"
    text += "subjects: [{kind: User, name: ana}, {kind: Group, name: b}, {kind: ServiceAccount, name: c}]\n"
    assert await check(text) == []
    (found,) = await check(text.replace(old, new))
    assert found.message == message


async def test_a_missing_field_of_the_spec_is_told_at_the_spec(check: Any) -> None:
    (found,) = await check(DEPLOYMENT.replace("  selector:\n    matchLabels: {app: web}\n", ""))
    assert told(found)[1:] == ("spec.selector of Deployment shop/web is missing", "add selector here", 6, 1)


async def test_a_value_in_the_place_of_a_list(check: Any) -> None:
    text = DEPLOYMENT[: DEPLOYMENT.index("        - name")] + "        name: web\n"
    (found,) = await check(text)
    assert told(found)[1].endswith("containers of Deployment shop/web must be a list, not a mapping")
    assert found.fix == "begin each item with a dash"


@pytest.mark.parametrize(
    "text",
    [
        DEPLOYMENT.replace("replicas: 2", "replicas: null"),
        DEPLOYMENT.replace("labels: {app: web}", "{creationTimestamp: null, labels: {app: web}}"),
        DEPLOYMENT.replace("cpu: 1,", "cpu: 1.5,"),
        DEPLOYMENT.replace("cpu: 1,", 'cpu: "100m",'),
        DEPLOYMENT + "            - {containerPort: 80, protocol: UDP}\n",
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80, targetPort: http}]}\n",
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80, targetPort: 8080}]}\n",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  key: |\n    YWJj\n    ZGVm\n",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: null\n",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: as.b.c}\n"
        "spec: {group: b.c, names: {kind: A, plural: as}, scope: Cluster, versions: [{name: v1, served: true, "
        "storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true, "
        "properties: {spec: {type: object, default: {a: 1}, additionalProperties: {type: integer}}}}}}]}\n",
    ],
)  # fmt: skip
async def test_what_the_api_server_takes_is_not_an_error(check: Any, text: str) -> None:
    if "labels: {app: web}}" in text:
        text = text.replace("metadata:\n      {", "metadata: {")
    assert await check(text) == []


async def test_findings_of_an_object_are_in_order_of_line(check: Any) -> None:
    surplus = "  zeta: 1\n  alpha: 1\n  replicas: two\n  paused: maybe\n"
    found = await check(DEPLOYMENT.replace("  replicas: 2\n", surplus).replace("          image", "          Image"))
    assert [each.line for each in found] == [7, 8, 9, 10, 19]


async def test_an_unknown_field_is_one_also_without_a_value(check: Any) -> None:
    found = await check(DEPLOYMENT.replace("replicas: 2", "replics:\n  paused:\n  minReadySecond: 1"))
    assert [told(each)[1:] for each in found] == [
        ("spec.replics of Deployment shop/web is not a field that Kubernetes knows", "did you mean replicas?", 7, 3),
        ("spec.minReadySecond of Deployment shop/web is not a field that Kubernetes knows",
         "did you mean minReadySeconds?", 9, 3),
    ]  # fmt: skip


async def test_null_does_not_stand_for_a_required_field(check: Any) -> None:
    (found,) = await check(DEPLOYMENT.replace("- containerPort: 80", "- containerPort: null"))
    assert found.message.endswith("ports[0].containerPort of Deployment shop/web is missing")


@pytest.mark.parametrize("value", ['"hunter2!"', "hunter2", "[hunter2]", "7777777"])
@pytest.mark.parametrize("field", ["data", "stringData", "immutable", "type", "metadata", "surplus"])
async def test_a_value_of_a_secret_is_in_no_finding(environment: Environment, field: str, value: str) -> None:
    bodies: dict[str, Any] = {
        '"hunter2!"': "hunter2!",
        "hunter2": "hunter2",
        "[hunter2]": ["hunter2"],
        "7777777": 7777777,
    }
    for held in ({"password": bodies[value]}, bodies[value]):
        metadata = {"name": "db", "annotations": held} if field == "metadata" else {"name": "db"}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata} | (
            {field: held} if field != "metadata" else {}
        )
        resource = Resource(id=ResourceId(type="Secret", name="db"), body=body, origin=Origin(path="a.yaml"))
        found = await Schemas().run(Examined(environment=environment, resources=(resource,)))
        assert "hunter2" not in repr(found)
        assert "7777777" not in repr(found)


async def test_base64_of_a_secret_is_checked(check: Any) -> None:
    (found,) = await check("apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata:\n  password: hunter2!\n")
    expected = "data.password of Secret db is not base64"
    assert told(found) == ("error", expected, "encode the value in base64", 5, 3)


@pytest.mark.parametrize(
    ("version", "kind", "fix"),
    [
        ("v1", "Deployment", "use apiVersion: apps/v1"),
        ("apps", "Deployment", "use apiVersion: apps/v1"),
        ("apps/v1", "Deploymnt", "did you mean kind: Deployment?"),
    ],
)
async def test_an_api_that_never_was_is_an_error(check: Any, version: str, kind: str, fix: str) -> None:
    (found,) = await check(f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\n")
    assert (found.level, found.fix) == ("error", fix)
    assert found.message == f"{kind} a has apiVersion {version}, which has no {kind} in Kubernetes 1.36"
    assert found.line == (1 if fix.startswith("use") else 2)


@pytest.mark.parametrize(
    ("version", "kind", "removed", "fix"),
    [
        ("extensions/v1beta1", "Ingress", "1.22", "use apiVersion: networking.k8s.io/v1"),
        ("networking.k8s.io/v1beta1", "Ingress", "1.22", "use apiVersion: networking.k8s.io/v1"),
        ("apps/v1beta2", "Deployment", "1.16", "use apiVersion: apps/v1"),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "1.26", "use apiVersion: autoscaling/v2"),
        ("policy/v1beta1", "PodSecurityPolicy", "1.25",
         "nothing takes its place: do without this PodSecurityPolicy"),
        ("extensions/v1beta1", "PodSecurityPolicy", "1.16",
         "nothing takes its place: do without this PodSecurityPolicy"),
    ],
)  # fmt: skip
async def test_an_api_that_is_gone_is_an_error(check: Any, version: str, kind: str, removed: str, fix: str) -> None:
    (found,) = await check(f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\n")
    assert (found.level, found.line, found.fix) == ("error", 1, fix)
    assert found.message == f"{kind} a has apiVersion {version}, which Kubernetes {removed} removed"


@pytest.mark.parametrize(
    ("release", "levels"), [("1.31", ["warning"]), ("1.32", ["error"]), ("1.36", ["error"])]
)  # fmt: skip
async def test_an_api_is_deprecated_before_it_goes(
    manifests: Callable[[str], list[Resource]], environment: Environment, release: str, levels: list[str]
) -> None:
    text = "apiVersion: flowcontrol.apiserver.k8s.io/v1beta3\nkind: FlowSchema\nmetadata: {name: a}\nspec:\n"
    text += "  priorityLevelConfiguration: {name: a}\n"
    examined = Examined(
        environment=environment, resources=tuple(manifests(text)), kubernetes=Kubernetes(version=release)
    )
    found = Schemas().findings(examined)
    assert [each.level for each in found] == levels
    assert found[0].fix == "use apiVersion: flowcontrol.apiserver.k8s.io/v1"
    if release == "1.31":
        assert found[0].message.endswith("which is deprecated since Kubernetes 1.29 and goes in 1.32")


async def test_a_version_without_schemas_is_an_error_that_lists_those_with(
    manifests: Callable[[str], list[Resource]], environment: Environment
) -> None:
    examined = Examined(
        environment=environment, resources=tuple(manifests(DEPLOYMENT)), kubernetes=Kubernetes(version="1.99")
    )
    (found,) = Schemas().findings(examined)
    assert found.level == "error"
    assert "1.99; there are those of 1.31, 1.32" in found.message


async def test_a_missing_schema_is_an_error_where_the_environment_says_so(
    manifests: Callable[[str], list[Resource]], environment: Environment
) -> None:
    strict = replace(environment, missing_schemas="error")
    text = "apiVersion: acme.io/v1\nkind: Gate\nmetadata: {name: a}\n"
    (found,) = Schemas().findings(Examined(environment=strict, resources=tuple(manifests(text))))
    assert (found.level, found.message) == ("error", "Gate a is not validated: there is no schema for Gate.acme.io")


@pytest.mark.parametrize("version", ["serving.knative.dev/v1", "gateway.networking.k8s.io/v1", "route.openshift.io/v1"])
async def test_somebody_elses_kind_of_the_same_name_is_not_validated(check: Any, version: str) -> None:
    (found,) = await check(f"apiVersion: {version}\nkind: Ingress\nmetadata: {{name: a}}\nspec: {{x: 1}}\n")
    assert found.level == "notice"


async def test_one_notice_per_kind_without_a_schema(check: Any) -> None:
    texts = [f"apiVersion: acme.io/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n" for kind, name in
             [("Gate", "a"), ("Gate", "b"), ("Tide", "c"), ("Gate", "d")]]  # fmt: skip
    first, second = await check("---\n".join(texts))
    assert told(first)[:2] == (
        "notice",
        "Gate a and 2 more of its kind are not validated: there is no schema for Gate.acme.io",
    )
    assert told(second)[:2] == ("notice", "Tide c is not validated: there is no schema for Tide.acme.io")


async def test_findings_of_one_object_are_limited_and_say_so(check: Any) -> None:
    surplus = "".join(f"  x{number}: 1\n" for number in range(500))
    found = await check(DEPLOYMENT + surplus)
    assert len(found) == MOST + 1
    assert found[-1].message == f"Deployment shop/web has more than {MOST} problems; the rest is not shown"
    assert [each.line for each in found[:-1]] == sorted(each.line for each in found[:-1])


async def test_no_more_problems_are_explained_than_are_told(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def nearest(word: str, known: object) -> str:
        asked.append(word)
        return ""

    monkeypatch.setattr(explain, "nearest", nearest)
    surplus = "".join(f"  x{number}: 1\n" for number in range(500))
    assert len(await check(DEPLOYMENT + surplus + "  empty:\n")) == MOST + 1
    assert len(asked) == MOST + 1


async def test_a_hostile_key_stays_short_and_on_its_line(check: Any) -> None:
    (found,) = await check(DEPLOYMENT + '  "a\\n\\e[31m/gate apply' + "x" * 900 + '": 1\n')
    assert len(found.message) < 300
    assert found.message.isprintable()


async def test_what_cannot_be_validated_is_unknown(environment: Environment) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"\ud800": 1}}
    resource = Resource(id=ResourceId(type="ConfigMap", name="a"), body=body, origin=Origin(path="a.yaml", line=3))
    (found,) = await Schemas().run(Examined(environment=environment, resources=(resource,)))
    assert (found.level, found.path, found.line) == ("unknown", "a.yaml", 3)


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)


def containers(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Short lists and mappings of values."""
    return st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3)


@given(st.recursive(LEAVES, containers))
def test_any_body_is_answered(spec: Any) -> None:
    environment = Environment(
        id=EnvironmentId(repository=RepositoryId(forge="github", number=1, path="acme/shop"), name="prod"),
        source=Source(path="envs/prod"), target="prod", apply="never",
    )  # fmt: skip
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec}
    resource = Resource(id=ResourceId(type="Deployment.apps", name="a"), body=body, origin=Origin(path="a.yaml"))
    found = Schemas().findings(Examined(environment=environment, resources=(resource,)))
    assert bool(found) == (spec is not None), "no such body has a selector and a template"
    assert {each.level for each in found} <= {"error", "unknown"}
