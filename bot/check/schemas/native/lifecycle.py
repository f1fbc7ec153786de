"""Which of Kubernetes' own apiVersions are deprecated or gone in a version, and what takes their place."""

from collections.abc import Mapping
from typing import Literal

from bot.check.schemas.native.catalogue import Catalogue, minor_order, shipped
from bot.model.noun import noun

__all__ = ["Fate", "fate"]


@noun
class Fate:
    """What becomes of an apiVersion of a kind: `wrong` goes on after the object's name, `fix` says what to do."""

    level: Literal["error", "warning"]
    wrong: str
    fix: str


def fate(catalogue: Catalogue, api_version: str, kind: str) -> Fate | None:
    """The fate of a kind in the catalogue's Kubernetes; None: it stays, or nothing is known of it.

    Source: Kubernetes' own `APILifecycleDeprecated` and `APILifecycleRemoved`, by `scripts/make_schemas.py`.
    """
    entry = table().get(f"{api_version}/{kind}")
    if entry is None:
        return None
    served = catalogue.definition(*split(api_version), kind) is not None
    now = minor_order(catalogue.version)
    removed = entry.get("removed")
    if removed and minor_order(removed) <= now and not served:
        wrong = f"has apiVersion {api_version}, which Kubernetes {removed} removed"
        return Fate(level="error", wrong=wrong, fix=instead(catalogue, entry, api_version, kind))
    deprecated = entry.get("deprecated")
    if served and deprecated and minor_order(deprecated) <= now:
        goes = f"goes in {removed}" if removed else "will go"
        wrong = f"has apiVersion {api_version}, which is deprecated since Kubernetes {deprecated} and {goes}"
        return Fate(level="warning", wrong=wrong, fix=instead(catalogue, entry, api_version, kind))
    return None


def split(api_version: str) -> tuple[str, str]:
    """(version, group)."""
    group, _, version = api_version.rpartition("/")
    return version, group


def instead(catalogue: Catalogue, entry: Mapping[str, str], api_version: str, kind: str) -> str:
    """What to write instead."""
    version, named = successor(catalogue, entry)
    if not version:
        others = [each for each in catalogue.elsewhere(split(api_version)[1], kind) if each != api_version]
        version, named = (others[0], kind) if others else ("", "")
    if not version:
        return f"nothing takes its place: do without this {kind}"
    return f"use apiVersion: {version}" + (f" and kind: {named}" if named != kind else "")


def successor(catalogue: Catalogue, entry: Mapping[str, str]) -> tuple[str, str]:
    """(apiVersion, kind) of the next one that is served, since a successor may be gone too; empty: there is none."""
    for _ in range(len(table())):
        replacement = entry.get("replacement", "")
        version, _, kind = replacement.rpartition("/")
        if not version or catalogue.definition(*split(version), kind):
            return version, kind
        entry = table().get(replacement, {})
    return "", ""


def table() -> Mapping[str, Mapping[str, str]]:
    """`batch/v1beta1/CronJob` → {deprecated, removed, replacement}, each where it is known."""
    return shipped("lifecycle")
