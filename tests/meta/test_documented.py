"""Every command, setting, key and error is described where people look for it."""

import inspect
import json
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot import errors
from bot.config import schema
from bot.settings import (
    DirectorySettings,
    GitHubSettings,
    Intervals,
    KubernetesSettings,
    ProgramSettings,
    RenderSettings,
    RepositoryRule,
    Settings,
)

ROOT = Path(__file__).parents[2]
DOCS = "\n".join(path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


MODELS = [
    Settings, GitHubSettings, DirectorySettings, KubernetesSettings, ProgramSettings, RenderSettings, RepositoryRule,
    Intervals,
]  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
def test_every_setting_is_documented(model: type[BaseModel]) -> None:
    missing = [name for name in model.model_fields if f"`{name}`" not in DOCS and f"`{name}_file`" not in DOCS]
    assert missing == []


def test_every_command_of_the_program_is_documented() -> None:
    from bot.cli.commands import app

    names = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    assert [name for name in names if f"tidegate {name}" not in DOCS] == []


def test_every_key_of_the_configuration_is_documented() -> None:
    text = json.dumps(schema())
    built = set(
        re.findall(
            r'"(version|environments|source|target|scope|apply|first_apply|drift|after|approvals|secrets|check|prefix|policies|waivers|schemas|options)"',
            text,
        )
    )
    missing = [key for key in sorted(built) if f"`{key}" not in DOCS and f".{key}`" not in DOCS]
    assert missing == []


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
