"""What is in the folder now, seen through the inventory: live objects, and what stands in the way."""

from collections.abc import Iterator, Mapping

from bot.diff import Live, object_digest
from bot.errors import DocumentError, InputError
from bot.model.noun import Digest, noun
from bot.model.resource import ResourceId
from bot.target.directory.folder import Folder, Found
from bot.target.directory.inventory import Entry, Inventory
from bot.target.directory.manifest import Draft, content_digest, decode
from bot.target.directory.names import file_name

__all__ = ["Survey", "file_of", "survey", "uid_of"]

KINDS = {"link": "a symbolic link", "folder": "a folder", "other": "no regular file"}


@noun
class Survey:
    """The live objects of the inventory, and by object why it may not be written (nothing, for most).

    `closed` are those whose files hold what was decrypted: they are not read.
    """

    live: Mapping[ResourceId, Live]
    obstacles: Mapping[ResourceId, str]
    closed: frozenset[ResourceId] = frozenset()


def survey(folder: Folder, inventory: Inventory, desired: Mapping[ResourceId, Draft], key: bytes) -> Survey:
    """Look at every file of the inventory, and at every name that a desired object would take."""
    live: dict[ResourceId, Live] = {}
    obstacles: dict[ResourceId, str] = {}
    closed: set[ResourceId] = set()
    for id, entry, found in _ours(folder, inventory, key):
        draft = desired.get(id)
        if entry.seal or (draft and draft.seal):
            closed.add(id)
            live[id] = _closed(entry, found, draft, key)
        else:
            live[id] = _live(id, found, draft, key)
        if found.kind != "file":
            obstacles[id] = f"{entry.file} is {KINDS[found.kind]}, which Tidegate did not put there; move it away"
    for id, wanted in desired.items():
        if wanted.content is None:
            obstacles[id] = "it holds text or a number that YAML cannot hold; correct it in the repository"
    for id in desired.keys() - live.keys():
        name = file_of(inventory, id)
        if folder.find(name).kind != "absent":
            obstacles[id] = (
                f"the file {name} exists and is not Tidegate's; move it away, or take {id} out of the repository"
            )
    return Survey(live=live, obstacles=obstacles, closed=frozenset(closed))


def file_of(inventory: Inventory, id: ResourceId) -> str:
    """The file of an object: as the inventory has it, else as a new object's would be called."""
    entry = inventory.entries.get(id)
    return entry.file if entry else file_name(id)


def uid_of(found: Found, key: bytes) -> str:
    """What tells this file from any that may take its place; "" where there is none."""
    return "" if found.kind == "absent" else content_digest(found.stamp, key)


def _ours(folder: Folder, inventory: Inventory, key: bytes) -> Iterator[tuple[ResourceId, Entry, Found]]:
    """Every entry whose file is there and is Tidegate's."""
    for id, entry in inventory.entries.items():
        found = folder.find(entry.file)
        if found.kind == "absent":
            continue
        # An intent is proved by the content alone: the name may have been free, and taken by somebody else.
        if entry.state == "kept" or uid_of(found, key) == entry.digest:
            yield id, entry, found


def _closed(entry: Entry, found: Found, wanted: Draft | None, key: bytes) -> Live:
    """An object whose file holds secrets in the clear: as desired if both it and its source are unchanged since then.

    Anything else is told as unreadable, whatever its kind, since only the kind Secret would be masked.
    """
    uid = uid_of(found, key)
    if wanted is not None and entry.seal == wanted.seal and uid == entry.digest:
        return Live(resource=wanted.resource, uid=uid, digest=Digest(wanted.seal))
    return Live(resource=None, uid=uid)


def _live(id: ResourceId, found: Found, wanted: Draft | None, key: bytes) -> Live:
    """The object in a file; unreadable where the file is not what Tidegate could have written."""
    uid = uid_of(found, key)
    if found.content is None:
        return Live(resource=None, uid=uid)
    try:
        if wanted is not None and wanted.content == found.content:
            return Live(resource=wanted.resource, uid=uid, digest=object_digest(wanted.resource, key))
        resource = decode(found.content, id)
        return Live(resource=resource, uid=uid, digest=object_digest(resource, key))
    except (DocumentError, InputError):
        return Live(resource=None, uid=uid)
