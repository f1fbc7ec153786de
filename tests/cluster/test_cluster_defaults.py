"""What policies are shown of an object is what a real API server would fill in before it asks them."""

import copy
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from bot.check.policies.shown import FILLS
from bot.check.policies.shown.types import Types
from bot.check.schemas.native.catalogue import Catalogue
from tests.support.control_plane import ControlPlane
from tests.support.enforced import path_of
from tests.support.shown import MINOR, sprinkled, unlike

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

POD = yaml.safe_load(
    """
containers:
- name: a
  image: b
  ports: [{containerPort: 80}]
  env: [{name: X, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
  livenessProbe: {httpGet: {port: 80}}
  readinessProbe: {tcpSocket: {port: 1}}
  startupProbe: {exec: {command: [a]}, periodSeconds: 3}
  lifecycle: {preStop: {httpGet: {port: 1}}}
- {name: b, image: "r.io:5000/x:latest"}
- {name: c, image: "r.io:5000/x", resources: null, imagePullPolicy: Never}
- {name: d, image: "x:1"}
- {name: e, image: "x:latest@sha256:DIGEST"}
- {name: f, image: "x@sha256:DIGEST"}
initContainers: [{name: i, image: "x:1"}]
volumes:
- {name: s, secret: {secretName: a}}
- {name: m, configMap: {name: a, defaultMode: 256}}
- {name: h, hostPath: {path: /x}}
- {name: d, downwardAPI: {items: [{path: a, fieldRef: {fieldPath: metadata.name}}]}}
- {name: p, projected: {sources: [{configMap: {name: a}}]}}
- name: q
  ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}
""".replace("DIGEST", "a" * 64)
)
SMALL = {"metadata": {"labels": {"x": "y"}}, "spec": {"containers": [{"name": "a", "image": "b"}]}}
WORKLOAD = {"selector": {"matchLabels": {"x": "y"}}, "template": SMALL}
RUN = {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "b"}]}}}
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
PORTS = {"ports": [{"port": 80, "name": "a"}, {"port": 81, "targetPort": "web", "protocol": "UDP", "name": "b"}]}
RBAC = "rbac.authorization.k8s.io/v1"
SUBJECTS = [{"kind": kind, "name": "a", "namespace": "b"} for kind in ("ServiceAccount",)]
SUBJECTS += [{"kind": kind, "name": "a"} for kind in ("User", "Group")]
OBJECTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("v1", "Pod", {"spec": {"containers": [{"name": "a", "image": "b:1"}]}}),
    ("apps/v1", "Deployment", {"spec": {**WORKLOAD, "template": {**SMALL, "spec": POD}}}),
    ("apps/v1", "Deployment", {"spec": {**WORKLOAD, "strategy": {"rollingUpdate": {"maxSurge": 0}}}}),
    ("apps/v1", "Deployment", {"spec": {**WORKLOAD, "strategy": {"type": "Recreate"}, "replicas": 0}}),
    ("apps/v1", "ReplicaSet", {"spec": WORKLOAD}),
    ("apps/v1", "StatefulSet", {"spec": {**WORKLOAD, "serviceName": "a", "volumeClaimTemplates": [
        {"metadata": {"name": "v"}, "spec": CLAIM}]}}),
    ("apps/v1", "StatefulSet", {"spec": {**WORKLOAD, "updateStrategy": {"type": "RollingUpdate"},
                                         "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}}),
    ("apps/v1", "DaemonSet", {"spec": WORKLOAD}),
    ("apps/v1", "DaemonSet", {"spec": {**WORKLOAD, "updateStrategy": {"type": "OnDelete"}}}),
    ("batch/v1", "Job", {"spec": RUN}),
    ("batch/v1", "Job", {"spec": {**RUN, "parallelism": 2}}),
    ("batch/v1", "Job", {"spec": {**RUN, "completions": 2}}),
    ("batch/v1", "CronJob", {"spec": {"schedule": "* * * * *", "jobTemplate": {"spec": RUN}}}),
    *(("v1", "Service", {"spec": {**PORTS, "type": each}}) for each in (None, "NodePort", "LoadBalancer")),
    ("v1", "Service", {"spec": {"type": "ExternalName", "externalName": "a.b"}}),
    ("v1", "Service", {"spec": {**PORTS, "clusterIP": "None"}}),
    ("v1", "PersistentVolumeClaim", {"spec": CLAIM}),
    ("v1", "PersistentVolume", {"spec": {
        "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/x"}}}),
    ("v1", "Secret", {"data": {"a": "YQ=="}}),
    ("networking.k8s.io/v1", "NetworkPolicy", {"spec": {"ingress": [{"ports": [{"port": 80}]}]}}),
    ("networking.k8s.io/v1", "NetworkPolicy", {"spec": {"podSelector": {}, "egress": [{"ports": [{"port": 80}]}]}}),
    ("autoscaling/v2", "HorizontalPodAutoscaler", {"spec": {
        "maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}}}),
    (RBAC, "RoleBinding", {"roleRef": {"kind": "Role", "name": "a"}, "subjects": SUBJECTS}),
    (RBAC, "ClusterRoleBinding", {"roleRef": {"kind": "ClusterRole", "name": "a"}, "subjects": SUBJECTS}),
    ("storage.k8s.io/v1", "StorageClass", {"provisioner": "x"}),
    ("scheduling.k8s.io/v1", "PriorityClass", {"value": 1}),
)  # fmt: skip


BODIES: list[dict[str, Any]] = [
    *({"apiVersion": version, "kind": kind, "metadata": {"name": "a", "namespace": "default"}, **rest}
      for version, kind, rest in OBJECTS),
    *yaml.safe_load_all(Path(__file__).with_name("objects.yaml").read_text()),
]  # fmt: skip


async def answered(plane: ControlPlane, body: dict[str, Any]) -> tuple[dict[str, Any], int, Any]:
    """The object where it belongs, and what the server says of it."""
    path = await path_of(plane, body)
    if "/namespaces/" not in path:
        body = {**body, "metadata": {"name": body["metadata"]["name"]}}
    return body, *await plane.call("POST", path, body, dryRun="All", fieldValidation="Strict")


async def test_every_field_is_as_the_server_has_it(plane: ControlPlane) -> None:
    for given in BODIES:
        body, status, answer = await answered(plane, given)
        before = copy.deepcopy(body)
        assert status == 201, (body, answer)
        assert unlike(body, answer) == [], body["kind"]
        assert body == before, "the object itself stays as it is"


async def test_what_is_empty_is_as_the_server_has_it(plane: ControlPlane) -> None:
    dice, taken = Random(1), 0
    kinds = Catalogue(MINOR).content["kinds"]
    for number in range(800):
        given = BODIES[number % len(BODIES)]
        schema = {"$ref": "#/definitions/" + kinds[f"{given['apiVersion']}/{given['kind']}"]}
        made = sprinkled(given, schema, dice)
        made = {name: each for name, each in made.items() if name in given or name not in ("metadata", "status")}
        body, status, answer = await answered(plane, {**made, "metadata": given["metadata"]})
        if status == 201:
            taken += 1
            assert unlike(body, answer) == [], body
    assert taken > 400


async def test_every_type_that_something_is_filled_into_is_among_them() -> None:
    reached = set()

    def reach(name: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
        reached.add(name)
        return FILLS[name](value)

    types = Types(MINOR, {name: partial(reach, name) for name in FILLS})
    for body in BODIES:
        type = types.kind(body["apiVersion"], body["kind"])
        assert type
        type.whole(body)
    assert FILLS.keys() - reached == set()
