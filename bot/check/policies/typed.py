"""What an API server's own types make of an object: what is empty is not there, and a quantity is written in one way.

The server reads Kubernetes' own kinds, and the metadata of all, into Go types before any policy sees them. A list, a
map or a value that is empty (`[]`, `{}`, `""`, 0, false) gets lost on the way, but where the type can tell it from one
that is not there.
https://pkg.go.dev/encoding/json#Marshal (omitempty) and the types of https://pkg.go.dev/k8s.io/api
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from bot.check.cel.library.quantity import canonical
from bot.diff import stored
from bot.model.groups import is_own_group

__all__ = ["as_typed"]

DEFINITIONS = "apiextensions.k8s.io/"
"""The schemas of definitions have fields of any name."""

AMOUNTS = frozenset(
    {"limits", "requests", "capacity", "overhead", "hard", "max", "min", "default", "defaultRequest", "podFixed"}
)
"""Maps of quantities."""

AMOUNT = frozenset({"averageValue", "divisor", "sizeLimit"})
"""Quantities that stand alone."""

MAPS = AMOUNTS | frozenset(
    [
        *("annotations", "binaryData", "data", "labels", "matchLabels", "nodeSelector", "options", "parameters"),
        *("stringData", "volumeAttributes"),
    ]
)
"""Fields with keys of the user's own; what stands in them stays as it is."""

SELECTING = frozenset({"Service", "ReplicationController"})
"""Kinds whose selector is a map of labels."""

KEPT = frozenset({"addresses", "endpoints", "limits", "nodeSelectorTerms", "paths", "sources", "verbs"})
"""Lists that are there although they are empty."""

TEXTS = frozenset(
    [
        *("apiGroup", "clusterIP", "concurrencyPolicy", "containerName", "description", "dnsPolicy", "effect"),
        *("externalName", "externalTrafficPolicy", "fsType", "generateName", "host", "hostIP", "hostname", "image"),
        *("imagePullPolicy", "key", "level", "loadBalancerIP", "medium", "name", "namespace", "nodeName", "operator"),
        *("path", "persistentVolumeReclaimPolicy", "podManagementPolicy", "prefix", "priorityClassName", "protocol"),
        *("pullPolicy", "resourceVersion", "restartPolicy", "role", "schedulerName", "scheme", "secretName"),
        *("selfLink", "serviceAccount", "serviceAccountName", "sessionAffinity", "subdomain", "subPath"),
        *("subPathExpr", "targetPort", "terminationMessagePath", "terminationMessagePolicy", "type", "uid", "user"),
        *("value", "volumeName", "whenDeleted", "whenScaled", "workingDir"),
    ]
)
"""Texts that are not there where they are empty."""

OTHERS = frozenset(
    [
        *("failureThreshold", "generation", "globalDefault", "healthCheckNodePort", "hostIPC", "hostNetwork"),
        *("hostPID", "hostPort", "initialDelaySeconds", "minReadySeconds", "nodePort", "paused", "periodSeconds"),
        *("publishNotReadyAddresses", "readOnly", "stdin", "stdinOnce", "successThreshold", "targetPort"),
        *("timeoutSeconds", "tty", "unschedulable"),
    ]
)
"""Numbers and booleans that are not there where they are 0 or false."""


def as_typed(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object as the server's types hold it; of what is no kind of Kubernetes' own they hold the metadata."""
    version, kind = str(body.get("apiVersion")), body.get("kind")
    if not is_own_group(version.rpartition("/")[0]) or version.startswith(DEFINITIONS):
        metadata = body.get("metadata")
        return {**body, "metadata": fields(metadata)} if isinstance(metadata, dict) else body
    made = fields(body)
    spec = made.get("spec")
    if kind in SELECTING and isinstance(spec, dict) and spec.get("selector") == {}:
        del spec["selector"]
    if "Role" in str(kind) and body.get("rules") == []:
        made["rules"] = []
    return stored(made) if kind == "Secret" and version == "v1" else made


def fields(value: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping without what gets lost."""
    made: dict[str, Any] = {}
    for name, each in value.items():
        if isinstance(each, dict):
            if name not in MAPS:
                made[name] = fields(each)
            elif each:
                made[name] = {key: amount(one) for key, one in each.items()} if name in AMOUNTS else each
        elif isinstance(each, list):
            if each or name in KEPT:
                made[name] = [fields(one) if isinstance(one, dict) else one for one in each]
        elif each or each is None or name not in (TEXTS if each == "" else OTHERS):
            made[name] = amount(each) if name in AMOUNT else each
    return made


def amount(value: Any) -> Any:
    """A quantity as the server writes it; what is none stays as it is."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    found = written(value if isinstance(value, str) else format(Decimal(repr(value)), "f"))
    return value if found is None else found


@lru_cache(maxsize=1024)
def written(text: str) -> str | None:
    """The quantity in the server's form, None where it is none: the same few are in most objects."""
    try:
        return canonical(text)
    except ValueError:
        return None
