"""What an API server fills into Kubernetes' own kinds, but for Pods and what runs them.

https://kubernetes.io/docs/reference/kubernetes-api/ ("Defaults to …")
"""

from collections.abc import Mapping
from typing import Any

from bot.check.policies.shown.fields import Fields, mapping, where
from bot.check.policies.shown.types import Fill
from bot.diff import stored

__all__ = ["KINDS", "NAME"]

NAME = "kubernetes.io/metadata.name"
"""The label with its name that every Namespace has."""

RBAC = "rbac.authorization.k8s.io"
EXTENSIONS = "apiextensions-apiserver.pkg.apis.apiextensions.v1"
AGGREGATOR = "kube-aggregator.pkg.apis.apiregistration.v1"
REGISTRATION = "admissionregistration.v1"

THREE_HOURS = {"clientIP": {"timeoutSeconds": 10800}}
SERVICE = Fields(
    fixed={"type": "ClusterIP", "sessionAffinity": "None"},
    derived={
        "internalTrafficPolicy": where("type", "ClusterIP", "NodePort", "LoadBalancer", value="Cluster"),
        "externalTrafficPolicy": where("type", "NodePort", "LoadBalancer", value="Cluster"),
        "allocateLoadBalancerNodePorts": where("type", "LoadBalancer", value=True),
    },
)
TCP = Fields(fixed={"protocol": "TCP"})
FILESYSTEM = {"volumeMode": "Filesystem"}
MATCHED = {"matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {}}
WEBHOOK = {**MATCHED, "failurePolicy": "Fail", "timeoutSeconds": 10}
DEVICES = Fields(
    fixed={"allocationMode": "ExactCount"}, derived={"count": where("allocationMode", "ExactCount", value=1)}
)


def service(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a Service is like; how long it keeps a client is said only where it keeps one."""
    made = SERVICE(spec)
    keeps = made.pop("sessionAffinityConfig", None)
    if made["sessionAffinity"] == "None":
        return made
    lasts = mapping(mapping(keeps).get("clientIP")).get("timeoutSeconds") is not None
    return {**made, "sessionAffinityConfig": keeps if lasts else THREE_HOURS}


def labelled(namespace: Mapping[str, Any]) -> Mapping[str, Any]:
    """A Namespace with the label of its name."""
    metadata = mapping(namespace.get("metadata"))
    labels = {**mapping(metadata.get("labels")), NAME: metadata.get("name")}
    return {**namespace, "metadata": {**metadata, "labels": labels}}


def secret(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A Secret with its type, and with everything in its data."""
    return stored({"type": "Opaque", **body})


def limits(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """An item of a LimitRange: what a container gets is the most it may have, and what it asks for is what it gets."""
    if item.get("type") != "Container":
        return item
    default = {**mapping(item.get("max")), **mapping(item.get("default"))}
    requested = {**mapping(item.get("min")), **default, **mapping(item.get("defaultRequest"))}
    return {**item, **({"default": default} if default else {}), **({"defaultRequest": requested} if requested else {})}


def policy_types(spec: Mapping[str, Any]) -> list[str]:
    """What a NetworkPolicy is about."""
    return ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def lower(names: Mapping[str, Any]) -> str:
    """The singular of a kind."""
    return str(names.get("kind", "")).lower()


NETWORK: Mapping[str, Fill] = {
    "core.v1.ServiceSpec": service,
    "core.v1.ServicePort": Fields(fixed=TCP.fixed, derived={"targetPort": lambda each: each.get("port")}),
    "core.v1.EndpointPort": TCP,
    "discovery.v1.EndpointPort": Fields(fixed={"name": "", **TCP.fixed}),
    "networking.v1.NetworkPolicySpec": Fields(derived={"policyTypes": policy_types}),
    "networking.v1.NetworkPolicyPort": TCP,
    "networking.v1.IngressClassParametersReference": Fields(fixed={"scope": "Cluster"}),
}
STORAGE: Mapping[str, Fill] = {
    "core.v1.PersistentVolumeClaimSpec": Fields(fixed=FILESYSTEM),
    "core.v1.PersistentVolumeSpec": Fields(fixed={"persistentVolumeReclaimPolicy": "Retain", **FILESYSTEM}),
    "storage.v1.StorageClass": Fields(fixed={"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}),
    "storage.v1.CSIDriverSpec": Fields(
        fixed={
            "attachRequired": True, "fsGroupPolicy": "ReadWriteOnceWithFSType", "podInfoOnMount": False,
            "requiresRepublish": False, "seLinuxMount": False, "storageCapacity": False,
            "volumeLifecycleModes": ["Persistent"],
        }
    ),
    "resource.v1.ExactDeviceRequest": DEVICES,
    "resource.v1.DeviceSubRequest": DEVICES,
}  # fmt: skip
CLUSTER: Mapping[str, Fill] = {
    "core.v1.Namespace": labelled,
    "core.v1.Secret": secret,
    "core.v1.LimitRangeItem": limits,
    "rbac.v1.RoleRef": Fields(fixed={"apiGroup": RBAC}),
    "rbac.v1.Subject": Fields(derived={"apiGroup": where("kind", "User", "Group", value=RBAC)}),
    **{f"{each}.ServiceReference": Fields(fixed={"port": 443}) for each in (REGISTRATION, AGGREGATOR, EXTENSIONS)},
    f"{REGISTRATION}.ValidatingWebhook": Fields(fixed=WEBHOOK),
    f"{REGISTRATION}.MutatingWebhook": Fields(fixed={**WEBHOOK, "reinvocationPolicy": "Never"}),
    f"{REGISTRATION}.ValidatingAdmissionPolicySpec": Fields(fixed={"failurePolicy": "Fail"}),
    f"{REGISTRATION}.MatchResources": Fields(fixed=MATCHED),
    f"{REGISTRATION}.RuleWithOperations": Fields(fixed={"scope": "*"}),
    f"{REGISTRATION}.NamedRuleWithOperations": Fields(fixed={"scope": "*"}),
    f"{EXTENSIONS}.CustomResourceDefinitionSpec": Fields(fixed={"conversion": {"strategy": "None"}}),
    f"{EXTENSIONS}.CustomResourceDefinitionNames": Fields(
        derived={"singular": lower, "listKind": lambda names: f"{names.get('kind', '')}List"}
    ),
    "flowcontrol.v1.FlowSchemaSpec": Fields(fixed={"matchingPrecedence": 1000}),
    "flowcontrol.v1.LimitedPriorityLevelConfiguration": Fields(
        fixed={"nominalConcurrencyShares": 30, "lendablePercent": 0}
    ),
    "flowcontrol.v1.QueuingConfiguration": Fields(fixed={"queues": 64, "handSize": 8, "queueLengthLimit": 50}),
}
KINDS: Mapping[str, Fill] = {**NETWORK, **STORAGE, **CLUSTER}
"""What is filled into values of a type, by the name of its definition."""
