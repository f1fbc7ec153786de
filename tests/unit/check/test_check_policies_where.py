"""The place of what a policy refuses: the deepest part that it names, and the item that is the culprit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.check.cel.engine import Bindings, Definition, Scope, compile
from bot.check.policies.paths import patterns
from bot.check.policies.where import Path, existing, refused_at
from bot.model.noun import Json

VARIABLES = frozenset({("object", "dyn")})
POD = Definition(name="pod", expression="object.kind == 'Pod' ? object.spec : object.spec.template.spec")
ALL = Definition(name="all", expression="variables.pod.containers + variables.pod.?initContainers.orValue([])")
SCOPE = Scope(variables=VARIABLES, definitions=(POD, ALL))


def place(expression: str, body: Json) -> str:
    program = compile(expression, SCOPE, ("bool",))

    def holds(other: Json) -> Any:
        return program.evaluate(Bindings({"object": other}, VARIABLES))

    assert not holds(body)
    return "/".join(map(str, refused_at(patterns(expression, SCOPE), body, holds))).replace("spec/template/spec", "POD")


def container(name: str, **more: object) -> dict[str, object]:
    return {"name": name, "image": f"{name}:1", **more}


BODY = {
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"a": "1", "b": "no"}},
    "spec": {
        "replicas": 5,
        "template": {
            "spec": {
                "hostNetwork": True,
                "initContainers": [container("setup", image="setup:latest")],
                "containers": [
                    container("a", ports=[{"containerPort": 1}, {"containerPort": 2, "hostPort": 80}]),
                    container("b", securityContext={"privileged": True}),
                    container("c", image="c:latest", args=["x", "--bad", "y"]),
                ],
            }
        },
    },
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("object.spec.replicas <= 3", "spec/replicas"),
        ("object.spec.?replicas.orValue(1) <= 3", "spec/replicas"),
        ("object['spec']['replicas'] <= 3", "spec/replicas"),
        ("has(object.spec.template.spec.priority)", "POD"),
        ("object.metadata.name != 'web' || object.spec.template.spec.hostNetwork == false", "POD/hostNetwork"),
        ("!('a' in object.metadata.labels)", "metadata/labels"),
        ("object.metadata.labels.all(key, key != 'b')", "metadata/labels/b"),
        ("object.metadata.labels.all(key, value, value != 'no')", "metadata/labels/b"),
        ("object.spec.template.spec.containers.all(c, !c.image.endsWith(':latest'))", "POD/containers/2/image"),
        ("!object.spec.template.spec.containers.exists(c, c.image.endsWith(':latest'))", "POD/containers/2/image"),
        (
            "object.spec.template.spec.containers.filter(c, c.image.endsWith(':latest')).size() == 0",
            "POD/containers/2/image",
        ),
        ("object.spec.template.spec.containers.size() < 3", "POD/containers"),
        ("object.spec.template.spec.containers.exists(c, c.name == 'z')", "POD/containers"),
        ("object.spec.template.spec.containers[1].securityContext.privileged == false",
         "POD/containers/1/securityContext/privileged"),
        ("variables.pod.hostNetwork == false", "POD/hostNetwork"),
        ("variables.pod.containers.all(c, !c.?securityContext.?privileged.orValue(false))",
         "POD/containers/1/securityContext/privileged"),
        ("variables.all.all(c, !c.image.startsWith('setup'))", "POD/initContainers/0/image"),
        ("variables.pod.containers.all(c, c.?ports.orValue([]).all(p, p.?hostPort.orValue(0) == 0))",
         "POD/containers/0/ports/1/hostPort"),
        ("variables.pod.containers.all(c, c.?args.orValue([]).all(a, a != '--bad'))",
         "POD/containers/2/args/1"),
        ("(object.spec.template.spec.containers + object.spec.template.spec.initContainers).all(c, c.name != 'c')",
         "POD/containers/2/name"),
        ("object.spec.template.spec.containers.map(c, c.image).all(i, !i.endsWith(':latest'))",
         "POD/containers/2/image"),
        ("'object.spec.replicas' == ''", ""),
        ("false", ""),
    ],
)  # fmt: skip
def test_it_is_the_deepest_part_that_is_named(expression: str, expected: str) -> None:
    assert place(expression, BODY) == expected


def test_an_item_that_several_are_guilty_of_is_the_first() -> None:
    body = {
        "spec": {"containers": [container("a"), container("b", image="x"), container("c", image="x")]},
        "kind": "Pod",
    }
    assert place("variables.pod.containers.all(c, c.image != 'x')", body) == "spec/containers/1/image"


def test_long_lists_are_asked_about_for_a_while_only() -> None:
    items = [{"name": str(number), "image": "x"} for number in range(1000)]
    items[900]["image"] = "bad"
    tried: list[int] = []

    def holds(body: Json) -> bool:
        tried.append(1)
        return all(each["image"] != "bad" for each in body["list"])

    assert refused_at((("list", "*", "image"),), {"list": items}, holds) == ("list",)
    assert len(tried) < 250


@given(st.text(max_size=60))
def test_any_text_has_patterns(text: str) -> None:
    assert isinstance(patterns(text, SCOPE), tuple)


STEPS = st.lists(st.sampled_from(["a", "b", 0, 1, "*"]), max_size=4)
BODIES = st.recursive(
    st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)


@given(
    st.lists(STEPS.map(tuple), max_size=4), st.dictionaries(st.sampled_from("abc"), BODIES, max_size=3), st.booleans()
)
def test_the_place_exists_whatever_the_answers(found: list[Path], body: Json, answer: bool) -> None:
    path = refused_at(tuple(found), body, lambda other: bool(len(repr(other)) % 2) == answer)
    assert existing(path, body) == path
