"""What a policy is shown of an object, held against what an API server answers."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from bot.check.policies.shown import shown
from bot.check.schemas.native.catalogue import Catalogue

__all__ = ["MINOR", "sprinkled", "unlike"]

MINOR = "1.36"
"""The version of the API server that the tests start."""

JOBS = {".metadata.labels", ".spec.selector", ".spec.template.metadata.labels"}
ALLOCATED: Mapping[str, set[str]] = {
    "": {
        ".metadata.creationTimestamp", ".metadata.finalizers", ".metadata.generation", ".metadata.managedFields",
        ".metadata.resourceVersion", ".metadata.uid", ".status",
    },
    "ClusterRole": {".rules"},  # those of others take its place, where it says so
    "CSIDriver": {".spec.preventPodSchedulingIfMissing"},
    "DaemonSet": {
        ".metadata.annotations",
        *(f".spec.updateStrategy.rollingUpdate.{each}" for each in ("maxSurge", "maxUnavailable")),  # with OnDelete
    },
    "Job": {*JOBS, ".spec.selector.matchLabels"},
    "Lease": {".spec.preferredHolder", ".spec.strategy"},
    "Namespace": {".spec.finalizers"},
    "Node": {".spec.configSource", ".spec.taints"},
    "PersistentVolumeClaim": {".spec.dataSource", ".spec.dataSourceRef"},
    "Pod": {".spec.preemptionPolicy", ".spec.priority", ".spec.tolerations"},
    "ReplicationController": {".metadata.labels"},
    "Service": {
        ".spec.clusterIP", ".spec.clusterIPs", ".spec.healthCheckNodePort", ".spec.ipFamilies", ".spec.ipFamilyPolicy",
        ".spec.ports[].nodePort",
    },
    "StatefulSet": {
        *(f".spec.volumeClaimTemplates[].{each}" for each in ("apiVersion", "kind", "status.phase")),
        ".spec.updateStrategy.rollingUpdate.maxUnavailable",
    },
}  # fmt: skip
"""What a server, its admission or its feature gates make of an object of a kind ("" of all) that does not follow from
the object."""

GATED = ".spec.schedulingGroup"
DEFINITIONS = Catalogue(MINOR).definitions


def unlike(body: Mapping[str, Any], theirs: Any) -> list[tuple[str, Any, Any]]:
    """(path, what is shown here, what is there on the server) of everything that differs and is not allocated."""
    allocated = ALLOCATED[""] | ALLOCATED.get(str(body["kind"]), set())
    return [
        each
        for each in differing(shown(body, MINOR), theirs)
        if each[0] not in allocated and not each[0].endswith(GATED)
    ]


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


def sprinkled(value: Any, schema: Mapping[str, Any], dice: Random) -> Any:
    """A value with empty fields here and there, of those that its schema has."""
    schema = definition(schema)
    if isinstance(value, dict):
        fields, others = schema.get("properties", {}), schema.get("additionalProperties")
        inner = {name: fields.get(name, others) for name in value}
        made = {name: sprinkled(each, inner[name], dice) if inner[name] else each for name, each in value.items()}
        absent = [name for name in fields if name not in value]
        for name in dice.sample(absent, min(len(absent), dice.choice((0, 0, 1, 1, 2)))):
            made[name] = empty(definition(fields[name]), dice)
        return made
    if isinstance(value, list) and "items" in schema:
        return [sprinkled(each, schema["items"], dice) for each in value]
    return value


def empty(schema: Mapping[str, Any], dice: Random) -> Any:
    """An empty value of that type, or null."""
    if dice.random() < 0.15:
        return None
    types = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}
    type = schema.get("type")
    return dice.choice(("", 0, "0")) if isinstance(type, list) else types.get(str(type), {})


def definition(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a schema refers to."""
    while isinstance(name := schema.get("$ref"), str):
        schema = DEFINITIONS[name.removeprefix("#/definitions/")]
    return schema
