"""Kinds → resources: the plural that rules name and a request carries, and whether it belongs to a namespace.

Kubernetes' own plurals follow from their kinds; those of custom resources stand in their definitions. A kind that
nobody describes most likely has the plural that English gives it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from bot.check.catalogue import Catalogue, known_versions
from bot.model.groups import is_own_group
from bot.model.noun import noun
from bot.model.resource import Resource

__all__ = ["Kinds", "Served"]

CLUSTER = frozenset(
    [
        *("Namespace", "Node", "PersistentVolume", "ComponentStatus"),
        *("CustomResourceDefinition.apiextensions.k8s.io", "APIService.apiregistration.k8s.io"),
        *("ClusterRole.rbac.authorization.k8s.io", "ClusterRoleBinding.rbac.authorization.k8s.io"),
        *("StorageClass.storage.k8s.io", "VolumeAttachment.storage.k8s.io", "VolumeAttributesClass.storage.k8s.io"),
        *("CSIDriver.storage.k8s.io", "CSINode.storage.k8s.io", "PriorityClass.scheduling.k8s.io"),
        *("IngressClass.networking.k8s.io", "IPAddress.networking.k8s.io", "ServiceCIDR.networking.k8s.io"),
        *("RuntimeClass.node.k8s.io", "CertificateSigningRequest.certificates.k8s.io"),
        *("ClusterTrustBundle.certificates.k8s.io", "StorageVersionMigration.storagemigration.k8s.io"),
        *("FlowSchema.flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io"),
        *("DeviceClass.resource.k8s.io", "ResourceSlice.resource.k8s.io", "DeviceTaintRule.resource.k8s.io"),
        *(
            f"{kind}.admissionregistration.k8s.io"
            for kind in (
                *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicy"),
                *("MutatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"),
            )
        ),
    ]
)
"""Types of Kubernetes' own that belong to no namespace: `kubectl api-resources --namespaced=false`."""

WITH_VOWEL = ("ay", "ey", "iy", "oy", "uy")


@noun
class Served:
    """How the API serves a type: its plural, whether it belongs to a namespace, and (None: not known) its versions."""

    plural: str
    namespaced: bool
    versions: frozenset[str] | None = None


class Kinds:
    """What is known of types: Kubernetes' own, and those that CustomResourceDefinitions among `resources` describe.

    The first one that describes a type counts, and none describes Kubernetes' own: an API server takes no other name
    or scope for what it serves, and a change that brings one must not lead its objects past the policies. Its versions
    are those of all that describe it. `release` is the minor version of Kubernetes.
    """

    def __init__(self, resources: Iterable[Resource], release: str) -> None:
        self.release = release
        self.custom: dict[str, Served] = {}
        for each in resources:
            if each.id.type == "CustomResourceDefinition.apiextensions.k8s.io":
                for type, served in described(each.body):
                    known = self.custom.setdefault(type, served)
                    versions = (known.versions or frozenset()) | (served.versions or frozenset())
                    self.custom[type] = replace(known, versions=versions)

    def served(self, type: str, scope: str) -> Served:
        """How a type is served; one that nobody describes is taken by its name and by where the object says it is."""
        kind, _, group = type.partition(".")
        if is_own_group(group):
            return Served(plural=plural(kind), namespaced=type not in CLUSTER)
        return self.custom.get(type) or Served(plural=plural(kind), namespaced=bool(scope))

    def versions(self, type: str) -> frozenset[str] | None:
        """The versions between which the API converts objects of a type, served or not; None: not known."""
        kind, _, group = type.partition(".")
        if is_own_group(group):
            return own_versions(self.release).get((group, kind))
        return self.custom[type].versions if type in self.custom else None


@lru_cache(maxsize=8)
def own_versions(release: str) -> Mapping[tuple[str, str], frozenset[str]]:
    """(group, kind) → versions of Kubernetes' own types; nothing for a release of which nothing is known."""
    kinds = Catalogue(release).kinds if release in known_versions() else {}
    return {type: frozenset(versions) for type, versions in kinds.items()}


def plural(kind: str) -> str:
    """The plural of a kind, by English rules."""
    word = kind.lower()
    if word.endswith("endpoints"):
        return word
    if word.endswith(("s", "x", "ch", "sh")):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") and not word.endswith(WITH_VOWEL) else f"{word}s"


def described(body: Mapping[str, Any]) -> Iterable[tuple[str, Served]]:
    """The type that a CustomResourceDefinition describes; nothing where it is not sound."""
    spec = body.get("spec")
    names = spec.get("names") if isinstance(spec, Mapping) else None
    if isinstance(spec, Mapping) and isinstance(names, Mapping):
        group, kind, many = spec.get("group"), names.get("kind"), names.get("plural")
        if isinstance(group, str) and isinstance(kind, str) and isinstance(many, str):
            listed = spec.get("versions")
            versions = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
            names = frozenset(str(each.get("name")) for each in versions)
            yield f"{kind}.{group}", Served(plural=many, namespaced=spec.get("scope") != "Cluster", versions=names)
