"""What SOPS encrypted: the server decrypts it into the target's folder, and into nothing else that anybody reads."""

import base64
import re
from pathlib import Path

import pytest

from bot.cli.demo.stage import Stage
from bot.cli.demo.walk.browser import eventually
from tests.support.encryption import AgeKey
from tests.support.operator import configure
from tests.support.people import People, holding
from tests.support.programs import program

pytestmark = pytest.mark.timeout(240)

CANARY = "c4n4ry-Kq42-decrypted"
OTHER = "c4n4ry-Lw77-decrypted"
ENCODED = [base64.b64encode(each.encode()).decode() for each in (CANARY, OTHER)]
# A kind that nothing masks, so that what is decrypted is kept back for being decrypted, not for being a Secret.
MANIFEST = "apiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: shop\n{field}:\n  word: {value}\n"
SECRET = MANIFEST.format(kind="Secret", name="keys", field="stringData", value=CANARY)
SETTINGS = MANIFEST.format(kind="ConfigMap", name="words", field="data", value=CANARY)


async def restart_with_a_key(stage: Stage, age: AgeKey) -> None:
    """The operator gives the server an age key and starts it anew."""
    render = {"sops_age_key_file": str(age.file), "programs": {"sops": str(program("sops"))}}
    configure(stage, render=render)
    before = str(stage.place.kill())

    async def again() -> bool:
        return stage.place.pid_file.read_text() != before

    await eventually(again, "the server was not started again")


def holders(folder: Path) -> list[str]:
    """The files of the server's own that hold what was decrypted."""
    words = [each.encode() for each in (CANARY, OTHER, *ENCODED)]
    own = (p for p in folder.rglob("*") if p.is_file() and p.relative_to(folder).parts[0] not in ("targets", "forge"))
    return [str(path) for path in own if any(word in path.read_bytes() for word in words)]


async def test_rows_51_and_56_what_was_decrypted_is_nowhere_but_in_the_target(
    people: People, stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    age = AgeKey(tmp_path_factory.mktemp("age"))
    await restart_with_a_key(stage, age)
    developer, seen = people.developer, ""

    await developer.branch("decrypt", "main")
    text, _ = await developer.read("tidegate.yaml", "decrypt")
    allowed = re.sub(r"(  dev:\n)", r"\1    decrypt: true\n", text)
    await developer.write("tidegate.yaml", allowed, "decrypt", "dev decrypts")
    number = await developer.propose("dev decrypts", "decrypt")
    await people.check_is(number, "success")
    await people.merge(number)
    await people.comment_says(number, "was merged into")

    for branch, value in (("first", CANARY), ("second", OTHER)):
        await developer.branch(branch, "main")
        for name, manifest in (("secret", SECRET), ("words", SETTINGS)):
            encrypted = age.encrypt(manifest.replace(CANARY, value))
            path = f"envs/dev/{name}.yaml"
            if branch == "second":
                old, _ = await developer.read(path, branch)
                await people.edit(branch, path, old, encrypted)
            else:
                await developer.write(path, encrypted, branch, f"{branch} {name}")
        number = await developer.propose(f"{branch} words", branch)
        await people.check_is(number, "success")
        await people.merge(number)
        await people.folder_shows("dev", holding(value))
        async with stage.session.get(f"{stage.place.tidegate}/pulls/local/{stage.place.repository}/{number}") as page:
            seen += await page.text()
        async with stage.session.get(f"{stage.place.tidegate}/environments/local/{stage.place.repository}/dev") as page:
            seen += await page.text()

    assert "ConfigMap" in seen
    record = await people.record()
    said = [each["body"] for each in record["comments"] if each["login"].endswith("[bot]")]
    told = seen + "".join(said) + str(record["check_runs"])
    for word in (CANARY, OTHER, *ENCODED):
        assert word not in told
    assert holders(stage.place.pid_file.parent) == []
