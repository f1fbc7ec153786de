"""API groups: which are Kubernetes' own."""

__all__ = ["is_own_group"]

OWN_GROUPS = frozenset(
    f"{name}.k8s.io"
    for name in (
        "admissionregistration", "apiextensions", "apiregistration", "authentication", "authorization", "certificates",
        "coordination", "discovery", "events", "flowcontrol.apiserver", "internal.apiserver", "lifecycle", "networking",
        "node", "rbac.authorization", "resource", "scheduling", "storage", "storagemigration",
    )
)  # fmt: skip


def is_own_group(group: str) -> bool:
    """Whether an API group is Kubernetes' own; every other one holds custom resources.

    Groups without a dot are never anybody else's. The others are those of
    https://kubernetes.io/docs/reference/kubernetes-api/; projects beside Kubernetes use `k8s.io` too.
    """
    return "." not in group or group in OWN_GROUPS
