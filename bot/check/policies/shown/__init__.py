"""What a policy is shown of an object: as an API server has it before it asks, as far as that follows from the object.

The server reads what is given into Go types (`types`) and fills in what it has a value for (`pods`, `workloads`,
`kinds`). What a cluster allocates (addresses, node ports) or adds by admission (accounts, tolerations, finalizers) is
not among it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from bot.check.policies.shown.kinds import KINDS, NAME
from bot.check.policies.shown.pods import PODS
from bot.check.policies.shown.types import Types
from bot.check.policies.shown.workloads import WORKLOADS

__all__ = ["FILLS", "NAME", "shown"]

FILLS = {**PODS, **WORKLOADS, **KINDS}
"""What is filled into values of a type, by the name of its definition."""


def shown(body: Mapping[str, Any], version: str) -> Mapping[str, Any]:
    """The object as an API server of that minor version shows it to policies; `body` stays as it is.

    Of what is no kind of Kubernetes' own, its metadata: what is filled in there stands in its definition.
    InputError: nothing is known of that version.
    """
    types = types_of(version)
    type = types.kind(str(body.get("apiVersion")), str(body.get("kind")))
    if type is not None:
        return type.whole(body)
    metadata = body.get("metadata")
    return {**body, "metadata": types.metadata.written(metadata)} if isinstance(metadata, dict) else body


@lru_cache(maxsize=8)
def types_of(version: str) -> Types:
    """The types of a minor version."""
    return Types(version, FILLS)
