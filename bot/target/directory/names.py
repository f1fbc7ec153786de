"""File names for resources, and the sub-folders that a scope may name.

Names of objects are hostile input: whatever they hold, two objects never share a file, not even where the file system
takes no notice of case, and no file lies outside the folder.
"""

import hashlib
import re
from pathlib import PurePosixPath

from bot.errors import InputError
from bot.model.resource import ResourceId

__all__ = ["SUFFIX", "file_name", "is_file_name", "scope_parts"]

SUFFIX = ".yaml"
LONGEST = 200
"""Longest name in bytes before it is cut. File systems allow 255; the rest is left to backup and sync tools."""

KIND = re.compile(r"[A-Z][A-Za-z0-9]*")
UNSAFE = re.compile(rb"[^a-z0-9.-]")
FILE_NAME = re.compile(r"[a-z0-9%][a-z0-9.%_~-]*\.yaml")
SCOPE_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def file_name(id: ResourceId) -> str:
    """The file of a resource: `config-map_shop_web.yaml`, `deployment.apps_shop_web.yaml`, `namespace_shop.yaml`.

    Reversible: `_` separates kind and group, namespace and name, and what is not a-z, 0-9, dot or hyphen is escaped
    byte by byte (`%3a`). A name that would be too long is cut and ends in a hash of the whole identity.
    """
    type = _kind(id.kind) + ("." + _escaped(id.group) if id.group else "")
    parts = (type, _escaped(id.scope), _escaped(id.name)) if id.scope else (type, _escaped(id.name))
    name = "_".join(parts)
    if len(name) > LONGEST:
        whole = hashlib.sha256("\0".join((id.type, id.scope, id.name)).encode("utf-8", "surrogatepass")).hexdigest()
        name = f"{name[:100]}~{whole}"
    return name + SUFFIX


def is_file_name(name: str) -> bool:
    """Whether `name` could have come from `file_name`: nothing else is taken from an inventory."""
    return len(name) <= 255 and FILE_NAME.fullmatch(name) is not None


def scope_parts(scope: str) -> tuple[str, ...]:
    """The sub-folders that `scope:` names, outermost first; () for the target's own folder.

    InputError: an absolute path, `..`, or a part that is not letters, digits, dots, hyphens and underscores.
    """
    parts = PurePosixPath(scope).parts
    for part in parts:
        if not SCOPE_PART.fullmatch(part):
            raise InputError(
                f"scope {scope[:100]!r}: {part[:100]!r} cannot be a folder of the target; write a relative path of "
                "letters, digits, dots, hyphens and underscores, such as `scope: teams/shop`"
            )
    return parts


def _kind(kind: str) -> str:
    """A kind in lower case with a hyphen before each further capital (`config-map`); other kinds wholly escaped."""
    if KIND.fullmatch(kind):
        return kind[0].lower() + re.sub("[A-Z]", lambda capital: "-" + capital[0].lower(), kind[1:])
    first, rest = kind.encode("utf-8", "surrogatepass")[:1], kind.encode("utf-8", "surrogatepass")[1:]
    return "%" + first.hex() + re.sub(rb"[^a-z0-9]", _percent, rest).decode("ascii")


def _escaped(text: str) -> str:
    return UNSAFE.sub(_percent, text.encode("utf-8", "surrogatepass")).decode("ascii")


def _percent(byte: re.Match[bytes]) -> bytes:
    return b"%" + byte[0].hex().encode("ascii")
