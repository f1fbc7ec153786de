"""Objects that SOPS encrypted: whether the environment may hold them."""

from collections.abc import Iterator, Mapping, Sequence

from bot.errors import RenderError
from bot.model.environment import Environment
from bot.model.plan import Finding
from bot.model.resource import Resource

__all__ = ["faults", "refuse_encrypted"]

ALLOW = "set `decrypt: true` for the environment, or use an ExternalSecret or a SealedSecret"


def refuse_encrypted(environment: Environment, resources: Sequence[Resource]) -> None:
    """RenderError: there is an object that is encrypted, and the environment does not say `decrypt: true`."""
    if findings := list(faults(environment, resources)):
        raise RenderError(findings)


def faults(environment: Environment, resources: Sequence[Resource]) -> Iterator[Finding]:
    """A finding for each object that cannot be decrypted, at its `sops` key."""
    for each in resources:
        if "sops" not in each.body:
            continue
        kept = each.body["sops"]
        if not environment.decrypt:
            yield problem(each, "is encrypted with SOPS, and this environment does not decrypt", ALLOW)
        elif not isinstance(kept, Mapping) or not isinstance(kept.get("mac"), str):
            yield problem(each, "has a sops key that SOPS did not write", "encrypt it anew, or remove the key")


def problem(resource: Resource, wrong: str, fix: str) -> Finding:
    """An error of an object at its `sops` key."""
    origin = resource.origin
    line, column = (origin.locate(("sops",)) if origin.locate else (origin.line, 1)) if origin else (0, 0)
    return Finding(
        check="render", level="error", message=f"{resource.id} {wrong}", fix=fix, resource=resource.id,
        path=origin.path if origin else "", line=line, column=column,
    )  # fmt: skip
