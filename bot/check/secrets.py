"""The check `secrets`: a Secret whose values anyone who can read the repository can read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Literal

from bot.check.sops import cipher, encrypted
from bot.model.environment import Environment
from bot.model.examined import Examined
from bot.model.plan import Finding
from bot.model.resource import Resource

__all__ = ["PlainSecrets"]

FIX = "use an ExternalSecret or a SealedSecret, and replace the values: whoever can read the repository knows them"
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
MOST_KEYS = 3

Place = tuple[str, ...]


class PlainSecrets:
    """Finds Secrets of the core group with values in `data` or `stringData`; base64 hides nothing.

    `secrets.plain: warning` in `tidegate.yaml` lowers the finding. A value is never quoted, nor its length told.
    """

    name = "secrets"
    subject: ClassVar[Literal["desired"]] = "desired"

    def apart(self, environment: Environment) -> bool:
        """Every object is judged by itself."""
        del environment
        return True

    async def run(self, examined: Examined) -> Sequence[Finding]:
        """One finding per Secret, at its first value, in the order given."""
        return [
            exposed(each, places, examined.environment.plain_secrets)
            for each in examined.resources
            if each.id.type == "Secret" and (places := list(plain(each)))
        ]


def plain(secret: Resource) -> Iterator[Place]:
    """Where the Secret holds values that are not encrypted."""
    sealed = encrypted(secret)
    for part in ("data", "stringData"):
        values = secret.body.get(part)
        if isinstance(values, Mapping):
            for key, value in values.items():
                if value not in (None, "") and not (sealed and cipher(value)):
                    yield (part, str(key))
        elif values:
            yield (part,)
    metadata = secret.body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    # `kubectl apply` keeps a copy of the whole manifest there, and an exported object brings it along.
    if isinstance(annotations, Mapping) and annotations.get(APPLIED):
        yield ("metadata", "annotations", APPLIED)


def exposed(secret: Resource, places: Sequence[Place], level: Literal["error", "warning"]) -> Finding:
    """The finding of one Secret: how many values, and the names of the first few."""
    names = [ascii(place[-1])[1:-1][:60] for place in places[:MOST_KEYS]]
    listed = ", ".join(names) + (", …" if len(places) > MOST_KEYS else "")
    values = "1 value" if len(places) == 1 else f"{len(places)} values"
    origin = secret.origin
    line, column = (origin.locate(places[0]) if origin.locate else (origin.line, 1)) if origin else (0, 0)
    return Finding(
        check=PlainSecrets.name, level=level, message=f"{secret.id} holds {values} in plain text ({listed})", fix=FIX,
        resource=secret.id, path=origin.path if origin else "", line=line, column=column,
    )  # fmt: skip
