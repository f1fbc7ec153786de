"""The check `leaks`: planted secrets are found where they stand, told once, and never quoted."""

import base64
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.check.leaks import Leaks
from bot.check.leaks import quiet as kept_quiet
from bot.check.leaks.check import MOST_BYTES, Search, position
from bot.model.environment import Environment, Waiver
from bot.model.examined import Examined
from bot.model.plan import Finding
from bot.model.resource import Resource
from bot.scanner.scan import Scanner
from tests.support.trees import tree

Manifests = Callable[[str], list[Resource]]

# Put together here, so that no scanner of this repository takes them for secrets.
TOKEN = "ghp_" + "aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW1xY2"
KEY_ID = "AKIA" + "QYLPMN5HHHFPZAM2"
OTHER = "ghp_" + "zY9xW8vU7tS6rQ5pO4nM3lK2jI1hG0fE9dC8"
HEAD = "apiVersion: v1\nkind: {kind}\nmetadata:\n  name: a\n"


@pytest.fixture(scope="module")
def leaks() -> Leaks:
    """One for all tests, since it loads its rules."""
    return Leaks()


@pytest.fixture
def examined(manifests: Manifests, environment: Environment) -> Callable[..., Examined]:
    """An environment that was rendered from `app.yaml` (and other files that were read)."""

    def make(text: str, files: dict[str, Any] | None = None, **changes: Any) -> Examined:
        read = {"app.yaml": text} if files is None else files
        resources = tuple(manifests(text)) if text else ()
        return Examined(environment=replace(environment, **changes), resources=resources, files=tree(read))

    return make


def quiet(found: list[Finding], *values: str) -> None:
    """Nothing of the values is in the findings: no six signs in a row."""
    for value in values:
        assert not any(value[n : n + 6] in repr(found) for n in range(len(value) - 5))


async def test_a_token_is_told_at_its_place_and_once(leaks: Leaks, examined: Callable[..., Examined]) -> None:
    text = HEAD.format(kind="ConfigMap") + f"data:\n  é: x\n  über: {TOKEN}\n"
    found = list(await leaks.run(examined(text)))
    assert [(each.path, each.line, each.column) for each in found] == [("app.yaml", 7, 9)]
    assert (found[0].check, found[0].level, found[0].rule) == ("leaks", "error", "betterleaks.github-pat")
    assert found[0].message.startswith("ConfigMap a: ")
    quiet(found, TOKEN)


@pytest.mark.parametrize("layers", [1, 2])
async def test_base64_hides_nothing(leaks: Leaks, examined: Callable[..., Examined], layers: int) -> None:
    value = TOKEN
    for _ in range(layers):
        value = base64.b64encode(value.encode()).decode()
    found = list(await leaks.run(examined(HEAD.format(kind="Secret") + f"data:\n  token: {value}\n")))
    assert [(each.path, each.line) for each in found] == [("app.yaml", 6)]
    quiet(found, TOKEN, value)


async def test_what_no_file_holds_is_told_at_the_object(leaks: Leaks, examined: Callable[..., Examined]) -> None:
    text = HEAD.format(kind="Secret") + f"data:\n  token: {base64.b64encode(TOKEN.encode()).decode()}\n"
    found = list(await leaks.run(examined(text, {"kustomization.yaml": "resources: []\n"})))
    assert [(each.path, each.line, str(each.resource)) for each in found] == [("app.yaml", 6, "Secret a")]
    quiet(found, TOKEN)


async def test_a_file_that_a_generator_read_is_looked_through(leaks: Leaks, examined: Callable[..., Examined]) -> None:
    text = HEAD.format(kind="Secret") + f"data:\n  env: {base64.b64encode(f'A={TOKEN}'.encode()).decode()}\n"
    found = list(await leaks.run(examined(text, {"prod/.env": f"A={TOKEN}\n"})))
    assert [(each.path, each.line, each.column, each.resource) for each in found] == [("prod/.env", 1, 3, None)]


async def test_another_secret_in_the_object_is_told_too(leaks: Leaks, examined: Callable[..., Examined]) -> None:
    text = HEAD.format(kind="ConfigMap") + f"data:\n  a: {TOKEN}\n  b: {OTHER}\n"
    found = await leaks.run(examined(text, {"x.env": f"A={TOKEN}\n"}))
    assert [(each.path, each.line) for each in found] == [("app.yaml", 7), ("x.env", 1)]


