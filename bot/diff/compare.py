"""Two sets of resources, the one wanted and the one found, as a list of changes with masked values."""

from collections.abc import Mapping

from bot.diff.canonical import canonical
from bot.diff.fields import field_changes
from bot.diff.mask import mask
from bot.diff.normalise import normalise
from bot.model.noun import Digest, noun
from bot.model.plan import Action, Change, FieldChange
from bot.model.resource import Resource, ResourceId

__all__ = ["Live", "compare"]

UNREADABLE = "(unreadable)"
RANK = {action: place for place, action in enumerate(Action)}


@noun
class Live:
    """An object as it was found. `resource` and `digest` are None where something is there that cannot be read.

    `uid` tells this object from any other that may stand in its place later.
    """

    resource: Resource | None
    uid: str
    digest: Digest | None = None


def compare(
    desired: Mapping[ResourceId, Resource], live: Mapping[ResourceId, Live], objects: Mapping[ResourceId, Digest]
) -> tuple[Change, ...]:
    """What makes `live` equal to `desired`, in the order of `Action`, then by type, scope and name.

    `objects` are the digests of the desired objects. Causes are not filled in. What cannot be read is never unchanged;
    what is unchanged is not quoted.
    """
    changes = [_wanted(each, live.get(id), objects[id]) for id, each in desired.items()]
    changes += [_unwanted(id, each) for id, each in live.items() if id not in desired]
    return tuple(sorted(changes, key=_order))


def _order(change: Change) -> tuple[int, str, str, str]:
    return RANK[change.action], change.id.type, change.id.scope, change.id.name


def _wanted(resource: Resource, live: Live | None, digest: Digest) -> Change:
    """The change for an object that is to be there."""
    resource = normalise(resource)
    found = normalise(live.resource).body if live and live.resource else None
    if found is not None and (found is resource.body or canonical(found) == canonical(resource.body)):
        action, before, after = Action.UNCHANGED, None, None
    else:
        action = Action.UPDATE if live else Action.CREATE
        before, after = mask(found, resource.body)
    fields: tuple[FieldChange, ...] = ()
    if action is Action.UPDATE:
        unread = FieldChange(path="", before=UNREADABLE, after=after)
        fields = (unread,) if found is None else field_changes(before, after)
    return Change(
        id=resource.id, action=action, fields=fields, before=before, after=after, digest=digest,
        live=live.digest if live else None, uid=live.uid if live else "", origin=resource.origin,
    )  # fmt: skip


def _unwanted(id: ResourceId, live: Live) -> Change:
    """The change for an object that is to go."""
    body = live.resource.body if live.resource else None
    return Change(id=id, action=Action.DELETE, before=mask(body, None)[0], live=live.digest, uid=live.uid)
