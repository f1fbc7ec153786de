"""The bytes of an object's file, both ways, and the digest that tells one content from another."""

import hashlib
import hmac
from dataclasses import field

from bot.document import dump, load_documents
from bot.errors import DocumentError
from bot.model.noun import Digest, Json, noun
from bot.model.resource import Resource, ResourceId

__all__ = ["Draft", "content_digest", "decode", "draft", "mode"]


@noun
class Draft:
    """A desired object and the bytes of its file; None where YAML cannot hold it (half a surrogate pair, 65 bits).

    `seal` is the object's own digest where SOPS encrypted it, else "". Its file holds the decrypted form, which is not
    known before the apply: until then the content is that of the encrypted one.
    """

    resource: Resource
    content: bytes | None = field(repr=False)
    seal: str = ""


def draft(resource: Resource, seal: str = "") -> Draft:
    """The one file that an object is written as."""
    try:
        return Draft(resource=resource, content=dump(resource.body).encode("utf-8"), seal=seal)
    except (TypeError, ValueError):
        return Draft(resource=resource, content=None, seal=seal)


def decode(content: bytes, id: ResourceId) -> Resource:
    """The object `id` as a file holds it. DocumentError: it cannot be read, or is not that object any more."""
    documents = load_documents(content)
    body = documents[0].value if len(documents) == 1 else None
    if not isinstance(body, dict) or _identity(body) != (id.kind, id.group, id.name):
        raise DocumentError(f"this is not {id}")
    return Resource(id=id, body=body)


def content_digest(content: bytes, key: bytes) -> Digest:
    """`f1:` and the HMAC-SHA256 of a file's bytes; keyed, since the file may hold a short secret."""
    return Digest("f1:" + hmac.new(key, content, hashlib.sha256).hexdigest())


def mode(id: ResourceId, seal: str = "") -> int:
    """A new file's permissions before the umask: a Secret, and what was encrypted, is for the server's user only."""
    return 0o600 if seal or id.kind.casefold() == "secret" else 0o666


def _identity(body: Json) -> tuple[object, str, object]:
    """Kind, group and name, as the object itself has them."""
    metadata = body.get("metadata")
    group, slash, _ = str(body.get("apiVersion", "")).rpartition("/")
    return body.get("kind"), group if slash else "", metadata.get("name") if isinstance(metadata, dict) else None
