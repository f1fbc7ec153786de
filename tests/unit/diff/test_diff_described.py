"""What another `tidegate.yaml` says differently: every key of it, and nothing twice."""

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest

from bot.diff import redescribed
from bot.model.environment import ApprovalRule, Configuration, Environment, Source, Waiver
from bot.model.identity import EnvironmentId, RepositoryId

ID = EnvironmentId(repository=RepositoryId(forge="github", number=1, path="acme/shop"), name="prod")
PROD = Environment(id=ID, source=Source(path="prod"), target="prod", apply="never")
WAIVER = Waiver(policy="no-latest-tag", reason="r", owner="o", expires=date(2030, 1, 31), objects=("Pod/a", "Pod/b"))

CHANGED: list[tuple[dict[str, Any], tuple[str, str, str]]] = [
    ({"source": Source(path="live")}, ("source.path", "prod", "live")),
    ({"source": Source(path="prod", renderer="helm")}, ("source.renderer", "", "helm")),
    ({"source": Source(path="prod", options={"values": ["a", "b"]})}, ("source.options.values", "", "a, b")),
    ({"target": "other"}, ("target", "prod", "other")),
    ({"scope": "shop"}, ("scope", "", "shop")),
    ({"apply": "on-merge"}, ("apply", "never", "on-merge")),
    ({"first_apply": "on-merge"}, ("first_apply", "on-command", "on-merge")),
    ({"drift": "off"}, ("drift", "report", "off")),
    ({"after": ("dev", "qa")}, ("after", "", "dev, qa")),
    ({"approvals": ApprovalRule(count=2)}, ("approvals.count", "0", "2")),
    ({"approvals": ApprovalRule(approvers=("user:ana",))}, ("approvals.from", "", "user:ana")),
    ({"approvals": ApprovalRule(author=True)}, ("approvals.author", "false", "true")),
    ({"approvals": ApprovalRule(reviews=False)}, ("approvals.reviews", "true", "false")),
    ({"decrypt": True}, ("decrypt", "false", "true")),
    ({"plain_secrets": "warning"}, ("secrets.plain", "error", "warning")),
    ({"missing_schemas": "error"}, ("schemas.missing", "notice", "error")),
    ({"policies": ("builtin:no-latest-tag",)}, ("policies", "", "builtin:no-latest-tag")),
    ({"policy_levels": {"leaks": "off"}}, ("policies.leaks", "", "off")),
    ({"waivers": (WAIVER,)}, ("waivers", "", "no-latest-tag for Pod/a, Pod/b until 2030-01-31")),
]


def configuration(*environments: Environment, **given: Any) -> Configuration:
    return Configuration(environments=environments, **given)


@pytest.mark.parametrize(("changes", "told"), CHANGED)
def test_every_key_of_an_environment(changes: dict[str, Any], told: tuple[str, str, str]) -> None:
    (found,) = redescribed(configuration(PROD), configuration(replace(PROD, **changes)))
    assert (found.environments, found.settings) == (("prod",), (told,))


def test_no_key_is_left_out() -> None:
    known = {name for changes, _ in CHANGED for name in changes}
    assert known | {"id", "line"} == {each.name for each in fields(Environment)}
    parts = [value for changes, _ in CHANGED for value in changes.values()]
    for noun, plain in ((Source, PROD.source), (ApprovalRule, PROD.approvals)):
        given = [each for each in parts if isinstance(each, noun)]
        differing = {f.name for f in fields(noun) for e in given if getattr(e, f.name) != getattr(plain, f.name)}
        assert differing == {each.name for each in fields(noun)}


def test_keys_of_the_file_come_first() -> None:
    after = configuration(replace(PROD, drift="off"), prefix="/t", check="approvals", schemas={"*.toml": "a.json"})
    first, second = redescribed(configuration(PROD), after)
    assert (first.environments, second.environments) == ((), ("prod",))
    assert first.settings == (
        ("check", "blocking", "approvals"), ("prefix", "/gate", "/t"), ("schemas.*.toml", "", "a.json"),
    )  # fmt: skip
    assert len(fields(Configuration)) == 4


def test_environments_that_change_alike_are_told_of_together() -> None:
    others = [replace(PROD, id=replace(ID, name=name)) for name in ("dev", "qa")]
    before = configuration(PROD, *others, replace(PROD, id=replace(ID, name="gone")))
    new = replace(PROD, id=replace(ID, name="new"))
    after = configuration(PROD, *(replace(each, drift="off") for each in others), new)
    (found,) = redescribed(before, after)
    assert found.environments == ("dev", "qa")
    assert redescribed(before, before) == ()