async def test_comments_do_not_silence_it(leaks: Leaks, examined: Callable[..., Examined]) -> None:
    found = await leaks.run(examined("", {"a.env": f"A={TOKEN} # kingfisher:ignore gitleaks:allow\n"}))
    assert [each.level for each in found] == ["error"]


async def test_what_is_less_sure_is_a_warning(leaks: Leaks, examined: Callable[..., Examined]) -> None:
    uri = "postgres://app:" + "s3cr3tPassw0rdXy" + "@db.internal:5432/app"
    found = list(await leaks.run(examined(HEAD.format(kind="ConfigMap") + f'data: {{url: "{uri}"}}\n')))
    assert [each.level for each in found] == ["warning"]
    quiet(found, "s3cr3tPassw0rdXy")


async def test_levels_and_waivers_count(leaks: Leaks, examined: Callable[..., Examined]) -> None:
    text = HEAD.format(kind="ConfigMap") + f"data:\n  a: {TOKEN}\n"
    (lowered,) = await leaks.run(examined(text, policy_levels={"leaks": "warning"}))
    assert lowered.level == "warning"
    assert await leaks.run(examined(text, policy_levels={"leaks": "off"})) == []
    assert await leaks.run(examined(text, policy_levels={"betterleaks.github-pat": "off"})) == []
    waiver = Waiver(policy="leaks", reason="a sample", owner="ana", expires=date(2099, 1, 1), objects=("ConfigMap/a",))
    (waived,) = await leaks.run(examined(text, waivers=(waiver,)))
    assert (waived.level, waived.waived) == ("notice", "by ana until 2099-01-01: a sample")


async def test_external_and_sealed_secrets_are_fine(leaks: Leaks, examined: Callable[..., Examined]) -> None:
    cipher = base64.b64encode(bytes((n * n * 7 + 13 * n) % 256 for n in range(600))).decode()
    sealed = f"""apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {{name: a}}
spec:
  encryptedData:
    api_token: {cipher}
    password: {base64.b64encode(TOKEN.encode()).decode()}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {{name: a}}
spec:
  secretStoreRef: {{name: vault}}
  data: [{{secretKey: password, remoteRef: {{key: shop/db, property: password}}}}]
"""
    assert await leaks.run(examined(sealed)) == []


async def test_what_stands_beside_the_sealed_is_not(leaks: Leaks, examined: Callable[..., Examined]) -> None:
    sealed = f"""apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {{name: a, annotations: {{note: {TOKEN}}}}}
spec: {{encryptedData: {{a: AgBy}}}}
"""
    assert [each.line for each in await leaks.run(examined(sealed))] == [3]


async def test_a_file_that_is_too_large_is_unknown(leaks: Leaks, examined: Callable[..., Examined]) -> None:
    found = await leaks.run(examined("", {"big.txt": b"x" * (MOST_BYTES + 1)}))
    assert [(each.level, each.path) for each in found] == [("unknown", "big.txt")]


async def test_what_takes_too_long_is_unknown(examined: Callable[..., Examined], monkeypatch: Any) -> None:
    monkeypatch.setattr("bot.check.leaks.check.MOST_SECONDS", 0.0)
    found = await Leaks().run(examined(HEAD.format(kind="ConfigMap") + "data: {a: b}\n"))
    assert [(each.level, each.path) for each in found] == [("unknown", "envs/prod")]


def test_bytes_that_are_no_text_are_looked_through_too(leaks: Leaks, examined: Callable[..., Examined]) -> None:
    search = Search(Scanner(), examined("", {}))
    (found,) = search.sightings(b"\xff\x00 " + TOKEN.encode() + b" \xff")
    assert position(b"\xff\n\xff\xff" + b"x", 4) == (2, 3)
    assert found.rule == "betterleaks.github-pat"


def test_an_idle_server_does_not_carry_the_library() -> None:
    code = "import sys; from bot.check.leaks import Leaks; Leaks(); print('kingfisher_sdk' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


