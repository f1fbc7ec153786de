"""What an API server fills into Pods, and into what other kinds make Pods of.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
"""

from collections.abc import Mapping
from typing import Any

from bot.check.policies.shown.fields import Fields, mapping
from bot.check.policies.shown.types import Fill

__all__ = ["PODS"]

SOURCES = ("Secret", "ConfigMap", "Projected", "DownwardAPI")
DISKS: Mapping[str, Mapping[str, Any]] = {
    "ISCSI": {"iscsiInterface": "default"},
    "RBD": {"pool": "rbd", "user": "admin", "keyring": "/etc/ceph/keyring"},
    "ScaleIO": {"storageMode": "ThinProvisioned", "fsType": "xfs"},
}
"""What is filled into volumes that Pods and PersistentVolumes alike may have."""


def pod(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A Pod itself, unlike what others make Pods of: requests by limits, and the node's ports in its network."""
    spec = body.get("spec")
    if not isinstance(spec, dict):
        return body
    made = {"enableServiceLinks": True, **spec}
    for name in ("containers", "initContainers"):
        if isinstance(listed := spec.get(name), list):
            made[name] = [settled(each, spec.get("hostNetwork")) if isinstance(each, dict) else each for each in listed]
    return {**body, "spec": made}


def settled(container: Mapping[str, Any], in_network: Any) -> dict[str, Any]:
    """A container of a Pod; `in_network`: it is in the network of its node."""
    made = {**container}
    resources, ports = mapping(container.get("resources")), container.get("ports")
    if limits := mapping(resources.get("limits")):
        made["resources"] = {**resources, "requests": {**limits, **mapping(resources.get("requests"))}}
    if in_network and isinstance(ports, list):
        made["ports"] = [{"hostPort": each.get("containerPort"), **each} for each in ports if isinstance(each, dict)]
    return made


def pull_policy(image: Any) -> str | None:
    """When an image is pulled, by its tag, which is `latest` where it has neither one nor a digest."""
    if not isinstance(image, str):
        return None
    name, digest, _ = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2] or ("" if digest else "latest")
    return "Always" if tag == "latest" else "IfNotPresent"


def folder(volume: Mapping[str, Any]) -> dict[str, Any] | None:
    """An empty one, where a volume says nothing but its name."""
    return None if volume.keys() - {"name"} else {}


PODS: Mapping[str, Fill] = {
    "core.v1.Pod": pod,
    "core.v1.PodSpec": Fields(
        fixed={
            "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
            "securityContext": {}, "schedulerName": "default-scheduler",
        },
        derived={
            "serviceAccountName": lambda spec: spec.get("serviceAccount"),  # its older name
            "serviceAccount": lambda spec: spec.get("serviceAccountName"),
        },
    ),
    "core.v1.Container": Fields(
        fixed={"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"},
        derived={"imagePullPolicy": lambda container: pull_policy(container.get("image"))},
    ),
    "core.v1.ContainerPort": Fields(fixed={"protocol": "TCP"}),
    "core.v1.Probe": Fields(
        fixed={"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
    ),
    "core.v1.HTTPGetAction": Fields(fixed={"path": "/", "scheme": "HTTP"}),
    "core.v1.GRPCAction": Fields(fixed={"service": ""}),
    "core.v1.ObjectFieldSelector": Fields(fixed={"apiVersion": "v1"}),
    "core.v1.Volume": Fields(derived={"emptyDir": folder}),
    **{f"core.v1.{name}VolumeSource": Fields(fixed={"defaultMode": 420}) for name in SOURCES},
    "core.v1.ImageVolumeSource": Fields(derived={"pullPolicy": lambda volume: pull_policy(volume.get("reference"))}),
    "core.v1.HostPathVolumeSource": Fields(fixed={"type": ""}),
    "core.v1.ServiceAccountTokenProjection": Fields(fixed={"expirationSeconds": 3600}),
    "core.v1.AzureDiskVolumeSource": Fields(
        fixed={"cachingMode": "ReadWrite", "fsType": "ext4", "kind": "Shared", "readOnly": False}
    ),
    **{f"core.v1.{name}{of}VolumeSource": Fields(fixed=DISKS[name]) for name in DISKS for of in ("", "Persistent")},
}  # fmt: skip
"""What is filled into values of a type, by the name of its definition."""
