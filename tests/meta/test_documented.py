"""Every command, setting, key and error is described where people look for it."""

import inspect
import re
import tomllib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import BaseModel

from bot import errors
from bot.config import parse, schema
from bot.model.identity import RepositoryId
from bot.settings import (
    DirectorySettings,
    GitHubSettings,
    Intervals,
    KubernetesSettings,
    ProgramSettings,
    RenderSettings,
    RepositoryRule,
    Settings,
    load,
)
from tests.support.trees import tree

ROOT = Path(__file__).parents[2]
HERE = RepositoryId(forge="github", number=1, path="acme/shop")
REFERENCE = (ROOT / "docs" / "reference.md").read_text()
DOCS = "\n".join(path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


MODELS = [
    Settings, GitHubSettings, DirectorySettings, KubernetesSettings, ProgramSettings, RenderSettings, RepositoryRule,
    Intervals,
]  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
def test_every_setting_is_documented(model: type[BaseModel]) -> None:
    missing = [name for name in model.model_fields if f"`{name}`" not in DOCS and f"`{name}_file`" not in DOCS]
    assert missing == []


@pytest.mark.parametrize("model", [RenderSettings, Intervals])
def test_every_number_that_is_a_default_is_the_true_one(model: type[BaseModel]) -> None:
    numbers = {name: f.default for name, f in model.model_fields.items() if type(f.default) in (int, float)}
    assert [n for n, number in numbers.items() if not re.search(rf"`{n}` \({number:g}\b", REFERENCE)] == []


def test_every_default_in_a_table_is_the_true_one() -> None:
    rows = dict(
        re.findall(r"^\| `(?:environments\.<name>\.)?(\w+)` \|.*\| `?([^|`]*)`?[^|]* \|$", REFERENCE, re.MULTILINE)
    )
    keys = {**schema()["properties"], **schema()["$defs"]["environment"]["properties"]}
    true = {name: each["default"] for name, each in keys.items() if "default" in each}
    true |= {name: f.default for name, f in Settings.model_fields.items() if isinstance(f.default, str | int | Path)}
    assert {name: rows[name] for name in true} == {
        name: str(each).replace("False", "false") for name, each in true.items()
    }


def test_every_command_of_the_program_is_documented() -> None:
    from bot.cli.commands import app

    names = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    assert [name for name in names if f"tidegate {name}" not in DOCS] == []


def keys_of(value: object) -> set[str]:
    """Every key that a part of the schema lets a file have."""
    if isinstance(value, list):
        return {key for each in value for key in keys_of(each)}
    if not isinstance(value, dict):
        return set()
    return {*value.get("properties", {}), *(key for each in value.values() for key in keys_of(each))}


def test_every_key_of_the_configuration_is_documented_and_no_other() -> None:
    assert [key for key in sorted(keys_of(schema())) if f"`{key}`" not in DOCS and f".{key}`" not in DOCS] == []
    table = REFERENCE.partition("## `tidegate.yaml`")[2].partition("##")[0]
    named = [part for each in re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE) for part in each.split(".")]
    assert [each for each in named if each != "<name>" and each not in keys_of(schema())] == []


def test_every_verb_is_documented() -> None:
    from bot.command import VERBS

    assert [verb.name for verb in VERBS if f"\n| `/gate {verb.syntax}` | {verb.who} | " not in DOCS] == []


def test_the_error_tree_is_drawn_whole() -> None:
    classes = [name for name, each in inspect.getmembers(errors, inspect.isclass) if each.__module__ == errors.__name__]
    assert [name for name in classes if name not in (errors.__doc__ or "")] == []


def test_the_layers_are_drawn_as_they_are_kept() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    drawn = " ".join((ROOT / "docs" / "architecture.md").read_text().replace("`", "").split())
    assert " → ".join(layers[:-4]) in drawn
    assert " → ".join(layers[-4:]) in drawn


def test_the_changelog_names_the_version() -> None:
    from bot import __version__

    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_every_link_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)]+)\)", page.read_text())]
    assert [(page.name, link) for page, link in links if "://" not in link and not there(page, link)] == []


def there(page: Path, link: str) -> bool:
    """Whether a relative link's file, and the heading in it, is there."""
    path, _, heading = link.partition("#")
    file = page.parent / path if path else page
    if not file.exists() or not heading:
        return file.exists()
    titles = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
    return heading in {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in titles}


def test_the_examples_of_the_first_page_can_be_used(tmp_path: Path) -> None:
    configuration, settings = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(parse(configuration.encode(), HERE, tree({})).environments) == 2
    (tmp_path / "key.pem").write_text(rsa_key())
    (tmp_path / "secret").write_text("s" * 32)
    (tmp_path / "server.yaml").write_text(settings)
    targets = load(tmp_path / "server.yaml", {}).targets
    assert {each.path.parent for each in targets.values()} == {tmp_path}  # a folder is made where its parent is there


def rsa_key() -> str:
    """A private key as GitHub makes them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return key.private_bytes(*form).decode()
