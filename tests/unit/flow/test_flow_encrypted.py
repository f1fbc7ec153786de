"""Encrypted objects in a pull request: refused unless the environment decrypts, and opaque where it does."""

from dataclasses import replace
from typing import Any

import pytest

from bot.app import offline_tools
from bot.document import load_documents
from bot.errors import RenderError
from bot.flow.encrypted import refuse_encrypted
from bot.flow.offline import Revisions, preview
from bot.model.environment import Configuration, Environment, Source
from bot.model.gate import Assessment
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.plan import Action
from bot.model.resource import Resource
from bot.model.tree import Tree
from bot.render.manifests import resources_of
from tests.support.encryption import AgeKey
from tests.support.trees import tree

REPOSITORY = RepositoryId(forge="github", number=1, path="acme/shop")
ENVIRONMENT = Environment(
    id=EnvironmentId(repository=REPOSITORY, name="prod"), source=Source(path="prod"), target="t", apply="on-merge"
)
CANARY = "c4n4ry-Zx81"
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: {CANARY}\n"
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: acme/web, env: [{name: TOKEN, value: token-canary}]}
"""


@pytest.fixture(scope="module")
def age(tmp_path_factory: pytest.TempPathFactory) -> AgeKey:
    return AgeKey(tmp_path_factory.mktemp("age"))


async def load(given: Tree, wanted: frozenset[str]) -> Tree:
    """Everything is loaded already."""
    return given


async def assessed(base: dict[str, Any], head: dict[str, Any], decrypt: bool = True) -> Assessment:
    configuration = Configuration(environments=(replace(ENVIRONMENT, decrypt=decrypt),))
    revisions = Revisions(base=tree(base), head=tree(head), before=configuration, after=configuration, load=load)
    (found,) = await preview(offline_tools(), revisions, frozenset(), "/gate")
    return found


async def test_without_being_asked_nothing_is_decrypted(age: AgeKey) -> None:
    found = await assessed({}, {"prod/a.yaml": age.encrypt(SECRET)}, decrypt=False)
    (fault,) = found.findings
    assert (fault.level, fault.path, fault.line) == ("error", "prod/a.yaml", 7)
    assert fault.message == "Secret db is encrypted with SOPS, and this environment does not decrypt"
    assert "decrypt: true" in fault.fix
    assert found.plan is None


async def test_a_pull_request_shows_ciphertext_and_no_check_minds_it(age: AgeKey) -> None:
    before, after = age.encrypt(SECRET), age.encrypt(SECRET.replace(CANARY, "another"))
    found = await assessed({"prod/a.yaml": before}, {"prod/a.yaml": after})
    assert found.findings == ()
    assert found.plan is not None
    assert [each.action for each in found.plan.changes] == [Action.UPDATE]
    assert CANARY not in repr(found)


async def test_values_of_any_type_and_kind_may_be_encrypted(age: AgeKey) -> None:
    encrypted = age.encrypt(DEPLOYMENT, only="^(replicas|value)$")
    assert "type:int" in encrypted
    found = await assessed({}, {"prod/a.yaml": encrypted})
    assert [each.message for each in found.findings if each.level != "notice"] == []


async def test_a_mistake_in_the_open_part_is_still_found(age: AgeKey) -> None:
    found = await assessed({}, {"prod/a.yaml": age.encrypt(SECRET + "unknownField: 1\n")})
    assert [(each.check, each.level) for each in found.findings] == [("schemas", "error")]


async def test_what_is_left_in_the_clear_is_still_found(age: AgeKey) -> None:
    found = await assessed({}, {"prod/a.yaml": age.encrypt(SECRET + "data: {token: aHVudGVyMg==}\n", "^stringData$")})
    assert [(each.check, each.level) for each in found.findings] == [("secrets", "error")]


async def test_the_digest_covers_the_ciphertext(age: AgeKey) -> None:
    one, other = age.encrypt(SECRET), age.encrypt(SECRET)
    first, same, second = [await assessed({}, {"prod/a.yaml": each}) for each in (one, one, other)]
    assert first.head is not None
    assert same.head is not None
    assert second.head is not None
    assert first.head.digest == same.head.digest
    assert first.head.digest != second.head.digest


@pytest.mark.parametrize("sops", ["{}", "yes", "{mac: 1}", "null"])
def test_a_key_that_sops_did_not_write_is_refused(sops: str) -> None:
    (document,) = load_documents(f"{SECRET}sops: {sops}\n".encode())
    (found,) = resources_of("a.yaml", document.value, document.line, document.locate)
    assert isinstance(found, Resource)
    with pytest.raises(RenderError) as caught:
        refuse_encrypted(replace(ENVIRONMENT, decrypt=True), [found])
    assert "that SOPS did not write" in caught.value.findings[0].message
