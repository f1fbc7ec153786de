"""A folder as the target of encrypted objects: decrypted in the apply, told from what is there without reading it."""

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.diff import desired_digest, normalise, object_digest
from bot.document import load_documents
from bot.errors import ProgramError
from bot.model.environment import Environment, Source
from bot.model.gate import Lease
from bot.model.identity import EnvironmentId, RepositoryId
from bot.model.noun import Sha
from bot.model.plan import Action, Applied, Plan
from bot.model.resource import Desired, Resource
from bot.render.manifests import resources_of
from bot.target.directory import Directory
from bot.target.sops import Sops, decrypted
from tests.support.encryption import AgeKey
from tests.support.jails import JAIL, Watched
from tests.support.programs import program

KEY = b"k" * 32
REPOSITORY = RepositoryId(forge="github", number=1, path="acme/shop")
ENVIRONMENT = Environment(
    id=EnvironmentId(repository=REPOSITORY, name="prod"), source=Source(path="prod"), target="t", apply="on-merge",
    decrypt=True,
)  # fmt: skip
LEASE = Lease(key="k", epoch=1, claimed=0, until=datetime.now(UTC))
CANARY = "c4n4ry-Zx81"
SECRET = f"""apiVersion: v1
kind: Secret
metadata:
  name: db
stringData:
  password: {CANARY}
"""
SETTINGS = SECRET.replace("Secret", "ConfigMap").replace("stringData", "data")
FILE = "secret_db.yaml"


@pytest.fixture(scope="module")
def age(tmp_path_factory: pytest.TempPathFactory) -> AgeKey:
    return AgeKey(tmp_path_factory.mktemp("age"))


