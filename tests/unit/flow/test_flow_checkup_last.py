"""What waits for a definition is judged as if everything had been looked at together, whatever the base has."""

import asyncio
import itertools
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
from tests.support.commits import committed
from tests.support.definitions import crd, gate
from tests.support.together import in_one

RULES = {"kept": "self == oldSelf", "changed": "self != oldSelf", "other": "self != 'gold'"}
TIDE = "apiVersion: acme.io/v1\nkind: Tide\nmetadata: {{name: {}, namespace: shop}}\n"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: 1}\n"


def files(definition: str = "", spec: str = "", more: str = "") -> dict[str, str]:
    """An environment: its definition has a rule of that name, its gate that spec."""
    held = {"envs/a.yaml": CONFIG, "envs/tide.yaml": TIDE.format("t"), "envs/tides.yaml": TIDE.format("u") + more}
    if definition:
        held["envs/definition.yaml"] = defining(definition)
    if spec:
        held["envs/gate.yaml"] = gate(spec)
    return held


def defining(rule: str) -> str:
    """The definition of Gates whose class has the rule of that name."""
    validations = [{"rule": RULES[rule], "message": "broken"}]
    text = {"type": "string", "x-kubernetes-validations": validations}
    return crd({"type": "object", "properties": {"class": text}})


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


GOLD, SILVER, TYPO = (f"  {each}\n" for each in ("class: gold", "class: silver", "clas: gold"))
SECOND = gate(SILVER).replace("name: a", "name: second")
BASES = [files(d, s, m) for d, s, m in itertools.product(("", "kept", "other"), ("", GOLD), ("", SECOND))]
BASES += [BASES[-1] | {"envs/more.yaml": each} for each in (BASES[-1]["envs/gate.yaml"], "a: [\n")]
BASES += [{"elsewhere/a.yaml": CONFIG}, {}]
# of two that define a kind the first one counts
ANOTHER = defining("changed").replace("name: gates.acme", "name: another.acme")
BASES += [files("kept", GOLD) | {"envs/0.yaml": ANOTHER}]
HEADS = [files(d, s, SECOND) for d, s in itertools.product(("", *RULES), (GOLD, SILVER, TYPO))]


@pytest.mark.parametrize("base", BASES, ids=range(len(BASES)))
def test_the_same_is_said_as_of_everything_together(
    tmp_path: Path, base: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, base)
    top, said = committed(tmp_path), set()
    for head in HEADS:
        write(top, head)
        subject = subject_of(top)
        expected = told(subject, in_one())
        for share in (1, 300, 10**6):
            monkeypatch.setattr(whole, "SHARE", share)
            assert told(subject, offline_tools()) == expected
        said |= {each.message for each in expected}
    assert any("there is no schema for Tide.acme.io" in each for each in said)
    assert any("broken" in each for each in said)


def test_what_is_said_of_one_file_is_not_taken_for_another_ones_that_is_shown_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = committed(tmp_path)
    named = gate(TYPO).replace("name: a", "name: x")
    held = files("other", SILVER) | {"envs/x\n.yaml": CONFIG, "envs/x\\n.yaml": named}
    write(top, held)
    monkeypatch.setattr(whole, "SHARE", 1)
    said = [each.message for each in told(subject_of(top), offline_tools())]
    assert [each.partition(":")[0].partition(" must")[0] for each in said].count("data.a of ConfigMap c") == 2


@pytest.mark.parametrize("rule", RULES)
def test_a_kind_that_the_operator_defined_is_compared_with_the_base_too(tmp_path: Path, rule: str) -> None:
    write(tmp_path, files("", GOLD))
    top, said = committed(tmp_path), []
    for spec in (GOLD, SILVER):
        write(top, files("", spec))
        subject, definition = subject_of(top), defining(rule)
        said.append(told(subject, operated(in_one(), definition)))
        assert told(subject, operated(offline_tools(), definition)) == said[-1]
    assert any("broken" in each.message for found in said for each in found)
