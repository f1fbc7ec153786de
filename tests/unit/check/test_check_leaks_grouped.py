"""Files that are looked at many at once tell what each of them tells by itself."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.check.leaks import Leaks
from bot.check.leaks.check import GROUP, MOST_BYTES
from bot.model.environment import Environment, Source
from bot.model.examined import Examined
from bot.model.identity import EnvironmentId, RepositoryId
from tests.support.trees import tree

REAL = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "repos"
TOKEN = "ghp_" + "aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW1xY2"
KEY_ID = "AKIA" + "QYLPMN5HHHFPZAM2"
OTHER = "ghp_" + "zY9xW8vU7tS6rQ5pO4nM3lK2jI1hG0fE9dC8"
PIECES = (
    TOKEN, KEY_ID, TOKEN[:20], "token: ", "password: ", "\n", " ", "plain", "-----BEGIN RSA PRIVATE KEY-----\n",
    "-----END RSA PRIVATE KEY-----\n", "MIIEpAIBAAKCAQEAwJ", "postgres://user:s3cr3tPassw0rd9@db/x", '"', "---\n",
)  # fmt: skip
LEAKS = Leaks()
ENVIRONMENT = Environment(
    id=EnvironmentId(repository=RepositoryId(forge="github", number=1, path="acme/shop"), name="prod"),
    source=Source(path="."), target="prod", apply="never",
)  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)

Told = set[tuple[str, int, int, str]]


def told(files: dict[str, str | bytes]) -> Told:
    """(path, line, column, rule) of everything that is found in the files."""
    found = LEAKS.findings(Examined(environment=ENVIRONMENT, resources=(), files=tree(files)))
    return {(each.path, each.line, each.column, each.rule) for each in found}


def one_by_one(files: dict[str, str | bytes]) -> Told:
    """The same, of each file by itself."""
    return set().union(*(told({path: data}) for path, data in files.items()))


@given(st.lists(texts, min_size=2, max_size=5))
@example([TOKEN, TOKEN])
@example(["-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAwJ", "-----END RSA PRIVATE KEY-----"])
def test_any_files_are_told_of_as_each_by_itself(contents: list[str]) -> None:
    files: dict[str, str | bytes] = {f"{number}.yaml": text for number, text in enumerate(contents)}
    assert told(files) == one_by_one(files)


@pytest.mark.parametrize("size", [GROUP - 1, GROUP, GROUP + 1, MOST_BYTES + 1])
def test_a_large_file_hides_nothing_in_its_neighbours(size: int) -> None:
    files: dict[str, str | bytes] = {
        "a.yaml": f"token: {TOKEN}\n", "b.txt": b"a b c d\n" * (size // 8) + b"x" * (size % 8), "c.yaml": OTHER + "\n"
    }  # fmt: skip
    found = {(path, line) for path, line, _, rule in told(files) if rule}
    assert found == {("a.yaml", 1), ("c.yaml", 1)}


@pytest.mark.skipif(not REAL.exists(), reason="the sample repositories (../shared/data/repos) are not here")
def test_real_repositories_are_told_of_as_each_file_by_itself() -> None:
    files: dict[str, str | bytes] = {
        str(each.relative_to(REAL)): each.read_bytes() for each in REAL.rglob("*.yaml") if each.is_file()
    }
    assert len(files) > 100
    assert told(files) == one_by_one(files)
