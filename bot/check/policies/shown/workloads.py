"""What an API server fills into what runs Pods, and into what is about running them.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bot.check.policies.shown.fields import Fields, mapping
from bot.check.policies.shown.types import Fill

__all__ = ["WORKLOADS"]

ONE = {"replicas": 1}
ROLLING = "RollingUpdate"
HISTORY = {"revisionHistoryLimit": 10}
RETAINED = {"whenDeleted": "Retain", "whenScaled": "Retain"}
UNLIMITED = 2**31 - 1
BY_PROCESSOR = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
}
ALL_AT_ONCE = {"type": "Percent", "value": 100, "periodSeconds": 15}
SCALED_UP = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}, ALL_AT_ONCE],
}
SCALED_DOWN = {"selectPolicy": "Max", "policies": [ALL_AT_ONCE]}


def rolling(strategy: Mapping[str, Any], update: Mapping[str, Any]) -> Mapping[str, Any]:
    """How one version takes another's place; `update` is filled into how it does so bit by bit."""
    made = {"type": ROLLING, **strategy}
    if made["type"] != ROLLING:
        return made
    return {**made, "rollingUpdate": {**update, **mapping(made.get("rollingUpdate"))}}


def partitioned(strategy: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same of a StatefulSet, which says how only where something is said of it, or nothing at all."""
    return rolling(strategy, {"partition": 0}) if "type" not in strategy or "rollingUpdate" in strategy else strategy


def job(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A Job itself, unlike what a CronJob makes Jobs of."""
    spec = body.get("spec")
    return {**body, "spec": JOB(spec)} if isinstance(spec, dict) else body


def scaling(behavior: Mapping[str, Any]) -> Mapping[str, Any]:
    """How a HorizontalPodAutoscaler goes up and down, where that is said at all."""
    up, down = mapping(behavior.get("scaleUp")), mapping(behavior.get("scaleDown"))
    return {**behavior, "scaleUp": {**SCALED_UP, **up}, "scaleDown": {**SCALED_DOWN, **down}}


def sole(mapping: Mapping[str, Any]) -> Any:
    """One completion, unless it is said how many run at once."""
    return None if "parallelism" in mapping else 1


def labels_of_template(spec: Mapping[str, Any]) -> Any:
    """What a ReplicationController selects."""
    return mapping(mapping(spec.get("template")).get("metadata")).get("labels")


JOB = Fields(
    fixed={"completionMode": "NonIndexed", "manualSelector": False, "suspend": False},
    derived={
        "backoffLimit": lambda spec: UNLIMITED if "backoffLimitPerIndex" in spec else 6,
        "completions": sole,
        "parallelism": lambda _: 1,  # after `completions`, which goes by it
        "podReplacementPolicy": lambda spec: "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed",
    },
)
WORKLOADS: Mapping[str, Fill] = {
    "apps.v1.DeploymentSpec": Fields(fixed={**ONE, **HISTORY, "progressDeadlineSeconds": 600}),
    "apps.v1.DeploymentStrategy": partial(rolling, update={"maxUnavailable": "25%", "maxSurge": "25%"}),
    "apps.v1.ReplicaSetSpec": Fields(fixed=ONE),
    "core.v1.ReplicationControllerSpec": Fields(fixed=ONE, derived={"selector": labels_of_template}),
    "apps.v1.StatefulSetSpec": Fields(
        fixed={
            **ONE, **HISTORY, "podManagementPolicy": "OrderedReady", "persistentVolumeClaimRetentionPolicy": RETAINED,
        }
    ),
    "apps.v1.StatefulSetUpdateStrategy": partitioned,
    "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy": Fields(fixed=RETAINED),
    "apps.v1.DaemonSetSpec": Fields(fixed=HISTORY),
    "apps.v1.DaemonSetUpdateStrategy": partial(rolling, update={"maxUnavailable": 1, "maxSurge": 0}),
    "batch.v1.Job": job,
    "batch.v1.PodFailurePolicyOnPodConditionsPattern": Fields(fixed={"status": "True"}),
    "batch.v1.CronJobSpec": Fields(
        fixed={
            "concurrencyPolicy": "Allow", "suspend": False, "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 1,
        }
    ),
    "autoscaling.v1.HorizontalPodAutoscalerSpec": Fields(
        fixed={"minReplicas": 1, "targetCPUUtilizationPercentage": 80}
    ),
    "autoscaling.v2.HorizontalPodAutoscalerSpec": Fields(fixed={"minReplicas": 1, "metrics": [BY_PROCESSOR]}),
    "autoscaling.v2.HorizontalPodAutoscalerBehavior": scaling,
    "scheduling.v1.PriorityClass": Fields(fixed={"preemptionPolicy": "PreemptLowerPriority"}),
}  # fmt: skip
"""What is filled into values of a type, by the name of its definition."""
