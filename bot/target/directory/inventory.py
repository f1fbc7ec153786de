"""The inventory: which files are Tidegate's, whose environment they are, and how new the last writer was."""

import json
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any, Literal, cast, get_args
from uuid import UUID

from bot.model.noun import Digest, noun
from bot.model.resource import ResourceId
from bot.target.directory.names import is_file_name

__all__ = ["Entry", "Inventory", "State", "decode", "decode_head", "encode"]

VERSION = 1
State = Literal["kept", "creating", "deleting"]


@noun
class Entry:
    """One file. `digest` is of the content it is to have (`f1:`); of the content that goes while `deleting`.

    `kept`: the file is Tidegate's whatever it holds. `creating` and `deleting` are intents: an interrupted apply may
    have left the name free, and somebody else may have taken it, so it is Tidegate's only with exactly that content.
    `seal` is the digest of the encrypted object (`o1:`) that was decrypted into the file, "" where none was: such a
    file is never read back, and is as it should be if its content has `digest` and the desired object is that one.
    """

    file: str
    digest: Digest
    state: State = "kept"
    seal: str = ""


@noun
class Inventory:
    """`uuid` is the folder's identity. `epoch` is the highest that ever wrote; a lower one may not write any more.

    `environment` is the key of the environment whose objects these are, "" before the first apply.
    """

    uuid: str
    epoch: int = 0
    environment: str = ""
    entries: Mapping[ResourceId, Entry] = field(default_factory=dict)


def encode(inventory: Inventory) -> bytes:
    """The inventory as JSON, an entry per line, in order of type, scope and name."""
    ordered = sorted(inventory.entries.items(), key=lambda each: (each[0].type, each[0].scope, each[0].name))
    lines = [
        json.dumps({
            "type": id.type, "scope": id.scope, "name": id.name,
            "file": entry.file, "digest": entry.digest, "state": entry.state,
            **({"seal": entry.seal} if entry.seal else {}),
        })
        for id, entry in ordered
    ]  # fmt: skip
    head = {
        "version": VERSION,
        "uuid": inventory.uuid,
        "epoch": inventory.epoch,
        "environment": inventory.environment,
    }
    body = ",\n  ".join(lines)
    return f'{json.dumps(head)[:-1]}, "entries": [\n  {body}\n]}}\n'.encode()


def decode(content: bytes) -> Inventory:
    """The inventory that `encode` wrote. ValueError: anything else, with the reason."""
    try:
        raw = json.loads(content)
        if raw["version"] != VERSION:
            raise ValueError(f"its version is {raw['version']!r}, and only {VERSION} is known")
        entries = dict(map(_entry, raw["entries"]))
        epoch = raw["epoch"]
        if type(epoch) is not int or not isinstance(raw["environment"], str) or not isinstance(raw["entries"], list):
            raise ValueError("its head is not as it was written")
        inventory = Inventory(uuid=str(UUID(raw["uuid"])), epoch=epoch, environment=raw["environment"], entries=entries)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is not as it was written ({type(error).__name__})") from None
    if not len(entries) == len({entry.file for entry in entries.values()}) == len(raw["entries"]):
        raise ValueError("two of its entries share an object or a file")
    return inventory


def decode_head(content: bytes) -> Inventory:
    """The same without the entries, of which there may be thousands. ValueError: as for `decode`."""
    first, _, _ = content.partition(b"\n")
    try:
        return decode(first + b"]}")
    except ValueError:  # somebody laid it out anew
        return replace(decode(content), entries={})


def _entry(raw: Mapping[str, Any]) -> tuple[ResourceId, Entry]:
    texts = [*(raw[key] for key in ("type", "scope", "name", "file", "digest", "state")), raw.get("seal", "")]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("an entry holds something that is not text")
    type, scope, name, file, digest, state, seal = texts
    if not is_file_name(file) or state not in get_args(State):
        raise ValueError(f"an entry names {file[:100]!r} ({state[:20]!r}), which Tidegate never wrote")
    entry = Entry(file=file, digest=Digest(digest), state=cast(State, state), seal=seal)
    return ResourceId(type=type, scope=scope, name=name), entry
