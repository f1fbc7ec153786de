"""Many environments of one tree, rendered at the same time."""

from bot.errors import RenderError
from bot.flow.assess import Tools
from bot.flow.evaluate import InProcess
from bot.flow.together import render_all
from bot.model.environment import Environment, Source
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.resource import Rendered
from tests.support.kustomizations import renderer
from tests.support.trees import loaded
from tests.support.trees import tree as make_tree

SHOP = RepositoryId(forge="github", number=1, path="acme/shop")
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n"


def environment(folder: str) -> Environment:
    """An environment of that folder."""
    id = EnvironmentId(repository=SHOP, name=folder)
    return Environment(id=id, source=Source(path=folder), target="here", apply="never")


async def test_many_are_rendered_at_once_in_their_order() -> None:
    files = {"base/kustomization.yaml": "resources: [web.yaml]\n", "base/web.yaml": CONFIG}
    files["broken/kustomization.yaml"] = "resources: [gone]\n"
    for number in range(8):
        files[f"o{number}/kustomization.yaml"] = f"resources: [../base]\nnamePrefix: p{number}-\n"
    wanted = [environment(each) for each in ("o3", "broken", *(f"o{number}" for number in range(8)))]
    kustomize = renderer()
    tools = Tools(renderers=(kustomize,), evaluator=InProcess((kustomize,), ()), targets={}, key=b"")
    results = [pair async for pair in render_all(tools, loaded, make_tree(files), wanted, at_once=3)]
    assert [each for each, _ in results] == wanted
    assert isinstance(results[1][1], RenderError)
    for each, result in (results[0], *results[2:]):
        assert isinstance(result, Rendered)
        assert {one.id.name for one in result.resources} == {f"p{each.source.path[1:]}-web"}
