"""What is said of a path in a kustomization that leads nowhere: what was probably meant, if anything was."""

import pytest

from bot.errors import RenderError
from bot.model.environment import Source
from bot.model.kubernetes import Kubernetes
from tests.support.kustomizations import renderer
from tests.support.trees import tree

WEB = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n"
OVERLAY = "resources: [../../base]\n"


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        ("../../bass", "did you mean ../../base?"),
        ("wep.yaml", "did you mean web.yaml?"),
        ("only-there.yaml", "did you mean ../dev/only-there.yaml?"),
        ("../stagin", "did you mean ../staging?"),
        ("config.yaml", "correct the path, or commit the file"),
        ("elsewhere", "correct the path, or commit the file"),
    ],
)
async def test_what_is_near_is_proposed_but_never_the_folder_itself(named: str, meant: str) -> None:
    files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n", "base/web.yaml": WEB, "envs/prod/web.yaml": WEB,
        "envs/dev/only-there.yaml": WEB, "envs/staging/kustomization.yaml": OVERLAY,
        "envs/prod/kustomization.yaml": f"resources: [{named}]\n",
    }  # fmt: skip
    with pytest.raises(RenderError) as caught:
        await renderer().render(tree(files), Source(path="envs/prod"), Kubernetes())
    (found,) = caught.value.findings
    assert (found.message, found.fix) == (f"{named} does not exist", meant)
