"""What a policy is shown of an object, held against what an API server answers."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.check.policies.shown import shown

__all__ = ["MINOR", "unlike"]

MINOR = "1.36"
"""The version of the API server that the tests start."""

JOBS = {".metadata.labels", ".spec.selector", ".spec.template.metadata.labels"}
ALLOCATED: Mapping[str, set[str]] = {
    "": {
        ".metadata.creationTimestamp", ".metadata.finalizers", ".metadata.generation", ".metadata.managedFields",
        ".metadata.resourceVersion", ".metadata.uid", ".status",
    },
    "DaemonSet": {".metadata.annotations"},
    "Job": JOBS,
    "Namespace": {".spec.finalizers"},
    "Node": {".spec.taints"},
    "PersistentVolumeClaim": {".spec.dataSourceRef"},
    "Pod": {".spec.preemptionPolicy", ".spec.priority", ".spec.tolerations"},
    "ReplicationController": {".metadata.labels"},
    "Service": {
        ".spec.clusterIP", ".spec.clusterIPs", ".spec.healthCheckNodePort", ".spec.ipFamilies", ".spec.ipFamilyPolicy",
        ".spec.ports[].nodePort",
    },
    "StatefulSet": {f".spec.volumeClaimTemplates[].{each}" for each in ("apiVersion", "kind", "status.phase")},
}  # fmt: skip
"""What a server or its admission gives an object of a kind ("" of all) that does not follow from the object."""


def unlike(body: Mapping[str, Any], theirs: Any) -> list[tuple[str, Any, Any]]:
    """(path, what is shown here, what is there on the server) of everything that differs and is not allocated."""
    allocated = ALLOCATED[""] | ALLOCATED.get(str(body["kind"]), set())
    return [each for each in differing(shown(body, MINOR), theirs) if each[0] not in allocated]


def differing(mine: Any, theirs: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(path, the one, the other) of everything that differs; what is not there is "absent"."""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for key in sorted(mine.keys() | theirs.keys()):
            yield from differing(mine.get(key, "absent"), theirs.get(key, "absent"), f"{path}.{key}")
    elif isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        for here, there in zip(mine, theirs, strict=True):
            yield from differing(here, there, f"{path}[]")
    elif mine != theirs:
        yield path, mine, theirs
