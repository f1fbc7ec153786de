"""What an API server fills in before any policy sees an object: `replicas: 1`, `type: ClusterIP`.

Fields of Kubernetes' own kinds whose value follows from the object alone. What a cluster allocates (addresses, ports)
or adds by admission (accounts, tolerations, requests of a Pod) is not among them.
https://kubernetes.io/docs/reference/kubernetes-api/ ("Defaults to …")
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from bot.check.policies.typed import as_typed
from bot.model.noun import noun

__all__ = ["NAME", "filled"]

NAME = "kubernetes.io/metadata.name"
"""The label with its name that every Namespace has."""

Value = Callable[[Mapping[str, Any]], Any]


@noun
class Fields:
    """What is filled into a mapping, where it is absent or null.

    `fixed` are values; `derived` follow from the mapping (None: nothing is filled in). `within` is filled into what
    stands in a field, `each` into every item of the list there.
    """

    fixed: Mapping[str, Any] = field(default_factory=dict)
    derived: Mapping[str, Value] = field(default_factory=dict)
    within: Mapping[str, "Fields"] = field(default_factory=dict)
    each: Mapping[str, "Fields"] = field(default_factory=dict)


def filled(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object with what an API server fills in; the same object where that is nothing that is known here."""
    body = as_typed(body)
    type = str(body.get("apiVersion")), str(body.get("kind"))
    if type == ("v1", "Namespace"):
        return labelled(body)
    fields = KINDS.get(type)
    return body if fields is None else into(body, fields)


def labelled(namespace: Mapping[str, Any]) -> Mapping[str, Any]:
    """A Namespace with the label of its name."""
    metadata = namespace.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    labels = metadata.get("labels")
    labels = {**(labels if isinstance(labels, Mapping) else {}), NAME: metadata.get("name")}
    return {**namespace, "metadata": {**metadata, "labels": labels}}


def into(value: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    """A copy of a mapping with its fields filled."""
    made = {**fields.fixed, **value}
    if None in value.values():
        made |= {name: fixed for name, fixed in fields.fixed.items() if made[name] is None}
    for name, derive in fields.derived.items():
        if made.get(name) is None and (found := derive(made)) is not None:
            made[name] = found
    for name, inner in fields.within.items():
        if isinstance(each := made.get(name), dict):
            made[name] = into(each, inner)
    for name, inner in fields.each.items():
        if isinstance(listed := made.get(name), list):
            made[name] = [into(each, inner) if isinstance(each, dict) else each for each in listed]
    return made


def pull_policy(container: Mapping[str, Any]) -> str | None:
    """By the tag of the image, which is `latest` where it has neither one nor a digest."""
    image = container.get("image")
    if not isinstance(image, str):
        return None
    name, digest, _ = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2] or ("" if digest else "latest")
    return "Always" if tag == "latest" else "IfNotPresent"


def folder(volume: Mapping[str, Any]) -> dict[str, Any] | None:
    """An empty one, where a volume says nothing but its name."""
    return None if any(each is not None for key, each in volume.items() if key != "name") else {}


def of_type(*types: str, value: Any) -> Value:
    """A value for mappings of one of those types."""
    return lambda mapping: value if mapping.get("type") in types else None


def sole(mapping: Mapping[str, Any]) -> Any:
    """One completion, unless it is said how many run at once."""
    return 1 if mapping.get("parallelism") is None else None


def policy_types(spec: Mapping[str, Any]) -> list[str]:
    """What a NetworkPolicy is about."""
    return ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def rbac_group(subject: Mapping[str, Any]) -> str | None:
    """Users and groups are RBAC's own."""
    return "rbac.authorization.k8s.io" if subject.get("kind") in ("User", "Group") else None