GENERIC = "pass" + "word"
VALUE = "Zq8" + "vR4tL9wX2mB7nK5j"
WRITTEN = {
    "as it is": f"data:\n  {GENERIC}: {VALUE}\n  token: {TOKEN}\n",
    "in quotes": f"data: {{token: '{TOKEN}', 'other': \"{OTHER}\"}}\n",
    "an escape": f'data: {{token: "\\x67{TOKEN[1:]}"}}\n',
    "a line that goes on": f'data: {{token: "{TOKEN[:9]}\\\n    {TOKEN[9:]}"}}\n',
    "a block": f"data:\n  token: >-\n    {TOKEN}\n",
    "below its key": f"data:\n  {GENERIC}:\n    {VALUE}\n",
    "below its key, after comments": f"data:\n  {GENERIC}: # here\n  # and here\n\n    {VALUE}\n",
    "an alias": f"other: &a {VALUE}\ndata: {{{GENERIC}: *a}}\n",
    "a marked key": f"data:\n  ? {GENERIC}\n  : {VALUE}\n",
    "a tag": f"data: {{token: !!binary {base64.b64encode(TOKEN.encode()).decode()}}}\n",
    "a doubled quote": f"data: {{token: '{GENERIC}=''{VALUE}'''}}\n",
}


@pytest.mark.parametrize("name", WRITTEN)
async def test_an_object_whose_file_says_all_of_it_need_not_be_scanned(
    leaks: Leaks, examined: Callable[..., Examined], name: str
) -> None:
    made = examined(HEAD.format(kind="ConfigMap") + WRITTEN[name])
    found = await leaks.run(made)
    assert list(await leaks.run(replace(made, as_written=True))) == list(found)


async def test_what_a_secret_encodes_is_looked_at_also_where_its_file_says_all_of_it(
    leaks: Leaks, examined: Callable[..., Examined]
) -> None:
    value = TOKEN
    for _ in range(3):  # one layer more than the scanner itself takes off
        value = base64.b64encode(value.encode()).decode()
    made = replace(examined(HEAD.format(kind="Secret") + f"data:\n  token: {value}\n"), as_written=True)
    assert [(each.path, each.line) for each in await leaks.run(made)] == [("app.yaml", 6)]


async def test_an_object_that_is_not_as_written_is_scanned(leaks: Leaks, examined: Callable[..., Examined]) -> None:
    text = HEAD.format(kind="ConfigMap") + f"data:\n  token: {TOKEN}\n"
    found = await leaks.run(examined(text, {"app.yaml": "token: put here by a generator\n"}))
    assert [(each.path, each.line) for each in found] == [("app.yaml", 6)]


async def test_a_secret_is_told_of_the_object_that_it_stands_in(
    leaks: Leaks, examined: Callable[..., Examined]
) -> None:
    one = HEAD.format(kind="ConfigMap") + f"data: {{token: {TOKEN}}}\n"
    (found,) = await leaks.run(examined(one + "---\n" + HEAD.format(kind="Service")))
    assert str(found.resource) == "ConfigMap a"


async def test_a_path_is_told_on_one_line(leaks: Leaks, examined: Callable[..., Examined]) -> None:
    files = {"a\n/gate approve": f"A={TOKEN}\n", "b\n/gate approve": b"x" * (MOST_BYTES + 1)}
    found = await leaks.run(examined("", files))
    assert [each.path for each in found] == ["a /gate approve", "b /gate approve"]
    assert not any("\n" in each.message for each in found)


async def test_a_file_that_is_too_large_is_not_scanned(leaks: Leaks, examined: Callable[..., Examined]) -> None:
    (found,) = await leaks.run(examined("", {"big.txt": b" " * MOST_BYTES + TOKEN.encode()}))
    assert found.level == "unknown"


def test_what_was_not_looked_through_is_quoted_by_no_other_check(examined: Callable[..., Examined]) -> None:
    made = examined(HEAD.format(kind="ConfigMap") + f"data: {{token: {TOKEN}}}\n", {})
    late = Finding(check="leaks", level="unknown", message="not looked through", path="envs/prod")
    said = Finding(check="policies", level="error", message=f"{TOKEN} is bad", resource=made.resources[0].id)
    (_, shown) = kept_quiet([late, said], made, Scanner())
    assert shown.message == "(secret) is bad"
    assert kept_quiet([replace(late, level="notice"), said], made, Scanner()) == [replace(late, level="notice"), said]


async def test_a_file_that_says_all_of_it_is_scanned_once(examined: Callable[..., Examined]) -> None:
    scanned: list[bytes] = []

    class Counting(Scanner):
        """A scanner that tells what it was given."""

        def scan(self, data: bytes, seconds: float) -> list[Any]:
            scanned.append(data)
            return super().scan(data, seconds)

    made = replace(examined(HEAD.format(kind="ConfigMap") + "data: {a: b}\n"), as_written=True)
    await Leaks(Counting()).run(made)
    assert len(scanned) == 1
