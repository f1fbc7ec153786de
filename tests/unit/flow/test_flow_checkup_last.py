"""What waits for a definition is judged as if everything had been looked at together, whatever the base has."""

import asyncio
import itertools
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import offline_tools
from bot.document import load_documents
from bot.flow.assess import Tools
from bot.flow.checkup import Checkup, checkup, perform, whole
from bot.git.local import LocalRepository
from bot.model.environment import Configuration, Environment, Source
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.kubernetes import Kubernetes
from bot.model.plan import Finding
from bot.model.resource import Resource
from bot.render.manifests import resources_of

GIT = ["git", "-c", "user.name=Ana", "-c", "user.email=ana@example.org"]
RULES = {"kept": "self == oldSelf", "changed": "self != oldSelf", "other": "self != 'gold'"}
DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: widgets.acme.example}}
spec:
  group: acme.example
  scope: Namespaced
  names: {{kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {{type: object, properties: {{
        class: {{type: string, x-kubernetes-validations: [{{rule: "{rule}", message: broken}}]}}}}}}}}}}}}
"""
WIDGET = "apiVersion: acme.example/v1\nkind: Widget\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{{spec}}}\n"
GATE = "apiVersion: acme.example/v1\nkind: Gate\nmetadata: {{name: {}, namespace: shop}}\n"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: 1}\n"


def files(definition: str = "", spec: str = "", more: str = "") -> dict[str, str]:
    """An environment: its definition has a rule of that name, its widget that spec."""
    held = {"envs/a.yaml": CONFIG, "envs/gate.yaml": GATE.format("g"), "envs/gates.yaml": GATE.format("h") + more}
    if definition:
        held["envs/definition.yaml"] = DEFINITION.format(rule=RULES[definition])
    if spec:
        held["envs/widget.yaml"] = WIDGET.format(name="w", spec=spec)
    return held


def write(top: Path, held: dict[str, str]) -> None:
    """Have the folder hold nothing but these files."""
    for old in top.glob("envs/*"):
        old.unlink()
    for path, text in held.items():
        (top / path).parent.mkdir(exist_ok=True)
        (top / path).write_text(text)


def subject_of(top: Path, source: str = "envs", earlier: str = "envs") -> Checkup:
    """The working tree beside what was committed."""

    def environment(path: str) -> Environment:
        name = EnvironmentId(repository=RepositoryId(forge="local", number=0, path="r"), name="e")
        source = Source(path=path, renderer="plain")
        return Environment(id=name, source=source, target="t", apply="never", policy_levels={"leaks": "off"})

    async def read() -> Checkup:
        local = await LocalRepository.find(top)
        return Checkup(
            environments=(environment(source),), head=await local.working_tree(), load=local.load, written=False,
            base=await local.tree("HEAD"), before=Configuration(environments=(environment(earlier),)),
        )  # fmt: skip

    return asyncio.run(read())


def operated(tools: Tools, definition: str) -> Tools:
    """The tools of a server whose operator gives a definition."""
    document = load_documents(definition.encode())[0]
    found = [each for each in resources_of("x.yaml", document.value, 1, document.locate) if isinstance(each, Resource)]
    return replace(tools, kubernetes={"t": Kubernetes(crds=tuple(found))})


def told(subject: Checkup, tools: Tools) -> list[Finding]:
    """All that is said of the environment."""
    found = checkup(tools, subject, lambda tasks: [asyncio.run(perform(tools, subject, each)) for each in tasks])
    return list(found.environments[0].findings)


class Together:
    """A check that has to see all objects at once."""

    name = "together"
    subject = "desired"

    async def run(self, examined: object) -> Sequence[Finding]:
        return ()


def in_one() -> Tools:
    """Tools that judge every environment in one piece."""
    tools = offline_tools()
    tools.evaluator._checks += (Together(),)  # type: ignore[attr-defined]
    return tools


@pytest.fixture
def committed(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Makes a repository in which those files are committed."""

    def make(held: dict[str, str]) -> Path:
        write(tmp_path, held)
        for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "x", "--allow-empty"]):
            subprocess.run([*GIT, *arguments], cwd=tmp_path, check=True)
        return tmp_path

    return make


GOLD, SILVER, TYPO = "class: gold", "class: silver", "clas: gold"
SECOND = "---\n" + WIDGET.format(name="second", spec=SILVER)
BASES = [files(d, s, m) for d, s, m in itertools.product(("", "kept", "other"), ("", GOLD), ("", SECOND))]
BASES += [BASES[-1] | {"envs/more.yaml": each} for each in (BASES[-1]["envs/widget.yaml"], "a: [\n")]
BASES += [{"elsewhere/a.yaml": CONFIG}, {}]
# of two that define a kind the first one counts
ANOTHER = DEFINITION.format(rule=RULES["changed"]).replace("name: widgets.acme", "name: another.acme")
BASES += [files("kept", GOLD) | {"envs/0.yaml": ANOTHER}]
HEADS = [files(d, s, SECOND) for d, s in itertools.product(("", *RULES), (GOLD, SILVER, TYPO))]


@pytest.mark.parametrize("base", BASES, ids=range(len(BASES)))
def test_the_same_is_said_as_of_everything_together(
    committed: Callable[[dict[str, str]], Path], base: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    top, said = committed(base), set()
    for head in HEADS:
        write(top, head)
        subject = subject_of(top)
        expected = told(subject, in_one())
        for share in (1, 300, 10**6):
            monkeypatch.setattr(whole, "SHARE", share)
            assert told(subject, offline_tools()) == expected
        said |= {each.message for each in expected}
    assert any("there is no schema for Gate.acme.example" in each for each in said)
    assert any("broken" in each for each in said)


def test_what_is_said_of_one_file_is_not_taken_for_another_ones_that_is_shown_alike(
    committed: Callable[[dict[str, str]], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    top = committed({})
    held = files("other", SILVER) | {"envs/x\n.yaml": CONFIG, "envs/x\\n.yaml": WIDGET.format(name="x", spec=TYPO)}
    write(top, held)
    monkeypatch.setattr(whole, "SHARE", 1)
    said = [each.message for each in told(subject_of(top), offline_tools())]
    assert [each.partition(":")[0].partition(" must")[0] for each in said].count("data.a of ConfigMap c") == 2


@pytest.mark.parametrize("rule", RULES)
def test_a_kind_that_the_operator_defined_is_compared_with_the_base_too(
    committed: Callable[[dict[str, str]], Path], rule: str
) -> None:
    top, said = committed(files("", GOLD)), []
    for spec in (GOLD, SILVER):
        write(top, files("", spec))
        subject, definition = subject_of(top), DEFINITION.format(rule=RULES[rule])
        said.append(told(subject, operated(in_one(), definition)))
        assert told(subject, operated(offline_tools(), definition)) == said[-1]
    assert any("broken" in each.message for found in said for each in found)
