"""Real repositories render to the objects that other tools count in them."""

import hashlib
import os
from pathlib import Path

import pytest

from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.model.noun import Sha
from bot.model.tree import Entry, Tree
from bot.render.plain import Plain

REPOSITORIES = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "repos"

pytestmark = pytest.mark.skipif(
    not REPOSITORIES.is_dir(), reason=f"the repositories to test with are not at {REPOSITORIES}"
)


def folder(path: Path) -> Tree:
    """A folder's files as a tree, all of them loaded."""
    entries, blobs = {}, {}
    for root, _, files in os.walk(path):
        for name in files:
            file = Path(root, name)
            data = file.read_bytes()
            blob = Sha(hashlib.sha1(data, usedforsecurity=False).hexdigest())
            relative = file.relative_to(path).as_posix()
            entries[relative] = Entry(path=relative, mode="100644", blob=blob, size=len(data))
            blobs[blob] = data
    return Tree(revision=Sha("0" * 40), entries=entries, blobs=blobs)


@pytest.mark.parametrize(
    ("repository", "path", "objects"),
    [
        ("flux2-kustomize-helm-example", "infrastructure", 9),
        ("flux2-kustomize-helm-example", "clusters/staging", 4),
        ("flux2-kustomize-helm-example", "clusters/production", 4),
        ("podinfo", "deploy/webapp", 11),
        ("podinfo", "deploy/webapp/common", 5),
        ("podinfo", "deploy/webapp/backend", 3),
        ("podinfo", "deploy/webapp/frontend", 3),
        ("podinfo", "deploy/secure", 13),
        ("podinfo", "deploy/secure/common", 6),
        ("podinfo", "deploy/secure/backend", 3),
        ("podinfo", "deploy/secure/frontend", 4),
    ],
)
async def test_the_counts_are_equal(repository: str, path: str, objects: int) -> None:
    tree, source = folder(REPOSITORIES / repository), Source(path=path)
    assert Plain().claims(tree, source)
    rendered = await Plain().render(tree, source, Kubernetes())
    assert len(rendered.resources) == objects


@pytest.mark.parametrize("repository", ["flux2-kustomize-helm-example", "podinfo", "gitops-catalog"])
def test_folders_with_a_build_file_of_their_own_are_not_claimed(repository: str) -> None:
    tree = folder(REPOSITORIES / repository)
    built = [each for each in tree.entries if each.rpartition("/")[2] == "kustomization.yaml"]
    assert built
    assert not any(Plain().claims(tree, Source(path=each.rpartition("/")[0])) for each in built)


async def test_a_hundred_copies_render_to_a_hundred_times_as_much() -> None:
    small = folder(REPOSITORIES / "podinfo" / "deploy" / "secure")
    entries, blobs = {}, {}
    for number in range(100):
        for path, entry in small.entries.items():
            data = small.blobs[entry.blob].replace(b"  name: ", b"  name: n%d-" % number)
            blob = Sha(hashlib.sha1(data, usedforsecurity=False).hexdigest())
            entries[f"{number}/{path}"] = Entry(path=f"{number}/{path}", mode=entry.mode, blob=blob, size=len(data))
            blobs[blob] = data
    rendered = await Plain().render(
        Tree(revision=Sha("0" * 40), entries=entries, blobs=blobs), Source(path="."), Kubernetes()
    )
    assert len(rendered.resources) == 1300
