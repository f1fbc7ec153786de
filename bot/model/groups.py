"""API groups: which are Kubernetes' own."""

__all__ = ["OWN_GROUPS", "is_own_group"]

OWN_GROUPS = frozenset({"", "apps", "autoscaling", "batch", "extensions", "policy"}) | frozenset(
    f"{name}.k8s.io"
    for name in (
        "admissionregistration", "apiextensions", "apiregistration", "authentication", "authorization", "certificates",
        "coordination", "discovery", "events", "flowcontrol.apiserver", "internal.apiserver", "lifecycle", "networking",
        "node", "rbac.authorization", "resource", "scheduling", "storage", "storagemigration",
    )
)  # fmt: skip
"""The groups of a Kubernetes API server itself (https://kubernetes.io/docs/reference/kubernetes-api/). Those of other
projects may end in `k8s.io`, too: `gateway.networking.k8s.io`."""


def is_own_group(group: str) -> bool:
    """Whether an API group is Kubernetes' own; every other one holds custom resources.

    One without a dot is never a custom resource's, known or not.
    """
    return "." not in group or group in OWN_GROUPS
