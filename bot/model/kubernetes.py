"""The Kubernetes API that an environment's manifests are meant for."""

from dataclasses import field

from bot.model.noun import noun
from bot.model.resource import Resource

__all__ = ["NEWEST", "Kubernetes"]

NEWEST = "1.36"
"""The newest minor version whose schemas are shipped; what is assumed where nothing else is said."""


@noun
class Kubernetes:
    """A cluster's API as far as rendering and checking need it.

    `version` is a minor version (`1.36`). `api_versions` are served beside Kubernetes' own, as Helm spells them:
    `monitoring.coreos.com/v1` or `monitoring.coreos.com/v1/ServiceMonitor`. `crds` are the CustomResourceDefinitions
    that the operator supplied.
    """

    version: str = NEWEST
    api_versions: tuple[str, ...] = ()
    crds: tuple[Resource, ...] = field(default=(), repr=False)