@pytest.fixture
def sops(age: AgeKey) -> Sops:
    return Sops(JAIL, str(program("sops")), age.file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "prod"


@pytest.fixture
def target(folder: Path, sops: Sops) -> Directory:
    return Directory("t", folder, KEY, sops=sops)


def resource(text: str) -> Resource:
    """The object of a manifest."""
    (document,) = load_documents(text.encode())
    (found,) = resources_of("prod/a.yaml", document.value, document.line, document.locate)
    assert isinstance(found, Resource)
    return found


async def desired(target: Directory, *manifests: str) -> Desired:
    """What an environment that renders these is to be."""
    resources = tuple(normalise(resource(each)) for each in manifests)
    objects = {each.id: object_digest(each, KEY) for each in resources}
    destination = await target.identity(ENVIRONMENT)
    digest = desired_digest("d1", objects, REPOSITORY, "main", "u", destination)
    return Desired(
        environment=ENVIRONMENT.id, revision=Sha("a" * 40), destination=destination, scope="", resources=resources,
        objects=objects, digest=digest,
    )  # fmt: skip


async def planned(target: Directory, *manifests: str) -> Plan:
    async with target.plan(ENVIRONMENT, await desired(target, *manifests)) as saved:
        return saved.plan


async def applied(target: Directory, *manifests: str) -> tuple[Plan, list[Applied]]:
    async with target.plan(ENVIRONMENT, await desired(target, *manifests)) as saved:
        return saved.plan, [each async for each in saved.apply(LEASE)]


def everything(*values: object) -> str:
    return "\n".join(repr(each) for each in values)


async def test_it_is_decrypted_when_it_is_applied_and_only_there(target: Directory, age: AgeKey, folder: Path) -> None:
    encrypted = age.encrypt(SECRET)
    assert CANARY not in encrypted
    plan, results = await applied(target, encrypted)
    assert [(each.action, each.state) for each in results] == [(Action.CREATE, "started"), (Action.CREATE, "done")]
    (written,) = load_documents((folder / FILE).read_bytes())
    assert written.value == {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": {"password": "YzRuNHJ5LVp4ODE="},
    }  # fmt: skip
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert CANARY not in everything(plan, results)
    for file in (folder / ".tidegate").iterdir():
        assert CANARY not in file.read_text()
        assert "YzRuNHJ5LVp4ODE=" not in file.read_text()


async def test_unchanged_is_told_without_decrypting(target: Directory, age: AgeKey, folder: Path) -> None:
    encrypted = age.encrypt(SECRET)
    await applied(target, encrypted)
    without = Directory("t", folder, KEY)
    plan = await planned(without, encrypted)
    assert [(each.action, each.conflict) for each in plan.changes] == [(Action.UNCHANGED, "")]
    assert (await without.health(ENVIRONMENT)).state == "healthy"


async def test_another_ciphertext_is_a_change(target: Directory, age: AgeKey, folder: Path) -> None:
    await applied(target, age.encrypt(SECRET))
    other = age.encrypt(SECRET.replace(CANARY, CANARY + "-2"))
    plan, results = await applied(target, other)
    assert [(each.action, each.state) for each in results] == [(Action.UPDATE, "started"), (Action.UPDATE, "done")]
    assert CANARY not in everything(plan)
    assert [each.action for each in (await planned(target, other)).changes] == [Action.UNCHANGED]


@pytest.mark.parametrize("text", [SECRET, SETTINGS])
async def test_a_hand_that_changed_the_file_is_seen_and_its_contents_are_not_shown(
    target: Directory, age: AgeKey, folder: Path, text: str
) -> None:
    encrypted = age.encrypt(text)
    await applied(target, encrypted)
    (file,) = folder.glob("*.yaml")
    file.write_text(file.read_text() + "extra: drifted-canary\n")
    plan = await planned(target, encrypted)
    assert [each.action for each in plan.changes] == [Action.UPDATE]
    assert CANARY not in everything(plan)
    assert "drifted-canary" not in everything(plan)
    await applied(target, encrypted)
    assert "drifted-canary" not in file.read_text()
    assert [each.action for each in (await planned(target, encrypted)).changes] == [Action.UNCHANGED]


async def test_what_was_decrypted_is_not_shown_whatever_its_kind(target: Directory, age: AgeKey, folder: Path) -> None:
    await applied(target, age.encrypt(SETTINGS))
    assert CANARY in (folder / "config-map_db.yaml").read_text()
    assert stat.S_IMODE((folder / "config-map_db.yaml").stat().st_mode) == 0o600
    shown = await target.live(ENVIRONMENT)
    assert [str(each.id) for each in shown] == ["ConfigMap db"]
    assert CANARY not in everything(shown, *(each.body for each in shown))
    gone = await planned(target)
    assert [each.action for each in gone.changes] == [Action.DELETE]
    assert CANARY not in everything(gone)
    opened = await planned(target, SETTINGS.replace(CANARY, "public"))
    assert CANARY not in everything(opened)


async def test_it_is_deleted_like_any_other(target: Directory, age: AgeKey, folder: Path) -> None:
    await applied(target, age.encrypt(SECRET))
    _, results = await applied(target)
    assert [each.state for each in results] == ["started", "done"]
    assert not (folder / FILE).exists()


async def test_in_the_clear_and_back(target: Directory, age: AgeKey, folder: Path) -> None:
    await applied(target, SECRET)
    encrypted = age.encrypt(SECRET)
    assert [each.action for each in (await planned(target, encrypted)).changes] == [Action.UPDATE]
    await applied(target, encrypted)
    assert [each.action for each in (await planned(target, encrypted)).changes] == [Action.UNCHANGED]
    await applied(target, SECRET)
    assert [each.action for each in (await planned(target, SECRET)).changes] == [Action.UNCHANGED]
    assert "seal" not in (folder / ".tidegate/inventory.json").read_text()


@pytest.mark.parametrize("missing", ["key", "program", "both"])
async def test_a_server_that_cannot_decrypt_says_so_in_the_plan(age: AgeKey, folder: Path, missing: str) -> None:
    sops = Sops(JAIL, "nonesuch", age.file if missing == "program" else None)
    plan = await planned(Directory("t", folder, KEY, sops=None if missing == "both" else sops), age.encrypt(SECRET))
    (change,) = plan.changes
    assert {"key": "sops_age_key_file", "program": "no sops", "both": "nothing here"}[missing] in change.conflict


def test_a_program_that_is_installed_later_is_found(age: AgeKey, tmp_path: Path) -> None:
    place = tmp_path / "sops"
    sops = Sops(JAIL, str(place), age.file)
    assert "no sops" in sops.lacking
    place.write_text("#!/bin/sh\n")
    place.chmod(0o755)
    assert sops.lacking == ""
    place.unlink()
    assert "no sops" in sops.lacking


async def test_another_key_writes_nothing(tmp_path: Path, target: Directory, folder: Path) -> None:
    await applied(target, SETTINGS)
    before = {each: each.read_bytes() for each in folder.rglob("*") if each.is_file()}
    foreign = AgeKey(tmp_path, "other.txt").encrypt(SECRET)
    _, results = await applied(target, foreign)
    assert [each.state for each in results] == ["started", "failed"]
    assert "age key is none of those" in results[1].error
    assert {each: each.read_bytes() for each in folder.rglob("*") if each.is_file()} == before


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda body: body["stringData"].update(more="added in the clear"), "was damaged"),
        (lambda body: body.update(kind="ConfigMap"), "changed after it was encrypted"),
        (lambda body: body["metadata"].update(labels={"a": "b"}), "changed after it was encrypted"),
        (lambda body: body["sops"].pop("mac"), "could not be decrypted"),
        (lambda body: body["sops"].update(age=[]), "could not be decrypted"),
        (
            lambda body: body["stringData"].update(password="ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]"),
            "was damaged",
        ),
    ],
)
async def test_what_was_tampered_with_is_refused(sops: Sops, age: AgeKey, change: Change, why: str) -> None:
    given = resource(age.encrypt(SECRET))
    body = json.loads(json.dumps(given.body))
    change(body)
    with pytest.raises(ProgramError, match=why) as caught:
        await sops.decrypt(replace(given, body=body))
    assert CANARY not in str(caught.value)
    assert str(age.file) not in str(caught.value)


async def test_an_overlay_may_add_to_what_is_not_signed(sops: Sops, age: AgeKey) -> None:
    given = resource(age.encrypt(SECRET, loose=True))
    metadata = {"labels": {"a": "b"}, **given.body["metadata"]}
    plain = await sops.decrypt(replace(given, body=dict(reversed({**given.body, "metadata": metadata}.items()))))
    assert plain.body["metadata"]["labels"] == {"a": "b"}
    assert plain.body["stringData"] == {"password": CANARY}


@pytest.mark.parametrize(
    ("output", "why"),
    [
        (b"{}", "another object once it is decrypted"),
        (b"[]", "another object once it is decrypted"),
        (b"text", "something else"),
        (b'{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}', "another object"),
        (b'{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "sops": {}}', "still encrypted"),
        (b'{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "a": ["ENC[AES256_GCM,]"]}', "still enc"),
    ],
)
def test_what_is_not_the_object_in_the_clear_is_refused(output: bytes, why: str) -> None:
    with pytest.raises(ProgramError, match=why):
        decrypted(resource(SECRET), output)


async def test_the_key_is_told_to_the_child_alone(age: AgeKey) -> None:
    jail = Watched()
    await Sops(jail, str(program("sops")), age.file).decrypt(resource(age.encrypt(SECRET)))
    (job,) = jail.jobs
    assert job.environment == {"HOME": str(job.folder), "SOPS_AGE_KEY_FILE": str(age.file)}
    assert job.inputs == (job.folder, age.file)
    assert CANARY not in repr(job)
