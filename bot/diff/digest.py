"""Hashes that stand for an object and for a whole desired state. They are stored; what they cover is a contract.

A change in what is covered needs a new scheme in front (`d2:`), for every approval is bound to such a digest.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from bot.diff.canonical import canonical
from bot.diff.normalise import normalise
from bot.model.identity import RepositoryId
from bot.model.noun import Digest
from bot.model.resource import Resource, ResourceId

__all__ = ["desired_digest", "object_digest", "render_digest"]

OPTIONS: Mapping[str, Any] = {"adopt": False, "decrypt": False, "ignore": [], "prune": True, "replace": False}
"""How a state is carried out. These values cannot be configured; they are covered all the same.

Whether an environment decrypts is told by its objects: only one that does can hold any that are encrypted.
"""


def object_digest(resource: Resource, key: bytes) -> Digest:
    """`o1:` and the HMAC-SHA256 of one object, identity and body, in hexadecimal.

    It is keyed because digests are stored and shown: an unkeyed one would let anybody test guesses at a short password.
    """
    body = normalise(resource).body
    message = canonical({"id": _identity(resource.id), "body": body})
    return Digest("o1:" + hmac.new(key, message, hashlib.sha256).hexdigest())


def desired_digest(
    scheme: str, objects: Mapping[ResourceId, Digest], repository: RepositoryId, branch: str, uid: str, destination: str
) -> Digest:
    """The digest of a whole desired state under `scheme`.

    `d1` covers every object's digest, the repository (forge and immutable number), the branch that deploys, the
    environment's immutable id `uid`, the destination, and the options. `r1` covers the objects alone.
    ValueError: another scheme.
    """
    if scheme == "r1":
        return render_digest(objects)
    if scheme != "d1":
        raise ValueError(f"there is no digest scheme {scheme!r}")
    covered = {
        "objects": _sorted(objects),
        "repository": [repository.forge, repository.number],
        "branch": branch,
        "environment": uid,
        "destination": destination,
        "options": OPTIONS,
    }
    return Digest("d1:" + hashlib.sha256(canonical(covered)).hexdigest())


def render_digest(objects: Mapping[ResourceId, Digest]) -> Digest:
    """`r1:` and a hash of the objects alone, for where there is neither a server nor a destination."""
    return Digest("r1:" + hashlib.sha256(canonical(_sorted(objects))).hexdigest())


def _sorted(objects: Mapping[ResourceId, Digest]) -> list[list[str]]:
    return sorted([*_identity(id), digest] for id, digest in objects.items())


def _identity(id: ResourceId) -> list[str]:
    return [id.type, id.scope, id.name]