HTTP = Fields(within={"httpGet": Fields(fixed={"path": "/", "scheme": "HTTP"})})
PROBE = Fields(
    fixed={"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}, within=HTTP.within
)
FIELD = Fields(within={"fieldRef": Fields(fixed={"apiVersion": "v1"})})
CONTAINER = Fields(
    fixed={"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "resources": {}},
    derived={"imagePullPolicy": pull_policy},
    within={
        "livenessProbe": PROBE, "readinessProbe": PROBE, "startupProbe": PROBE,
        "lifecycle": Fields(within={"preStop": HTTP, "postStart": HTTP}),
    },
    each={"ports": Fields(fixed={"protocol": "TCP"}), "env": Fields(within={"valueFrom": FIELD})},
)  # fmt: skip
MODE = Fields(fixed={"defaultMode": 420})
CLAIM = Fields(fixed={"volumeMode": "Filesystem"})
VOLUME = Fields(
    derived={"emptyDir": folder},
    within={
        "secret": MODE, "configMap": MODE, "projected": MODE, "hostPath": Fields(fixed={"type": ""}),
        "downwardAPI": Fields(fixed=MODE.fixed, each={"items": FIELD}),
        "ephemeral": Fields(within={"volumeClaimTemplate": Fields(within={"spec": CLAIM})}),
    }
)  # fmt: skip
POD = Fields(
    fixed={
        "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
        "securityContext": {}, "schedulerName": "default-scheduler",
    },
    derived={
        "serviceAccountName": lambda spec: spec.get("serviceAccount"),  # its older name
        "serviceAccount": lambda spec: spec.get("serviceAccountName"),
    },
    each={"containers": CONTAINER, "initContainers": CONTAINER, "volumes": VOLUME},
)  # fmt: skip
TEMPLATE = Fields(within={"spec": POD})
ROLLING = {"type": "RollingUpdate"}
WHERE_ROLLING = {"rollingUpdate": of_type("RollingUpdate", value={})}
JOB = Fields(
    fixed={"backoffLimit": 6, "completionMode": "NonIndexed", "suspend": False},
    derived={"completions": sole, "parallelism": lambda _: 1},  # in this order: the first goes by the second
    within={"template": TEMPLATE},
)
SERVICE = Fields(
    fixed={"type": "ClusterIP", "sessionAffinity": "None"},
    derived={
        "internalTrafficPolicy": of_type("ClusterIP", "NodePort", "LoadBalancer", value="Cluster"),
        "externalTrafficPolicy": of_type("NodePort", "LoadBalancer", value="Cluster"),
        "allocateLoadBalancerNodePorts": of_type("LoadBalancer", value=True),
    },
    each={"ports": Fields(fixed={"protocol": "TCP"}, derived={"targetPort": lambda each: each.get("port")})},
)
PORTS = Fields(each={"ports": Fields(fixed={"protocol": "TCP"})})
BOUND = Fields(
    within={"roleRef": Fields(fixed={"apiGroup": "rbac.authorization.k8s.io"})},
    each={"subjects": Fields(derived={"apiGroup": rbac_group})},
)


def spec(fixed: Mapping[str, Any], **within: Fields) -> Fields:
    """What is filled into the `spec` of an object."""
    return Fields(within={"spec": Fields(fixed=fixed, within=within)})


KINDS: Mapping[tuple[str, str], Fields] = {
    ("v1", "Pod"): Fields(within={"spec": POD}),
    ("apps/v1", "Deployment"): spec(
        {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600, "strategy": {}},
        template=TEMPLATE, strategy=Fields(
            fixed=ROLLING, derived=WHERE_ROLLING,
            within={"rollingUpdate": Fields(fixed={"maxUnavailable": "25%", "maxSurge": "25%"})},
        ),
    ),
    ("apps/v1", "ReplicaSet"): spec({"replicas": 1}, template=TEMPLATE),
    ("apps/v1", "StatefulSet"): Fields(within={"spec": Fields(
        fixed={
            "replicas": 1, "revisionHistoryLimit": 10, "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"rollingUpdate": {}},
            "persistentVolumeClaimRetentionPolicy": {},
        },
        within={
            "template": TEMPLATE,
            "updateStrategy": Fields(fixed=ROLLING, within={"rollingUpdate": Fields(fixed={"partition": 0})}),
            "persistentVolumeClaimRetentionPolicy": Fields(fixed={"whenDeleted": "Retain", "whenScaled": "Retain"}),
        },
        each={"volumeClaimTemplates": Fields(within={"spec": CLAIM})},
    )}),
    ("apps/v1", "DaemonSet"): spec(
        {"revisionHistoryLimit": 10, "updateStrategy": {}},
        template=TEMPLATE, updateStrategy=Fields(
            fixed=ROLLING, derived=WHERE_ROLLING,
            within={"rollingUpdate": Fields(fixed={"maxUnavailable": 1, "maxSurge": 0})},
        ),
    ),
    ("batch/v1", "Job"): Fields(within={"spec": JOB}),
    ("batch/v1", "CronJob"): spec(
        {
            "concurrencyPolicy": "Allow", "suspend": False, "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 1,
        },
        jobTemplate=Fields(within={"spec": Fields(within={"template": TEMPLATE})}),
    ),
    ("v1", "Service"): Fields(within={"spec": SERVICE}),
    ("v1", "PersistentVolumeClaim"): Fields(within={"spec": CLAIM}),
    ("v1", "PersistentVolume"): spec(
        {"persistentVolumeReclaimPolicy": "Retain", **CLAIM.fixed}, hostPath=VOLUME.within["hostPath"]
    ),
    ("v1", "Secret"): Fields(fixed={"type": "Opaque"}),
    ("networking.k8s.io/v1", "NetworkPolicy"): Fields(within={"spec": Fields(
        fixed={"podSelector": {}}, derived={"policyTypes": policy_types}, each={"ingress": PORTS, "egress": PORTS},
    )}),
    ("autoscaling/v2", "HorizontalPodAutoscaler"): spec({"minReplicas": 1}),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): BOUND,
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): BOUND,
    ("storage.k8s.io/v1", "StorageClass"): Fields(fixed={"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}),
    ("scheduling.k8s.io/v1", "PriorityClass"): Fields(fixed={"preemptionPolicy": "PreemptLowerPriority"}),
}  # fmt: skip
