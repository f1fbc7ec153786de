"""Real repositories render to the objects that other tools count in them."""

from pathlib import Path

import pytest

from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from bot.render.plain import Plain
from tests.support.trees import folder_tree, tree

REPOSITORIES = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "repos"

pytestmark = pytest.mark.skipif(
    not REPOSITORIES.is_dir(), reason=f"the repositories to test with are not at {REPOSITORIES}"
)


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
    found, source = folder_tree(REPOSITORIES / repository), Source(path=path)
    assert Plain().claims(found, source)
    rendered = await Plain().render(found, source, Kubernetes())
    assert len(rendered.resources) == objects


@pytest.mark.parametrize("repository", ["flux2-kustomize-helm-example", "podinfo", "gitops-catalog"])
def test_folders_with_a_build_file_of_their_own_are_not_claimed(repository: str) -> None:
    found = folder_tree(REPOSITORIES / repository)
    built = [each for each in found.entries if each.rpartition("/")[2] == "kustomization.yaml"]
    assert built
    assert not any(Plain().claims(found, Source(path=each.rpartition("/")[0])) for each in built)


async def test_a_hundred_copies_render_to_a_hundred_times_as_much() -> None:
    small = folder_tree(REPOSITORIES / "podinfo" / "deploy" / "secure")
    copies = {
        f"{number}/{path}": small.read(path).replace(b"  name: ", b"  name: n%d-" % number)
        for number in range(100)
        for path in small.entries
    }
    rendered = await Plain().render(tree(copies), Source(path="."), Kubernetes())
    assert len(rendered.resources) == 1300
