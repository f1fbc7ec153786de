"""Annotations that the author asked for, as they would be if other repositories had not been laid out beside this one.

The form is kustomize's own (`Origin` in its `api/resource/origin.go`): `path`, `repo`, `ref`, `configuredIn`,
`configuredBy`, in this order.
"""

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from bot.render.kustomize.layout import Layout
from bot.render.manifests import annotations_of

__all__ = ["mended"]

ANNOTATIONS = ("config.kubernetes.io/origin", "alpha.config.kubernetes.io/transformations")
PLACE = re.compile(r"^(?P<dash>- |  )?(?P<key>path|configuredIn): (?P<path>.*)$", re.MULTILINE)
NUMBER = re.compile(r"[0-9]+(?:e[0-9]+)?")


def mended(body: Mapping[str, Any], layout: Layout) -> Mapping[str, Any]:
    """The object with places in other repositories named by their URL and commit."""
    annotations = annotations_of(body)
    if not annotations or not layout.others:
        return body
    changed = {
        key: PLACE.sub(lambda found: renamed(found, layout), value)
        for key, value in annotations.items()
        if key in ANNOTATIONS and isinstance(value, str)
    }
    return {**body, "metadata": {**body["metadata"], "annotations": {**annotations, **changed}}}


def renamed(found: re.Match[str], layout: Layout) -> str:
    """One line of an annotation; two more where the place is in another repository."""
    place = layout.repository_path(posixpath.normpath(posixpath.join(layout.folder, found["path"])))
    repository, path = place or (None, "")
    if repository is None:
        return found[0]
    dash = found["dash"] or ""
    indent = " " * len(dash)
    revision = f'"{repository.revision}"' if NUMBER.fullmatch(repository.revision) else repository.revision
    source = (f"repo: {repository.url}", f"ref: {revision}")
    if found["key"] == "path":
        return f"\n{indent}".join((f"{dash}path: {path}", *source))
    return f"\n{indent}".join((f"{dash}{source[0]}", source[1], f"configuredIn: {path}"))
