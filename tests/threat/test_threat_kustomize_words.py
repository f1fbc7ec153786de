"""What kustomize says of a build that fails: however it comes by a Secret's value, none of it is told."""

import base64
import shutil
import time
from textwrap import indent

import pytest

from bot.errors import RenderError
from bot.render.helm.chart import Chart
from bot.render.helm.explain import explained as helm_explained
from bot.render.kustomize import Kustomize, KustomizeOptions
from bot.render.kustomize.explain import explained
from bot.render.kustomize.facts import Rules
from bot.render.kustomize.tracing import notices
from bot.render.kustomize.walk import Walker
from tests.support.kustomizations import JAIL, render, renderer
from tests.support.programs import program
from tests.support.trees import Files, tree

VALUE = "h0rse-stapl3"
ENCODED = "aDByc2Utc3RhcGwz"
CODED = "104 48 114 115 101"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {k: v}\n"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: %s}\n"
BEYOND = (
    "replacements:\n- source: {kind: Secret, name: s, fieldPath: stringData.p, options: {delimiter: '-', index: 7}}\n"
    "  targets: [{select: {kind: ConfigMap}, fieldPaths: [data.k]}]\n"
)
"""Asks for a part that there is not, whereupon kustomize says the whole."""

LISTED = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: s}\n"
PATCH = (
    "patches:\n- patch: |-\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: s}\n    stringData: {p: %s}\n"
)
OPERATION = f'[{{"op": "replace", "path": "/stringData/p", "value": "{VALUE}"}}]'
TELLING: dict[str, tuple[Files, str]] = {
    "in a list": ({"s.yaml": f"{LISTED}  stringData: {{p: {VALUE}}}\n"}, BEYOND),
    "in a patch of the kustomization": ({"s.yaml": SECRET % "x"}, PATCH % VALUE + BEYOND),
    "in an operation of a patch": (
        {"s.yaml": SECRET % "x", "p.json": OPERATION},
        f"patches: [{{path: p.json, target: {{kind: Secret}}}}]\n{BEYOND}",
    ),
    "with a quote": ({"s.yaml": SECRET % f"'x\"{VALUE}'"}, BEYOND),
    "with a backslash": ({"s.yaml": SECRET % "x"}, f"secretGenerator: [{{name: g, literals: ['p\\{VALUE}']}}]\n"),
    "in bytes that are no text": (
        {"s.yaml": SECRET % "x", "e.env": f"p={VALUE}".encode() + b"\xff\n"},
        "secretGenerator: [{name: g, envs: [e.env]}]\n",
    ),
}


def programs(name: str) -> tuple[str, str]:
    """The programs of a renderer that has only one of them."""
    if name == "kustomize":
        return (str(program("kustomize")), "/nonexistent/kubectl")
    if (kubectl := shutil.which("kubectl")) is None:
        pytest.skip("kubectl is not on PATH")
    return ("/nonexistent/kustomize", kubectl)


@pytest.mark.parametrize("name", ["kustomize", "kubectl"])
@pytest.mark.parametrize("case", TELLING)
async def test_row_51_no_error_of_a_build_holds_a_value(case: str, name: str) -> None:
    files, text = TELLING[case]
    whole = {"c.yaml": MAP, "kustomization.yaml": f"resources: [c.yaml, s.yaml]\n{text}", **files}
    made = Kustomize(JAIL, programs(name), KustomizeOptions())
    said = set()
    for _ in range(2):
        with pytest.raises(RenderError) as caught:
            await render(made, tree({f"o/{path}": each for path, each in whole.items()}), "o")
        (found,) = caught.value.findings
        said.add(found.message)
    (message,) = said  # what fails twice alike is told alike
    assert not any(each in message for each in (VALUE, ENCODED, CODED))


INFLATES = "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: g}\n"
GIVEN = f"valuesInline: {{p: {VALUE}}}"
CHANGES = {
    "a patch": "patches:\n- patch: |\n" + indent(INFLATES + GIVEN, "    "),
    "a patch on one line": f"patches: [{{patch: '{{{', '.join([*INFLATES.splitlines(), GIVEN])}}}'}}]",
    "an operation": "patches:\n- target: {kind: HelmChartInflationGenerator}\n  patch: |\n"
    f"    - {{op: add, path: /valuesInline, value: {{p: {VALUE}}}}}",
    "a patch of the older form": "patchesStrategicMerge:\n- |\n" + indent(INFLATES + GIVEN, "  "),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_row_51_no_error_of_a_chart_holds_a_value_that_a_patch_gives_it(change: str) -> None:
    files = {
        "o/kustomization.yaml": "generators: [g]\n",
        "o/g/kustomization.yaml": f"resources: [g.yaml]\n{CHANGES[change]}\n",
        "o/g/g.yaml": f"{INFLATES}name: app\nreleaseName: r\n",
        "o/charts/app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n",
        "o/charts/app/values.yaml": "a: b\n",
        "o/charts/app/templates/a.yaml": "{{ fail .Values.p }}\n",
    }
    with pytest.raises(RenderError) as caught:
        await render(renderer(inflate=True, helm=str(program("helm"))), tree(files), "o")
    (found,) = caught.value.findings
    assert "•••" in found.message
    assert VALUE not in repr(found)


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SPELT = {
    "kustomization.yaml": "resources: [s.yaml, broken.yaml]\nsecretGenerator:\n"
    "- {name: g, literals: [k=h0rse, l=h0rse-stapl3], envs: [e.env], files: [f.txt]}\n",
    "e.env": "k=b4ttery\n", "f.txt": "tr0ub\nad0r\n",
    "s.yaml": f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ndata: {{p: {coded('c0rrect')}}}\n"
    'stringData: {p: "x4\\ny5z"}\n',
    "broken.yaml": "kind: Secret\nstringData:\n  p: br0ken\n  q: [\n",
}  # fmt: skip
WORDS = [
    "h0rse", "k=h0rse", coded("h0rse"), "h0rse-stapl3", "b4ttery", "k=b4ttery", coded("b4ttery"), "tr0ub", "ad0r",
    "c0rrect", coded("c0rrect"), "y5z", coded("y5z"), "br0ken", coded("br0ken"),
]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_row_51_no_spelling_of_a_value_is_told(word: str) -> None:
    made = tree({f"o/{path}": text for path, text in SPELT.items()})
    walk = Walker(Rules(bases=(), inflate=False)).walk(made, "o")
    found = explained(f"Error: it says <{word}> here", made, walk, "o/kustomization.yaml")
    assert found.message == "kustomize could not build it: it says <***> here"


@pytest.mark.parametrize(
    "part",
    ["accumulation err='accumulating resources from 'a': x': must build at directory: ", "/a/", "map[", '[patch: "'],
)
def test_row_65_no_error_takes_long_to_tell(part: str) -> None:
    text = part * (64 * 1024 // len(part))
    made = tree({"o/kustomization.yaml": "resources: [a.yaml]\n", "o/a.yaml": MAP})
    walk = Walker(Rules(bases=(), inflate=False)).walk(made, "o")
    began = time.process_time()
    assert explained(text, made, walk, "o/kustomization.yaml").message
    assert helm_explained(Chart(files={}, values=(), folder=""), text.encode()).findings
    assert time.process_time() - began < 5


def test_row_65_no_file_takes_long_to_look_for_annotations_in() -> None:
    began = time.process_time()
    assert not notices(b"fieldPaths:" + b"\n" * 1_000_000 + b"x")
    assert notices(b"fieldPaths:\n\n-  metadata\n")
    assert time.process_time() - began < 5
