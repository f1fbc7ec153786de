"""What policies are shown of an object is what a real API server would fill in before it asks them."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from bot.check.policies.defaults import KINDS, filled
from tests.support.control_plane import ControlPlane
from tests.support.enforced import path_of

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


def told(given: Any, mine: Any, theirs: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(path, what is filled in here, what a server has there) of everything that is filled in."""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for key, each in mine.items():
            yield from told(given.get(key) if isinstance(given, dict) else None, each, theirs.get(key), f"{path}.{key}")
    elif isinstance(mine, list) and isinstance(theirs, list) and isinstance(given, list):
        for number, parts in enumerate(zip(given, mine, theirs, strict=True)):
            yield from told(*parts, f"{path}[{number}]")
    elif given is None:
        yield path, mine, theirs


async def test_what_is_filled_in_is_what_the_server_fills_in(plane: ControlPlane) -> None:
    assert {(version, kind) for version, kind, _ in OBJECTS} == KINDS.keys()
    count = 0
    for version, kind, rest in OBJECTS:
        body = {"apiVersion": version, "kind": kind, "metadata": {"name": "a", "namespace": "default"}, **rest}
        path = await path_of(plane, body)
        if "/namespaces/" not in path:
            body["metadata"] = {"name": "a"}
        before = copy.deepcopy(body)
        status, answer = await plane.call("POST", path, body, dryRun="All", fieldValidation="Strict")
        assert status == 201, (kind, answer)
        found = list(told(body, filled(body), answer))
        assert found, json.dumps(body)
        assert [each for each in found if each[1] != each[2]] == [], kind
        assert body == before, "the object itself stays as it is"
        count += len(found)
    assert count > 200
